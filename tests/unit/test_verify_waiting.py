"""A saga that waits within its time is told of and is no finding; one that waits past it, or for no reason, is one."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from schemas.cloudevents import rfc3339
from tests.orchestrator_world import World, world_with
from tests.pattern_story import document, hold
from tests.published import evidence
from tests.saga_story import HOUR, NOON, order_data
from tests.scripted_participants import Reply, failure, success
from verify.evidence import Event, Evidence, Log
from verify.proof import prove
from verify.render import json_of, print_report
from verify.report import Report
from verify.waiting import OVERDUE_MS

Answer = Callable[[str, Mapping[str, Any]], Reply | None]

ASKS = {"listen": {"to": {"one": {"with": {"type": "go"}}}}}
BOTH = {"listen": {"to": {"all": [{"with": {"type": "left"}}, {"with": {"type": "right"}}]}}}
SLEEPS = {"wait": {"hours": 3}}
HELD = hold(error_strategy="dead-letter")


def asks(hours: int) -> dict[str, Any]:
    return {**ASKS, "timeout": {"after": {"hours": hours}}}


def beside(**branches: Any) -> dict[str, Any]:
    return {"both": {"fork": {"branches": [{name: task} for name, task in branches.items()]}}}


def read_at(world: World, at_ms: int | None = None) -> Evidence:
    """Return the evidence as somebody sees it who reads at that time."""
    return replace(evidence(world), read_at_ms=world.now if at_ms is None else at_ms)


def lived(directory: Path, *tasks: dict[str, Any], answer: Answer = success, **top: Any) -> World:
    """Return a world with a saga of these tasks, come as far as it comes by itself."""
    world = world_with(directory, json.dumps(document("waits", *tasks, **top)))
    world.start_saga("sag_a", "waits", {})
    world.run(answer)
    return world


def told(report: Report) -> list[tuple[str, str, str, str | None]]:
    """Return what is said of what waits, and nothing but that is said."""
    assert (report.findings, report.holds) == ((), True)
    assert report.outcomes == {"WAITING": len(report.waiting)}
    return [(one.kind, one.step, one.what, one.until) for waiting in report.waiting for one in waiting.waits]


def complaints(report: Report) -> list[str]:
    assert (report.holds, report.waiting) == (False, ())
    assert report.outcomes == {"UNFINISHED": 1}
    return [one.detail for one in report.findings if one.check == "outcome"]


def silent(_name: str, _fields: Mapping[str, Any]) -> None:
    """A participant that does not answer."""


def refusing(_name: str, fields: Mapping[str, Any]) -> Reply:
    return failure(fields, "REJECTED", "no")


def waiting_order() -> World:
    world = World()
    world.start_order(**order_data(20_000))
    world.run()
    world.later(1)
    return world


UNTIL = NOON + 72 * HOUR


def test_an_order_that_waits_for_an_approval_is_listed_and_is_no_finding() -> None:
    report = prove(read_at(waiting_order()))
    assert told(report) == [("signal", "approval", "approve or reject", rfc3339(UNTIL))]


def test_it_is_shown_to_people_and_to_programs() -> None:
    report = prove(read_at(waiting_order()))
    shown = io.StringIO()
    print_report(report, Console(file=shown, width=200))
    until = rfc3339(UNTIL)
    line = f"ord_a: approval waits for approve or reject, until {until}"
    assert f"Waiting within their time:\n  {line}\n" in shown.getvalue()
    assert "The books hold: 1 sagas (1 of them waiting), " in shown.getvalue()
    wait = {"kind": "signal", "step": "approval", "what": "approve or reject", "until": until}
    assert json.loads(json_of(report))["waiting"] == [{"saga_id": "ord_a", "waits": [wait]}]


def test_where_every_saga_must_end_it_is_a_finding_that_says_what_it_waits_for() -> None:
    [detail] = complaints(prove(read_at(waiting_order()), must_end=True))
    assert detail == (
        "no terminal outcome: validated/AWAITING_APPROVAL after SignalAwaited approval; "
        f"approval waits for approve or reject until {rfc3339(UNTIL)}"
    )


def test_a_wait_is_overdue_once_its_time_and_the_margin_have_passed() -> None:
    world = waiting_order()
    assert len(told(prove(read_at(world, UNTIL + OVERDUE_MS - 1)))) == 1
    [detail] = complaints(prove(read_at(world, UNTIL + OVERDUE_MS)))
    assert detail.endswith(f"approval waits for approve or reject until {rfc3339(UNTIL)}, which is past")


def test_an_approval_that_nobody_took_up_is_found() -> None:
    world = waiting_order()
    sent = world.send("saga.Signal", "ord_a", name="approve", actor="ann", data="{}", expected=None, step=None)
    [detail] = complaints(prove(read_at(world)))
    assert detail.endswith(f"the signal approve at saga.inputs/{sent.partition}@{sent.offset} was not taken up")


@pytest.mark.parametrize(
    "request_",
    [
        ("saga.CancelSaga", {"actor": "ann", "reason": ""}, "cancellation"),
        ("saga.ResolveSaga", {"action": "RETRY", "step": None, "actor": "ann", "reason": ""}, "decision"),
    ],
    ids=lambda one: one[2],
)
def test_so_is_another_thing_that_it_was_told(request_: tuple[str, dict[str, Any], str]) -> None:
    name, fields, called = request_
    world = waiting_order()
    world.send(name, "ord_a", **fields, expected=None)
    [detail] = complaints(prove(read_at(world)))
    assert f"the {called} at saga.inputs/" in detail


def test_what_was_heard_and_refused_leaves_it_waiting() -> None:
    world = waiting_order()
    world.send("saga.Signal", "ord_a", name="delivered", actor="ann", data="{}", expected=None, step=None)
    world.later(1)
    world.send("saga.Signal", "ord_a", name="approve", actor="ann", data="{}", expected=1, step=None)
    world.settle()
    assert [name for name in world.names() if name == "InputIgnored"] == ["InputIgnored"] * 2
    assert len(told(prove(read_at(world)))) == 1


def test_a_timer_is_waited_for_until_it_is_due(tmp_path: Path) -> None:
    world = lived(tmp_path, {"sleep": SLEEPS})
    assert told(prove(read_at(world))) == [("timer", "sleep", "its time", rfc3339(NOON + 3 * HOUR))]
    [detail] = complaints(prove(read_at(world, NOON + 4 * HOUR)))
    assert detail.endswith("which is past")


@pytest.mark.parametrize(
    "parts",
    [{"work": hold()}, {"done": hold(), "work": hold()}],
    ids=["nothing to undo", "what was done is undone"],
)
def test_a_part_is_waited_for_that_will_be_tried_again(tmp_path: Path, parts: dict[str, Any]) -> None:
    retry = {"limit": {"attempt": {"count": 1}}, "delay": {"hours": 5}}
    task = {"try": [{name: task} for name, task in parts.items()], "catch": {"retry": retry}}

    def refuses_the_work(name: str, fields: Mapping[str, Any]) -> Reply:
        return (refusing if fields["meta"]["step"].endswith("work") else success)(name, fields)

    world = lived(tmp_path, {"part": task}, answer=refuses_the_work)
    assert told(prove(read_at(world))) == [("timer", "part", "the time of its next attempt", rfc3339(NOON + 5 * HOUR))]
    assert complaints(prove(read_at(world, NOON + 6 * HOUR)))


def test_a_step_that_its_participant_will_be_asked_for_again_waits_for_that_participant(tmp_path: Path) -> None:
    later = hold(retry={"limit": {"attempt": {"count": 1}}, "delay": {"hours": 5}})

    def fails_once(_name: str, fields: Mapping[str, Any]) -> Reply:
        return failure(fields, "TRANSIENT", "not now")

    [detail] = complaints(prove(read_at(lived(tmp_path, {"work": later}, answer=fails_once))))
    assert "waits for" not in detail


def test_a_signal_that_no_time_bounds_is_waited_for(tmp_path: Path) -> None:
    world = lived(tmp_path, {"ask": ASKS})
    assert told(prove(read_at(world, NOON + 9_999 * HOUR))) == [("signal", "ask", "go", None)]


def guarded(task: dict[str, Any], hours: int) -> dict[str, Any]:
    return {"try": [{"ask": task}], "timeout": {"after": {"hours": hours}}, "catch": {"do": [{"c": hold()}]}}


@pytest.mark.parametrize(
    ("tasks", "top", "hours"),
    [
        (({"ask": ASKS},), {"timeout": {"after": {"hours": 2}}}, 2),
        (({"ask": asks(1)},), {"timeout": {"after": {"hours": 2}}}, 1),
        (({"first": hold(pivot=True)}, {"ask": asks(5)}), {"timeout": {"after": {"hours": 2}}}, 5),
        (({"part": guarded(asks(9), 4)},), {}, 4),
    ],
    ids=["that of the saga", "its own", "past the pivot", "that of the part"],
)
def test_the_time_of_a_wait_is_the_nearest_of_those_that_bound_it(
    tmp_path: Path, tasks: tuple[dict[str, Any], ...], top: dict[str, Any], hours: int
) -> None:
    [(_, _, _, until)] = told(prove(read_at(lived(tmp_path, *tasks, **top))))
    assert until == rfc3339(NOON + hours * HOUR)


def test_of_several_signals_those_that_have_not_come_are_named(tmp_path: Path) -> None:
    world = lived(tmp_path, {"ask": BOTH})
    assert told(prove(read_at(world))) == [("signal", "ask", "left and right", None)]
    world.send("saga.Signal", "sag_a", name="left", actor="ann", data="{}", expected=None, step=None)
    world.settle()
    assert told(prove(read_at(world))) == [("signal", "ask", "right", None)]


def test_several_waits_of_one_saga_are_all_told(tmp_path: Path) -> None:
    kinds = [wait[:3] for wait in told(prove(read_at(lived(tmp_path, beside(ask=ASKS, sleep=SLEEPS)))))]
    assert kinds == [("signal", "ask", "go"), ("timer", "sleep", "its time")]


def test_one_of_several_that_is_overdue_is_enough(tmp_path: Path) -> None:
    world = lived(tmp_path, beside(ask=ASKS, sleep=SLEEPS))
    [detail] = complaints(prove(read_at(world, NOON + 4 * HOUR)))
    assert "ask waits for go for as long as it takes; sleep waits for its time until" in detail


def test_a_saga_that_waits_for_a_participant_beside_a_person_is_unfinished(tmp_path: Path) -> None:
    [detail] = complaints(prove(read_at(lived(tmp_path, beside(ask=ASKS, work=hold()), answer=silent))))
    assert "waits for" not in detail


def test_a_step_that_is_held_beside_a_signal_waits_for_a_person(tmp_path: Path) -> None:
    world = lived(tmp_path, beside(ask=ASKS, work=HELD), answer=refusing)
    assert [wait[:2] for wait in told(prove(read_at(world)))] == [("signal", "ask"), ("person", "work")]


def test_a_saga_that_waits_for_nothing_at_all_is_lost(tmp_path: Path) -> None:
    world = lived(tmp_path, {"sleep": SLEEPS}, {"after": ASKS})
    world.later(3 * HOUR)
    spoilt = _without(read_at(world), "SignalAwaited")
    assert complaints(prove(spoilt)) == ["no terminal outcome: running/RUNNING after StepCompleted sleep"]


def test_a_part_in_which_nothing_goes_on_is_lost_whatever_waits_beside_it(tmp_path: Path) -> None:
    part = {"try": [{"ask": ASKS}], "catch": {"do": [{"work": hold()}]}}
    world = lived(tmp_path, beside(sleep=SLEEPS, part=part))
    assert len(told(prove(read_at(world)))) == 2
    assert complaints(prove(_without(read_at(world), "SignalAwaited")))


def test_a_saga_that_turned_round_does_not_wait(tmp_path: Path) -> None:
    world = lived(tmp_path, {"work": hold()}, {"ask": ASKS})
    world.send("saga.CancelSaga", "sag_a", actor="ann", reason="", expected=None)
    world.settle()
    [detail] = complaints(prove(read_at(world)))
    assert "waits for" not in detail


def _without(evidence: Evidence, name: str) -> Evidence:
    """Return the evidence without one kind of event."""

    def left(events: list[Event]) -> list[Event]:
        kept = [event for event in events if event.name != name]
        return [replace(event, sequence=number) for number, event in enumerate(kept, 1)]

    log: Log = evidence.log
    return replace(evidence, log=replace(log, events={one: left(list(events)) for one, events in log.events.items()}))


RUNS = {"run": {"workflow": {"namespace": "patterns", "name": "child", "input": {}}}}


def family(directory: Path, child: dict[str, Any], answer: Answer = success) -> World:
    texts = (document("parent", {"child": RUNS}), document("child", child))
    world = world_with(directory, *(json.dumps(one) for one in texts))
    world.start_saga("p", "parent", {})
    world.run(answer)
    return world


def test_a_saga_waits_with_the_one_that_it_runs(tmp_path: Path) -> None:
    report = prove(read_at(family(tmp_path, {"ask": asks(2)})))
    found = {one.saga_id: one.waits[0] for one in report.waiting}
    assert told(report)
    assert (found["p"].kind, found["p"].what, found["p.child"].what) == ("saga", "saga p.child", "go")


def test_a_saga_whose_child_works_is_unfinished_like_it(tmp_path: Path) -> None:
    report = prove(read_at(family(tmp_path, {"work": hold()}, silent)))
    assert (report.outcomes, report.waiting) == ({"UNFINISHED": 2}, ())


def test_a_saga_whose_child_is_overdue_is_a_finding_by_the_child(tmp_path: Path) -> None:
    report = prove(read_at(family(tmp_path, {"ask": asks(2)}), NOON + 3 * HOUR))
    assert [one.orders for one in report.findings if one.check == "outcome"] == [("p.child",)]
