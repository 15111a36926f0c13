"""Exploration of every pattern of the language: loops, races, gatherings, tries, waits, pivots, children."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest

from orchestrator.core.decide import Decision
from orchestrator.core.definition import Call, Definition
from orchestrator.core.events import ScopeEntered
from orchestrator.core.inputs import Input
from orchestrator.core.state import State
from simulator.engine import PRODUCTION
from simulator.exploration.explore import HELD, Bounds, explore
from simulator.scenario import Scenario
from tests.pattern_story import Task, definition, fork, hold, race

AFTER = {"after": hold()}
TWICE = {"each": "it", "in": "${ [1, 2] }"}
IN_TIME = {"within": {"seconds": 10}, "least": 1}
BOTH = {**IN_TIME, "least": 2}
PIVOT = {"pivot": hold(pivot=True)}
HANDLER = {"do": [{"handler": hold()}]}
LIMIT = {"timeout": {"after": {"seconds": 40}}}
OTHERS = {"with": {"type": "other"}}
OUTER = {"catch": {"do": [{"outer-handler": hold()}]}}
AGAIN = {"delay": {"seconds": 1}, "limit": {"attempt": {"count": 1}}}
CHILD = {"namespace": "sagaline", "name": "etl", "version": "1.0.0", "input": {"rows": []}}


def signals(how: str) -> Task:
    events = [{"with": {"type": "yes"}}, {"with": {"type": "sure"}}]
    return {"listen": {"to": {how: events}}, "timeout": {"after": {"hours": 1}}}


def tried(*tasks: dict[str, Task], **catch: object) -> Task:
    return {"try": list(tasks), "catch": {**HANDLER, **catch}}


PATTERNS: Mapping[str, Sequence[dict[str, Task]]] = {
    "race": [{"before": hold()}, {"race": race("a", "b")}, AFTER],
    "gathering fork": [{"some": {**fork("a", "b"), "gather": IN_TIME}}, AFTER],
    "gathering loop": [
        {"some": {"for": {**TWICE, "concurrency": 2}, "do": [{"a": hold()}], "gather": IN_TIME}},
        AFTER,
    ],
    "loop": [{"loop": {"for": TWICE, "do": [{"a": hold()}, {"b": hold()}]}}, AFTER],
    "parallel map": [{"map": {"for": {**TWICE, "concurrency": 2}, "do": [{"a": hold()}]}}, AFTER],
    "try with retry": [{"before": hold()}, {"try": tried({"a": hold()}, {"b": hold()}, retry=AGAIN)}, AFTER],
    "try in try": [
        {"outer": {"try": [{"inner": tried({"a": hold()}, errors=OTHERS)}, {"b": hold()}], **OUTER}},
        AFTER,
    ],
    "fork in try": [{"try": tried({"both": fork("a", "b")})}, AFTER],
    "race in try": [{"try": tried({"race": race("a", "b")}, {"c": hold()})}, AFTER],
    "try in fork": [{"both": fork(one=tried({"a": hold()}), two=hold())}, AFTER],
    "try with a limit": [{"try": {**tried({"a": hold()}, {"b": hold()}), **LIMIT}}, AFTER],
    "any signal": [{"before": hold()}, {"told": signals("any")}, AFTER],
    "all signals": [{"before": hold()}, {"told": signals("all")}, AFTER],
    "wait": [{"before": hold()}, {"rest": {"wait": {"seconds": 5}}}, AFTER],
    "optional": [{"before": hold()}, {"perhaps": hold(optional=True)}, AFTER],
    "pivot": [{"before": hold()}, {"pivot": hold(pivot=True)}, AFTER],
    "gathering fork past the pivot": [PIVOT, {"some": {**fork("a", "b"), "gather": BOTH}}],
    "gathering loop past the pivot": [PIVOT, {"some": {"for": TWICE, "do": [{"a": hold()}], "gather": BOTH}}],
    "retry, then a person": [{"before": hold()}, {"held": hold(error_strategy="retry")}, AFTER],
    "dead letter": [{"before": hold()}, {"held": hold(error_strategy="dead-letter")}, AFTER],
    "child": [{"before": hold()}, {"child": {"run": {"workflow": CHILD}}}, AFTER],
    "child that nobody waits for": [{"child": {"run": {"workflow": CHILD, "await": False}}}, AFTER],
}  # fmt: skip
HOLDS_FOR_A_PERSON = {
    "pivot", "gathering fork past the pivot", "gathering loop past the pivot", "retry, then a person", "dead letter",
}  # fmt: skip


@pytest.mark.parametrize("pattern", PATTERNS)
def test_every_property_holds_for_a_pattern_under_every_single_failure(pattern: str) -> None:
    compiled = definition(*PATTERNS[pattern])
    kept = {node.name for node in compiled.nodes.values() if isinstance(node, Call) and node.compensation is None}

    found = explore(Scenario(pattern, compiled, {}, {}, frozenset(kept)), Bounds(faults=1, max_states=20_000))

    assert found.broken == {}
    assert found.complete
    assert {"COMPLETED", "REVOKED"} <= found.outcomes.keys()
    assert (HELD in found.outcomes) == (pattern in HOLDS_FOR_A_PERSON)


def test_parts_that_a_person_has_run_again_keep_every_property() -> None:
    """Both branches of a race past the pivot fail, are run again, and may fail once more in every way."""
    compiled = definition(PIVOT, {"race": race("a", "b")})
    begun: set[tuple[str, int]] = set()

    def watched(of: Definition, state: State, given: Input, now: int) -> Decision:
        decision = PRODUCTION.decide(of, state, given, now)
        entered = [one.event for one in decision.events if isinstance(one.event, ScopeEntered)]
        begun.update((event.step, event.attempt) for event in entered)
        return decision

    engine = PRODUCTION._replace(decide=watched)
    found = explore(Scenario("race", compiled, {}, {}, frozenset()), Bounds(faults=2, max_states=50_000), engine)

    assert found.broken == {}
    assert found.complete
    assert ("race", 1) in begun
