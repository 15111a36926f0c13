"""What people ask of a saga in a state that they have seen: in any other one it is refused, and that is recorded."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from orchestrator.core.events import InputIgnored, Recorded
from orchestrator.core.inputs import Action, Cancel, Migrate, Resolve, Signal
from tests.orchestrator_world import World
from tests.saga_documents import ACT, told
from tests.saga_story import REJECTED, Moment, Story, done, fails, order, order_waiting_for, says, undo_fails

Asked = Signal | Cancel | Resolve | Migrate
ASKED: dict[str, Callable[[Story, int | None], Asked]] = {
    "approve": lambda _, expected: Signal("in_9", "approve", "ann", {}, expected),
    "cancel": lambda _, expected: Cancel("in_9", "ann", "too slow", expected),
    "retry": lambda _, expected: Resolve("in_9", Action.RETRY, None, "ann", "", expected),
    "migrate": lambda story, expected: Migrate("in_9", story.definition, "ann", expected),
}


LINE = {"sku": "85123A", "description": "a lantern", "quantity": 1}

MESSAGES: dict[str, dict[str, Any]] = {
    "saga.Signal": {"name": "approve", "data": "{}"},
    "saga.CancelSaga": {"reason": ""},
    "saga.ResolveSaga": {"action": "retry", "step": None, "reason": ""},
    "saga.MigrateSaga": {"version": 1},
}


def asks(word: str, off: int) -> Moment:
    """Ask for something in the state `off` events beside the one that the saga is in."""
    return lambda story: (ASKED[word](story, story.state.sequence + off), story.now)


def comes(one: Asked) -> Moment:
    return lambda story: (one, story.now)


def ignored(recorded: Recorded) -> InputIgnored:
    assert isinstance(recorded.event, InputIgnored)
    return recorded.event


@pytest.mark.parametrize("off", [-1, 1, -3])
@pytest.mark.parametrize("word", ASKED)
def test_what_was_meant_for_another_state_is_refused_and_changes_nothing_else(word: str, off: int) -> None:
    before = order(10_001)
    last = before.state.sequence

    (recorded,) = before.when(asks(word, off)).new

    refusal = ignored(recorded)
    reason = f"it was meant for the state after event {last + off}, and the saga is after event {last}"
    assert (refusal.reason, recorded.cause) == (reason, "in_9")
    assert (refusal.input, refusal.input_id, refusal.actor) == (word, "in_9", "ann")
    assert (refusal.expected, refusal.meant_for) == (last + off, None)
    assert (recorded.lifecycle, recorded.status) == (before.state.lifecycle, before.state.status)


def test_what_was_meant_for_this_state_is_done() -> None:
    order(10_001).when(asks("approve", 0)).then("got approve", "chose granted", "send lock-inventory")
    order(10_001).when(asks("cancel", 0)).ended("REVOKED")
    suspended = told({"a": ACT}, {"b": ACT}).when(done("a"), fails("b", REJECTED), undo_fails("a", REJECTED))
    suspended.when(asks("retry", 0)).then("retry a:undo", "send a:undo")


def test_of_two_people_who_have_seen_the_same_state_one_decides() -> None:
    waiting = order(10_001)
    seen = waiting.state.sequence

    story = waiting.when(says("reject"), lambda one: (Signal("in_8", "approve", "bob", {}, seen), one.now))

    story.ended("REVOKED")
    assert ignored(story.new[-1]).expected == seen


@pytest.mark.parametrize("named", [True, False])
def test_what_is_refused_for_another_reason_tells_too_which_state_and_step_it_was_meant_for(named: bool) -> None:
    story = told({"a": ACT})
    expected, step = (story.state.sequence, "ask") if named else (None, None)
    asked: list[Asked] = [
        Signal("in_9", "approve", "ann", {}, expected, step),
        Resolve("in_9", Action.RETRY, step, "ann", "", expected),
        Migrate("in_9", story.definition, "ann", expected),
    ]

    for one in asked:
        refusal = ignored(story.when(comes(one)).new[0])
        meant_for = None if isinstance(one, Migrate) else step
        assert (refusal.expected, refusal.meant_for) == (expected, meant_for)
    ended = story.when(done("a"))
    refusal = ignored(ended.when(lambda one: (Cancel("in_9", "ann", "late", one.state.sequence), one.now)).new[0])
    assert (refusal.expected, refusal.meant_for) == (ended.state.sequence, None)


@pytest.mark.parametrize("message", MESSAGES)
def test_the_orchestrator_refuses_every_message_that_was_meant_for_another_state(message: str) -> None:
    fields = MESSAGES[message]
    world = World()
    world.start_order("ord_a", total_minor=20_000, lines=[{**LINE, "unit_price_minor": 20_000}])
    world.settle()
    last = len(world.names("ord_a"))

    world.send(message, "ord_a", actor="ann", expected=last - 1, **fields)
    world.settle()

    assert world.names("ord_a")[last:] == ["InputIgnored"]
    assert world.statuses("ord_a")[-1]["status"] == "AWAITING_APPROVAL"


SIGNALS = {"to": {"any": [{"with": {"type": "approve"}}, {"with": {"type": "reject"}}]}}
ASK = {"listen": SIGNALS, "timeout": {"after": "PT1H"}}
CHAIN: tuple[dict[str, Any], ...] = ({"first": ASK}, {"second": dict(ASK)}, {"act": ACT})


def approves(step: str | None) -> Moment:
    return lambda story: (Signal("in_7", "approve", "ann", {}, None, step), story.now)


def test_a_decision_about_one_step_is_not_taken_by_the_next_one_when_it_comes_again() -> None:
    asked = told(*CHAIN)

    story = asked.when(approves("first"))
    story.then("got approve", "awaits approve or reject")
    again = story.when(approves("first"))
    refusal = ignored(again.new[-1])
    assert refusal.reason.endswith(" takes no approve at first")
    assert refusal.meant_for == "first"
    again.when(approves("second")).then("got approve", "send act")
    assert len(asked.when(approves(None), approves(None)).sent) == 1


def test_a_late_signal_is_of_no_step() -> None:
    story = order_waiting_for("announce-shipment")
    delivered = Signal("in_7", "delivered", "carrier", {}, None, "ship")

    assert ignored(story.when(lambda one: (delivered, one.now)).new[-1]).input == "delivered"
