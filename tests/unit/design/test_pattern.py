"""The pattern that a design names, and designs of what the order process does not have."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from cli.definition_files import compile_document
from orchestrator.definitions.outline import outline
from orchestrator.definitions.validation import validate
from orchestrator.design.analysis import Design, analyse
from orchestrator.design.diagram import diagram_text
from orchestrator.design.explanation import explanation
from orchestrator.design.options import Options
from orchestrator.design.report import sections
from tests.saga_documents import ACT, ASK, document
from tests.saga_histories import documents

QUOTE = {"for": {"in": "[1, 2, 3]", "concurrency": 3}, "gather": {"within": {"seconds": 2}}, "do": [{"ask": ASK}]}
WAIT = {"listen": {"to": {"any": [{"with": {"type": "go"}}]}}, "timeout": {"after": {"hours": 1}}}


def design(*tasks: dict[str, Any], **top: Any) -> Design:
    written = document(*tasks, **top)
    return analyse(written, outline(written), compile_document(written))


@pytest.mark.parametrize(
    ("tasks", "name"),
    [
        ([{"reserve": ACT}, {"charge": ACT}], "Saga (orchestrated)"),
        ([{"quotes": QUOTE}], "Scatter-Gather"),
        ([{"gate": WAIT}, {"done": {"set": {"is": "done"}}}], "State machine"),
    ],
)
def test_three_shapes_give_three_patterns(tasks: list[dict[str, Any]], name: str) -> None:
    found = design(*tasks).pattern

    assert found.name == name
    assert found.reason
    assert len(found.others) == 2
    assert not any(other.startswith(name) for other in found.others)


def test_the_states_of_what_is_inside_a_loop_are_found() -> None:
    step = {**ACT, "status": {"lifecycle": "packing"}}
    found = design({"each": {"for": {"in": "[1]"}, "do": [{"pack": step}]}}, {"last": {"set": {"is": "last"}}})

    assert found.lifecycle.states == ("running", "packing", "completed", "revoked")
    assert [(edge.source, edge.target) for edge in found.lifecycle.transitions] == [
        ("running", "packing"),
        ("running", "completed"),
        ("packing", "completed"),
        ("running", "revoked"),
        ("packing", "revoked"),
    ]


def test_nothing_is_taken_back_behind_a_pivot() -> None:
    pay = {**ACT, "pivot": True, "status": {"lifecycle": "paid"}}
    found = design({"reserve": ACT}, {"pay": pay}, {"tell": ACT})

    assert [(edge.source, edge.target) for edge in found.lifecycle.transitions if edge.kind == "revoke"] == [
        ("running", "revoked")
    ]
    told = {step.name: [case.treatment for case in step.cases if case.cause == "refused"] for step in found.steps}
    assert told == {"reserve": ["compensation"], "pay": ["compensation"], "tell": ["dead-letter"]}


def test_a_failure_inside_of_a_try_is_answered_by_the_try_and_that_of_its_handler_is_not() -> None:
    caught = {"try": [{"inner": ACT}], "catch": {"do": [{"handler": ACT}]}}
    found = design({"attempt": caught})

    told = {step.name: [case.effect for case in step.cases if case.cause == "refused"] for step in found.steps}
    assert "then attempt goes on" in told["inner"][0]
    assert "attempt" not in told["handler"][0]


@pytest.mark.parametrize(
    ("strategy", "cause", "treatment"),
    [
        ("retry-then-compensate", "every attempt failed", "compensation"),
        ("retry", "every attempt failed", "dead-letter"),
        ("compensate", "fails for now, or no reply within 30 s", "compensation"),
        ("dead-letter", "fails for now, or no reply within 30 s", "dead-letter"),
    ],
)
def test_the_error_strategy_decides_what_answers_a_failure(strategy: str, cause: str, treatment: str) -> None:
    (step,) = design({"act": {**ACT, "error_strategy": strategy}}).steps

    assert [case.treatment for case in step.cases if case.cause == cause] == [treatment]


def test_a_race_is_parallel_until_the_first_branch_wins() -> None:
    found = design({"both": {"fork": {"compete": True, "branches": [{"a": ACT}, {"b": ACT}]}}})

    assert [(one.branches, one.until) for one in found.parallel] == [
        (("a", "b"), "the first to end wins, the others are undone")
    ]


def test_a_child_saga_is_a_rollback_path_of_its_own() -> None:
    found = design({"tell": {"run": {"workflow": {"name": "notify-customer"}}}})

    assert [path.participant for path in found.rollbacks] == ["saga notify-customer"]
    assert found.steps[0].undo == "undoing notify-customer"


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(documents())
def test_whatever_compiles_can_be_designed_and_is_valid(written: dict[str, Any]) -> None:
    found = analyse(written, outline(written), compile_document(written))

    assert diagram_text(found).count("-->") == len(found.lifecycle.transitions)
    assert list(explanation(found))
    assert list(sections(found, Options()))
    assert [one.line("random") for one in validate(json.dumps(written), compile_document, {}).errors] == []
