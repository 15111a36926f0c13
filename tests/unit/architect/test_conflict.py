"""Which guarantees are refused: every wording of a contradiction, and no other request."""

from __future__ import annotations

import pytest

from architect.design import Design, Refused, design
from tests.unit.architect.asked import MICRO_TRADING, ORDER_FULFILMENT, ORDER_PROCESSING, texts
from tests.unit.architect.wordings import CONFLICTS, NO_CONFLICTS

REFUSAL = b'{"error": "SLA conflicts with distributed consistency requirements"}'


@pytest.mark.parametrize("sla", CONFLICTS)
def test_a_contradiction_is_refused_in_whatever_words(sla: str) -> None:
    assert design(texts(sla=sla)) == Refused(REFUSAL)


@pytest.mark.parametrize("sla", NO_CONFLICTS)
def test_what_can_be_kept_is_designed(sla: str) -> None:
    assert isinstance(design(texts(sla=sla)), Design)


def test_the_contradiction_may_be_spread_over_the_fields() -> None:
    asked = {
        "business_workflow": "Execute trades in three regions, settle, notify",
        "event_sources": "market data feed; strong consistency between all regions",
        "constraints_and_slas": "zero latency",
    }

    assert design(asked) == Refused(REFUSAL)


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
    asked = {"steps": ["trade"], "regions": ["eu-west-1", "us-east-1"], "consistency": "strong", **third}

    assert design(asked) == Refused(REFUSAL)


@pytest.mark.parametrize(
    "change",
    [{"regions": ["eu-west-1"]}, {"consistency": "eventual"}, {"consistency_scope": "region"}, {"availability": 99.99}],
    ids=str,
)
def test_structured_fields_that_can_be_kept_are_designed(change: dict[str, object]) -> None:
    asked = {
        "steps": ["trade"],
        "regions": ["eu-west-1", "us-east-1"],
        "consistency": "strong",
        "availability": 100,
        **change,
    }

    assert isinstance(design(asked), Design)
