"""Signals with conditions, waits in both ways to write them, events told, and the time-outs of each kind of task."""

from __future__ import annotations

from typing import Any

import pytest

from tests.language_story import Task, seen, sees
from tests.saga_documents import ACT, ASK, told
from tests.saga_story import REJECTED, SECOND, after, done, fails, says, undone

HOT = {"with": {"type": "temperature", "data": "${ .celsius > 38 }"}}
FAST = {"with": {"type": "pulse", "data": ".bpm < 60 or .bpm > 100"}}


def listen(kind: str, *filters: Any, **more: Any) -> Task:
    return {"listen": {"to": {kind: filters[0] if kind == "one" else list(filters)}}, **more}


def test_given_a_wait_for_one_then_its_result_is_a_list_with_the_data_of_the_event() -> None:
    saga = told({"w": listen("one", HOT)}, {"next": sees()}).when(says("temperature", celsius=39))
    assert seen(saga, "next") == [{"celsius": 39}]


def test_given_a_filter_on_the_data_then_only_an_event_for_which_it_holds_counts() -> None:
    saga = told({"w": listen("one", HOT)}, {"next": ASK}).when(says("temperature", celsius=37)).sends()
    saga = saga.when(says("temperature", fahrenheit=102)).sends()
    saga.when(says("temperature", celsius=39)).sends("next")


def test_given_a_filter_then_it_sees_the_saga_beside_the_event() -> None:
    mine = {"with": {"type": "paid", "data": "${ .amount == $workflow.input.amount }"}}
    saga = told({"w": listen("one", mine)}, {"next": ASK}, data={"amount": 5}).when(says("paid", amount=4)).sends()
    saga.when(says("paid", amount=5)).sends("next")


@pytest.mark.parametrize(("name", "data"), [("temperature", {"celsius": 39}), ("pulse", {"bpm": 120})])
def test_given_a_wait_for_any_then_the_first_that_matches_is_the_result(name: str, data: Any) -> None:
    saga = told({"w": listen("any", HOT, FAST)}, {"next": sees("${ [., $context.w.signal] }")})
    saga = saga.when(says("pulse", bpm=80)).sends().when(says(name, **data))
    assert seen(saga, "next") == [[data], name]


def test_given_a_wait_for_all_then_the_result_lists_them_in_the_order_in_which_they_came() -> None:
    saga = told({"w": listen("all", HOT, FAST)}, {"next": sees()})
    saga = saga.when(says("pulse", bpm=120)).sends().when(says("pulse", bpm=130)).sends()
    saga = saga.when(says("temperature", celsius=39))
    assert seen(saga, "next") == [{"bpm": 120}, {"celsius": 39}]


def test_given_a_wait_for_all_of_one_then_its_result_is_a_list_of_one() -> None:
    saga = told({"w": listen("all", HOT)}, {"next": sees()}).when(says("temperature", celsius=39))
    assert seen(saga, "next") == [{"celsius": 39}]


def test_given_an_event_that_came_before_it_was_waited_for_then_it_does_not_count() -> None:
    saga = told({"a": ASK}, {"w": listen("one", HOT)}, {"next": ASK}).when(says("temperature", celsius=39))
    saga = saga.then("ignored temperature").when(done("a")).sends()
    saga.when(says("temperature", celsius=40)).sends("next")


@pytest.mark.parametrize(
    ("written", "seconds"),
    [
        ("PT20S", 20),
        ("PT1M30S", 90),
        ("PT0.5S", 0.5),
        ("P1DT1H", 90_000),
        ({"seconds": 20}, 20),
        ({"minutes": 1, "seconds": 30}, 90),
        ({"milliseconds": 500}, 0.5),
        ({"days": 1, "hours": 1}, 90_000),
    ],
)
def test_given_a_wait_then_it_lasts_as_long_as_written_and_passes_its_input_on(written: Any, seconds: float) -> None:
    saga = told({"w": {"wait": written}}, {"next": sees()}, data={"n": 7})
    saga = saga.when(after(int(seconds * SECOND) - 1)).sends().when(after(1)).sends("next")
    assert seen(saga, "next") == {"n": 7}


def test_given_an_emit_then_its_event_is_told_with_its_data_and_the_data_goes_on() -> None:
    event = {"type": "shipped", "data": {"line": "${ .line }", "fixed": True}}
    saga = told({"e": {"emit": {"event": {"with": event}}}}, {"next": sees()}, data={"line": 3})
    [told_] = saga.published
    assert (told_.type, told_.subject, told_.data) == ("shipped", None, {"line": 3, "fixed": True})
    assert seen(saga, "next") == {"line": 3, "fixed": True}


def test_given_an_emit_with_a_subject_then_it_is_for_that_saga() -> None:
    event = {"type": "go", "subject": "${ .other }", "data": {}}
    [told_] = told({"e": {"emit": {"event": {"with": event}}}}, data={"other": "sag_b"}).published
    assert told_.subject == "sag_b"


def test_given_a_step_then_its_time_out_bounds_each_attempt_and_total_all_of_them() -> None:
    policy = {"delay": "PT1S", "limit": {"attempt": {"count": 9}}}
    saga = told({"a": {**ACT, "timeout": {"after": "PT4S", "total": "PT9S"}, "retry": policy}})
    saga = saga.when(after(4 * SECOND)).sends().when(after(SECOND)).sends("a").when(after(4 * SECOND))
    assert saga.sends("a:undo").state.code == "timeout"


def test_given_declared_time_outs_then_a_name_stands_for_one() -> None:
    use = {"timeouts": {"short": {"after": {"seconds": 2}}}}
    for task in (listen("one", HOT, timeout="short"), {"do": [{"a": ACT}], "timeout": "short"}):
        assert told({"t": task}, use=use).when(after(2 * SECOND)).state.code == "timeout"
    saga = told({"a": ACT}, {"b": ACT}, use=use, timeout="short").when(done("a"), after(2 * SECOND))
    assert saga.state.code == "workflow_deadline"


def test_given_a_child_saga_when_it_takes_too_long_then_it_is_taken_back() -> None:
    run = {"run": {"workflow": {"name": "other"}}, "timeout": {"after": "PT10S"}}
    saga = told({"c": run}).when(after(10 * SECOND))
    assert len(saga.children_undone) == 1
    saga.when(undone("c")).ended("REVOKED")


def test_given_a_child_saga_then_it_gets_its_input_and_its_version_and_its_output_goes_on() -> None:
    workflow = {"namespace": "test", "name": "child", "version": "2.3.1", "input": {"m": "${ .n }"}}
    saga = told({"c": {"run": {"workflow": workflow}}}, {"next": sees()}, data={"n": 7})
    [child] = saga.children
    assert (child.definition, child.version, child.data) == ("child", 2, {"m": 7})
    assert seen(saga.when(done("c", answer=42)), "next") == {"answer": 42}


@pytest.mark.parametrize("version", [{}, {"version": "latest"}])
def test_given_a_child_saga_of_no_version_then_it_is_the_newest(version: Any) -> None:
    [child] = told({"c": {"run": {"workflow": {"name": "child", **version}}}}).children
    assert child.version is None


def test_given_a_child_saga_that_nobody_waits_for_then_the_saga_goes_on_with_its_own_input() -> None:
    saga = told({"c": {"run": {"workflow": {"name": "child"}, "await": False}}}, {"next": sees()}, data={"n": 7})
    [child] = saga.children
    assert (child.parent, seen(saga, "next")) == (None, {"n": 7})
    saga.when(fails("next", REJECTED)).ended("REVOKED")
