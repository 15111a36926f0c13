"""Which guarantees are refused: every wording of a contradiction, and no other request."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from architect.design import Design, Refused, design
from tests.unit.architect.asked import MICRO_TRADING, ORDER_FULFILMENT, ORDER_PROCESSING, SERVICES, texts
from tests.unit.architect.contradictions import CONTRADICTIONS
from tests.unit.architect.keepable import KEEPABLE
from tests.unit.architect.three_texts import CONSISTENT, CONTRADICTORY
from tests.unit.architect.wordings import CONFLICTS, NO_CONFLICTS

Words = str | tuple[str, str, str]
HERE = Path(__file__).parent
REFUSAL = b'{"error": "SLA conflicts with distributed consistency requirements"}'


@pytest.mark.parametrize("sla", CONFLICTS)
def test_a_contradiction_is_refused_in_whatever_words(sla: str) -> None:
    assert design(texts(sla=sla)) == Refused(REFUSAL)


@pytest.mark.parametrize("sla", NO_CONFLICTS)
def test_what_can_be_kept_is_designed(sla: str) -> None:
    assert isinstance(design(texts(sla=sla)), Design)


def asked(words: Words) -> dict[str, str]:
    """Return a request over several services with the words as its guarantees, or one of three texts."""
    workflow, scale, sla = words if isinstance(words, tuple) else (*SERVICES, words)
    return texts(workflow, scale, sla)


@pytest.mark.parametrize("words", [*CONTRADICTIONS, *CONTRADICTORY], ids=str)
def test_what_no_distributed_system_can_keep_is_refused(words: Words) -> None:
    found = design(asked(words))

    assert found == Refused(REFUSAL)


@pytest.mark.parametrize("words", [*KEEPABLE, *CONSISTENT], ids=str)
def test_what_is_only_hard_to_keep_is_designed(words: Words) -> None:
    found = design(asked(words))

    assert isinstance(found, Design), found.why


def whole_requests(name: str) -> list[tuple[str, str, str]]:
    """Return requests as strangers wrote them, three texts each."""
    return [(workflow, scale, sla) for workflow, scale, sla in json.loads((HERE / f"{name}.json").read_text())]


@pytest.mark.parametrize("words", whole_requests("refused_requests"), ids=str)
def test_a_stranger_s_contradiction_is_refused(words: tuple[str, str, str]) -> None:
    assert design(texts(*words)) == Refused(REFUSAL)


@pytest.mark.parametrize("words", whole_requests("designed_requests"), ids=str)
def test_a_stranger_s_request_that_can_be_kept_is_designed(words: tuple[str, str, str]) -> None:
    found = design(texts(*words))

    assert isinstance(found, Design), found.why


@pytest.mark.parametrize(
    ("sla", "rule"),
    [
        ("linearizable in all regions, 100% uptime", "strong consistency against full availability"),
        ("linearizable in all regions, no added latency", "strong consistency against zero or near-zero latency"),
        (
            "ACID across all services without any locks",
            "strong consistency against no waiting, locking or coordination",
        ),
        (
            "the saga over payment and stock ends within 1 us",
            "a process over several services against zero or near-zero",
        ),
        ("no event is lost; acks=0", "no loss against acknowledgement before the data is safe"),
        ("RPO 0 between two sites, replicated asynchronously", "no loss against asynchronous replication"),
        ("nothing is lost when the broker dies; replication factor 1", "no loss against a single copy"),
        ("RPO 0 and RTO 0 when a region fails", "no loss against recovery without any time"),
        (
            "every site confirms each write; the loss of a site must not stop writes",
            "every copy confirms every write against full availability",
        ),
        ("nodes agree within 5 ms no matter how many fail", "agreement of all nodes against any number of faults"),
        ("all three of CAP", "consistency, availability and partition tolerance together against"),
    ],
)
def test_a_refusal_names_the_two_demands_that_clash_and_why(sla: str, rule: str) -> None:
    found = design(asked(sla))

    assert isinstance(found, Refused)
    assert found.rule.startswith(rule)
    assert all(kind in found.why for kind in found.rule.split(" against "))
    assert "\n" not in found.why


def test_the_contradiction_may_be_spread_over_the_fields() -> None:
    spread = {
        "business_workflow": "Execute trades in three regions, settle, notify",
        "event_sources": "market data feed; strong consistency between all regions",
        "constraints_and_slas": "zero latency",
    }

    assert design(spread) == Refused(REFUSAL)


def test_micro_trading_is_refused_and_the_order_processes_are_not() -> None:
    assert design(MICRO_TRADING) == Refused(REFUSAL)
    assert isinstance(design(ORDER_FULFILMENT), Design)
    assert isinstance(design(ORDER_PROCESSING), Design)


def test_throughput_alone_is_never_refused() -> None:
    assert isinstance(design({**MICRO_TRADING, "durability_and_latency_sla": "1,000,000 TPS sustained"}), Design)


@pytest.mark.parametrize(
    "third", [{"transition_latency": "1 ms"}, {"availability": 100}, {"available_under_partition": True}]
)
def test_structured_fields_contradict_each_other_too(third: dict[str, object]) -> None:
    given = {"steps": ["trade"], "regions": ["eu-west-1", "us-east-1"], "consistency": "strong", **third}

    assert design(given) == Refused(REFUSAL)


def test_structured_fields_are_judged_by_the_rules_for_texts() -> None:
    partition = {"steps": ["trade"], "consistency": "strong", "available_under_partition": True}
    no_time = {"steps": ["payment", "shipping"], "max_saga_duration": "100 us"}

    assert design(partition) == Refused(REFUSAL)
    assert design(no_time) == Refused(REFUSAL)
    assert isinstance(design({**partition, "consistency": "eventual"}), Design)
    assert isinstance(design({**no_time, "steps": ["payment"]}), Design)


@pytest.mark.parametrize(
    "change",
    [{"regions": ["eu-west-1"]}, {"consistency": "eventual"}, {"consistency_scope": "region"}, {"availability": 99.99}],
    ids=str,
)
def test_structured_fields_that_can_be_kept_are_designed(change: dict[str, object]) -> None:
    given = {
        "steps": ["trade"],
        "regions": ["eu-west-1", "us-east-1"],
        "consistency": "strong",
        "availability": 100,
        **change,
    }

    assert isinstance(design(given), Design)
