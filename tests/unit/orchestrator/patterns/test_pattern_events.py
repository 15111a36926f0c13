"""Events and time: waiting for one, any or all signals, for a while, and telling others."""

from __future__ import annotations

import pytest

from tests.pattern_story import Task, hold, story
from tests.saga_story import HOUR, SECOND, after, cancels, done, says, the_next_timer, undone


def listen(to: str, *signals: str, **more: object) -> Task:
    """Return a wait for signals."""
    events = [{"with": {"type": signal}} for signal in signals]
    return {"listen": {"to": {to: events[0] if to == "one" else events}}, **more}


def test_given_a_wait_for_one_signal_when_it_comes_then_the_saga_goes_on() -> None:
    saga = story({"first": hold()}, {"gate": listen("one", "ready")}, {"last": hold()}).when(done("first")).sends()
    saga = saga.when(says("other")).sends()
    saga.when(says("ready", by="ann")).sends("last")


@pytest.mark.parametrize("signal", ["approve", "reject"])
def test_given_a_wait_for_any_when_the_first_has_come_then_the_others_are_ignored(signal: str) -> None:
    gate = listen("any", "approve", "reject", timeout={"after": {"hours": 1}})
    saga = story({"gate": gate}, {"last": hold()}).when(says(signal)).sends("last")
    late = "reject" if signal == "approve" else "approve"
    saga = saga.when(says(late)).sends()
    assert [event for event in saga.history if event.startswith("ignored")] == [f"ignored {late}"]
    saga.when(after(2 * HOUR)).when(done("last")).ended("COMPLETED")


def test_given_a_wait_for_all_then_it_ends_with_the_last_of_them_in_whatever_order_and_however_often() -> None:
    saga = story({"gate": listen("all", "paid", "packed", "signed")}, {"last": hold()})
    saga = saga.when(says("signed")).sends().when(says("paid")).sends().when(says("paid")).sends()
    saga.when(says("packed")).sends("last")


def test_given_a_wait_with_a_time_out_when_nothing_comes_then_the_saga_is_turned_round_for_good() -> None:
    gate = listen("any", "approve", "reject", timeout={"after": {"hours": 72}, "code": "approval_timeout"})
    saga = story({"first": hold()}, {"gate": gate}).when(done("first"))
    saga = saga.when(after(72 * HOUR - 1)).sends().when(after(1)).sends("first:undo")
    saga = saga.when(says("approve")).sends().when(undone("first")).ended("REVOKED")
    assert saga.state.code == "approval_timeout"


def test_given_approval_rejection_cancel_and_time_out_in_a_race_then_exactly_one_counts() -> None:
    gate = listen("any", "approve", "reject", timeout={"after": {"hours": 1}})
    saga = story({"gate": gate}, {"last": hold()}).when(says("reject"), says("approve"), cancels(), after(HOUR))
    assert sum(event.startswith("got ") for event in saga.history) == 1
    assert "got reject" in saga.history


def test_given_a_wait_when_its_time_has_come_then_the_saga_goes_on_and_not_before() -> None:
    saga = story({"pause": {"wait": {"seconds": 20}}}, {"last": hold()}).sends()
    saga = saga.when(after(20 * SECOND - 1)).sends()
    saga.when(after(1)).sends("last")


def test_given_a_wait_of_weeks_when_it_is_cancelled_then_it_ends_at_once() -> None:
    saga = story({"first": hold()}, {"pause": {"wait": {"days": 21}}}).when(done("first"), cancels())
    saga.sends("first:undo").when(undone("first")).ended("REVOKED")


def test_given_an_emit_then_the_event_is_told_once_with_its_data_and_the_saga_goes_on() -> None:
    emit = {"emit": {"event": {"with": {"type": "line.shipped", "data": {"line": "${ $workflow.input.line }"}}}}}
    saga = story({"tell": emit}, {"last": hold()}, data={"line": 3}).sends("last")
    [told] = saga.published
    assert (told.type, told.data) == ("line.shipped", {"line": 3})


def test_given_a_time_limit_of_the_whole_workflow_when_it_is_over_then_everything_is_undone() -> None:
    saga = story({"a": hold()}, {"b": hold()}, timeout={"after": {"seconds": 60}}).when(done("a"), after(60 * SECOND))
    saga = saga.sends("b", "b:undo").when(undone("b")).sends("a:undo").when(undone("a")).ended("REVOKED")
    assert saga.state.code == "workflow_deadline"


def test_given_a_time_limit_of_a_block_when_it_is_over_then_the_saga_is_turned_round() -> None:
    block: Task = {"do": [{"a": hold()}, {"b": hold()}], "timeout": {"after": {"seconds": 10}}}
    saga = story({"first": hold()}, {"block": block}).when(done("first")).sends("block.within/0/a")
    saga = saga.when(done("block.within/0/a"), after(10 * SECOND))
    for step in ("block.within/0/b", "block.within/0/a", "first"):
        assert saga.sent[-1] == f"{step}:undo"
        saga = saga.when(undone(step))
    saga.ended("REVOKED")


def test_given_a_default_time_out_of_30_s_when_no_reply_comes_then_another_attempt_follows() -> None:
    saga = story({"a": hold()}).when(after(30 * SECOND - 1)).sends().when(after(1)).sends()
    saga.when(the_next_timer).sends("a")
