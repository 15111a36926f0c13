"""The oracle reads all that an orchestrator wrote for sagas that run each other, and finds what is planted in it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.orchestrator_world import World, world_with
from tests.pattern_story import document, hold
from tests.published import evidence
from tests.scripted_participants import Reply, failure, success
from verify.evidence import Event, Log
from verify.proof import prove

PARENT, CHILD = "p", "p.child"
_RUN = {"run": {"workflow": {"namespace": "patterns", "name": "child", "input": {"n": 1}}}}
DOCUMENTS = (
    document("parent", {"before": hold()}, {"child": _RUN}, {"after": hold()}),
    document("child", {"work": hold()}),
)


def refusing(refused: str) -> Callable[[str, Mapping[str, Any]], Reply]:
    def answer(name: str, fields: Mapping[str, Any]) -> Reply:
        if fields["meta"]["step"] == refused and fields["meta"]["undoes"] is None:
            return failure(fields, "REJECTED", "no")
        return success(name, fields)

    return answer


def lived(directory: Path, refused: str = "") -> World:
    """Return a world in which a parent and its child came to their ends."""
    world = world_with(directory, *(json.dumps(one) for one in DOCUMENTS))
    world.start_saga(PARENT, "parent", {})
    world.run(refusing(refused))
    return world


@pytest.mark.parametrize(
    ("refused", "outcomes"),
    [("", {"COMPLETED": 2}), ("work", {"REVOKED": 2}), ("after", {"REVOKED": 2}), ("before", {"REVOKED": 1})],
)
def test_an_honest_log_holds(tmp_path: Path, refused: str, outcomes: Mapping[str, int]) -> None:
    report = prove(evidence(lived(tmp_path, refused)))
    assert report.findings == ()
    assert report.holds
    assert report.outcomes == outcomes


Spoil = Callable[[Mapping[str, Sequence[Event]]], Mapping[str, Sequence[Event]]]


def _child_stands(events: Mapping[str, Sequence[Event]]) -> Mapping[str, Sequence[Event]]:
    end = next(n for n, event in enumerate(events[CHILD]) if event.name == "SagaCompleted")
    return {**events, CHILD: events[CHILD][: end + 1]}


def _child_never_ran(events: Mapping[str, Sequence[Event]]) -> Mapping[str, Sequence[Event]]:
    return {PARENT: events[PARENT]}


def _child_never_completed(events: Mapping[str, Sequence[Event]]) -> Mapping[str, Sequence[Event]]:
    return {**events, CHILD: [event for event in events[CHILD] if event.name != "SagaCompleted"]}


def _nobody_ran_it(events: Mapping[str, Sequence[Event]]) -> Mapping[str, Sequence[Event]]:
    return {**events, PARENT: [event for event in events[PARENT] if event.step != "child"]}


@pytest.mark.parametrize(
    ("refused", "spoil", "says_so"),
    [
        ("after", _child_stands, "child is undone, and its saga is COMPLETED"),
        ("", _child_never_ran, "child is done, and its saga never began"),
        ("", _child_never_completed, "child is done, and its saga never completed"),
        ("", _nobody_ran_it, "child of p is said to have started it: it did not"),
    ],
)
def test_a_planted_bug_is_named_with_both_sagas(tmp_path: Path, refused: str, spoil: Spoil, says_so: str) -> None:
    honest = evidence(lived(tmp_path, refused))
    spoilt: Log = replace(honest.log, events=spoil(honest.log.events))
    report = prove(replace(honest, log=spoilt))
    found = [one for one in report.findings if one.check == "children" and one.detail == says_so]
    assert [set(one.orders) for one in found] == [{PARENT, CHILD}]


def test_a_child_that_was_asked_for_without_an_event_is_found(tmp_path: Path) -> None:
    honest = evidence(lived(tmp_path))
    commands = [*honest.log.commands, replace(honest.log.commands[-1], command_id="p:ghost:0", name="StartSaga")]
    report = prove(replace(honest, log=replace(honest.log, commands=commands)))
    assert any(one.check == "commands" and "p:ghost:0" in one.detail for one in report.findings)
