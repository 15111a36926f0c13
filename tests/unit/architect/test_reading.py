"""What is taken as input: three forms, each checked, and no clause of a text lost."""

from __future__ import annotations

import unicodedata

import pytest

from architect.design import Refused, design
from architect.faults import BadRequirements
from tests.unit.architect.asked import (
    MICRO_TRADING,
    ORDER_FULFILMENT,
    ORDER_PROCESSING,
    designed,
    facts,
    section,
    texts,
)


@pytest.mark.parametrize("asked", [ORDER_FULFILMENT, ORDER_PROCESSING], ids=["workflow", "business"])
@pytest.mark.parametrize("how", ["missing", "empty", "null"])
def test_each_of_the_three_texts_is_required(asked: dict[str, str], how: str) -> None:
    for name in asked:
        given: dict[str, object] = {key: text for key, text in asked.items() if key != name}
        if how != "missing":
            given[name] = " \n" if how == "empty" else None

        with pytest.raises(BadRequirements) as fault:
            design(given)

        assert fault.value.field == name


@pytest.mark.parametrize(
    ("document", "field"),
    [
        (None, "requirements"),
        ([], "requirements"),
        ({}, "requirements"),
        ({**ORDER_FULFILMENT, "event_sources": "REST"}, "event_sources"),
        ({**ORDER_FULFILMENT, "steps": ["payment"]}, "steps"),
        ({**ORDER_FULFILMENT, "colour": "blue"}, "colour"),
        ({**ORDER_FULFILMENT, "scale_and_throughput": 500}, "scale_and_throughput"),
        ({**ORDER_FULFILMENT, "scale_and_throughput": "x" * 10_001}, "scale_and_throughput"),
        ({"steps": []}, "steps"),
        ({"steps": "payment"}, "steps"),
        ({"steps": [7]}, "steps[0]"),
        ({"steps": [{"effect": "x"}]}, "steps[0].name"),
        ({"steps": ["a", "a"]}, "steps[1].name"),
        ({"steps": [{"name": "a", "kind": "magic"}]}, "steps[0].kind"),
        ({"steps": [{"name": "a", "compensation": "none"}]}, "steps[0].compensation"),
        ({"steps": [{"name": "a", "compensation": {"none": ""}}]}, "steps[0].compensation"),
        ({"steps": [{"name": "a", "after": ["b"]}, "b"]}, "steps[0].after"),
        ({"steps": [{"name": "a", "time_limit": 5}]}, "steps[0].time_limit"),
        ({"steps": [{"name": "a", "recipients": 0}]}, "steps[0].recipients"),
        ({"steps": [{"name": "a", "colour": "blue"}]}, "steps[0].colour"),
        ({"steps": ["a"], "rto": 5}, "rto"),
        ({"steps": ["a"], "rto": "soon"}, "rto"),
        ({"steps": ["a"], "rto": "5 KB"}, "rto"),
        ({"steps": ["a"], "events_per_second": 0}, "events_per_second"),
        ({"steps": ["a"], "events_per_second": float("nan")}, "events_per_second"),
        ({"steps": ["a"], "availability": 101}, "availability"),
        ({"steps": ["a"], "consistency": "very"}, "consistency"),
        ({"steps": ["a"], "regions": [1]}, "regions"),
        ({"steps": ["a"], "available_under_partition": "yes"}, "available_under_partition"),
        ({"steps": ["a"], "colour": "blue"}, "colour"),
    ],
)
def test_a_fault_names_its_field(document: object, field: str) -> None:
    with pytest.raises(BadRequirements) as fault:
        design(document)

    assert fault.value.field == field
    assert fault.value.remedy


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("orchestrator", "temporal"),
        ("orchestrator", "step-functions"),
        ("orchestrator", "airflow"),
        ("state_persistence", "database"),
        ("state_persistence", "workflow-engine"),
    ],
)
def test_other_orchestrators_and_stores_are_refused_by_name(option: str, value: str) -> None:
    for asked in ({"steps": ["a"]}, ORDER_FULFILMENT):
        with pytest.raises(BadRequirements, match=f"{value} is known and not supported"):
            design({**asked, option: value})


def test_the_orchestrator_and_the_store_that_are_built_are_taken_and_unknown_ones_are_not() -> None:
    assert designed({**ORDER_FULFILMENT, "orchestrator": "custom", "state_persistence": "event-log"}) == designed(
        ORDER_FULFILMENT
    )
    with pytest.raises(BadRequirements, match="unknown"):
        design({**ORDER_FULFILMENT, "orchestrator": "abacus"})


@pytest.mark.parametrize(
    "words",
    [
        "Zahlung, Lager und Versand; kein Auftrag darf verloren gehen",
        "\u6ce8\u6587\u51e6\u7406\u3001\u6c7a\u6e08",
        "\u0417\u0430\u043a\u0430\u0437\u044b \U0001f69a",
        "a\x00b\x07c\x1b[31m\u202e",
        "\ud7a3",
        "?!.,;:",
        " " * 9_999 + "x",
        "strong consistency " * 500,
        "no " * 3_000,
    ],
)
def test_odd_texts_get_a_design_that_names_what_was_not_read(words: str) -> None:
    asked = {"workflow_requirements": words, "scale_and_throughput": words, "durability_and_latency_sla": words}
    markdown = designed(asked)

    assert not any(unicodedata.category(letter) == "Cc" for letter in markdown if letter != "\n")
    assert section(markdown, "Open points")


@pytest.mark.parametrize("words", ["\x00\x07", "\u200b\u00a0\n", "\t"])
def test_a_text_of_nothing_that_can_be_read_counts_as_empty(words: str) -> None:
    with pytest.raises(BadRequirements, match="workflow_requirements: is missing or empty"):
        design({**ORDER_FULFILMENT, "workflow_requirements": words})


def test_what_is_not_understood_is_an_open_point_in_its_own_words() -> None:
    asked = texts(sla="RTO < 5 s, the moon must be full, blue widgets on Tuesdays")

    assert facts(asked)["unread"] == ["the moon must be full", "blue widgets on Tuesdays"]
    assert any("“the moon must be full”" in line for line in section(designed(asked), "Open points"))


def test_a_demand_that_is_denied_binds_nothing() -> None:
    asked = texts("create account", sla="no compensation needed, no retries without a limit")
    answers = {one["words"][0]: one["answer"] for one in facts(asked)["constraints"]}

    assert answers["no compensation needed"] == "no constraint"
    assert facts(asked)["pattern"] == "State Machine"
    assert facts(texts("create account", sla="strict compensation"))["pattern"] == "Saga Pattern"


def test_a_figure_that_binds_nothing_is_an_open_point_though_its_clause_is_understood() -> None:
    lines = section(designed(texts(sla="refunds are paid out on 30 days")), "Open points")

    assert any("A figure in “refunds are paid out on 30 days” is not read" in line for line in lines)


@pytest.mark.parametrize(
    ("sla", "words", "reading"),
    [
        ("RTO < 5 s", "RTO < 5 s", "work goes on at most 5 s after a failure"),
        ("recovers within 30 seconds", "recovers within 30 seconds", "work goes on at most 30 s after a failure"),
        ("max 200ms per step transition", "max 200ms per step transition", "at most 200 ms for one transition"),
        ("payment must complete within 5 seconds", "payment must", "step payment is decided within 5 s"),
        ("max payload 100KB", "max payload 100KB", "at most 100 kB between steps"),
        ("99.99 % availability", "99.99 % availability", "available 99.99 % of the time"),
        ("$200 per month", "$200 per month", "a budget of 200 USD per month"),
        ("whole workflow done within 2 minutes", "whole workflow", "a saga ends within 2 min"),
        ("an order takes 4 minutes on average", "4 minutes", "a saga lasts 4 min on average"),
        ("audit trail for 7 years", "audit trail", "kept for 2,555 days"),
        ("must finish within 2 hours", "must finish", "a saga ends within 2 h"),
        ("RPO 0", "RPO 0", "no committed transition may be lost"),
        ("at most 5 retries", "at most 5 retries", "5 retries after the first attempt"),
        ("10,000 in flight", "10,000 in flight", "10,000 sagas in flight at once"),
    ],
)
def test_a_figure_binds_what_its_clause_is_about(sla: str, words: str, reading: str) -> None:
    (line,) = [line for line in section(designed(texts(sla=sla)), "Statements of the input") if words in line]

    assert reading in line


def test_s3_and_sns_are_named_as_unsupported_triggers_and_rest_and_kafka_as_supported() -> None:
    asked = {**ORDER_PROCESSING, "event_sources": "REST API, Kafka topic, S3 bucket, SNS topic"}
    lines = section(designed(asked), "Triggers and systems outside")

    for name in ("S3", "SNS"):
        assert any(line.startswith(f"- Trigger **{name}**") and "**unsupported**" in line for line in lines)
    for name in ("REST", "Kafka topic"):
        assert any(line.startswith(f"- Trigger **{name}**") and "unsupported" not in line for line in lines)


def test_a_refusal_comes_before_everything_but_a_fault() -> None:
    assert isinstance(design(MICRO_TRADING), Refused)
    with pytest.raises(BadRequirements):
        design({**MICRO_TRADING, "orchestrator": "temporal"})
