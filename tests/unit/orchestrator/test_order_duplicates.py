"""Replies that come again, late or for an older command change nothing; each result counts once."""

from __future__ import annotations

import pytest

from orchestrator.core.events import FailureKind
from orchestrator.core.inputs import Start
from tests.saga_story import (
    NOON,
    REJECTED,
    RESULTS,
    TRANSIENT,
    UNAVAILABLE,
    UNKNOWN,
    after,
    again,
    done,
    fails,
    order,
    order_waiting_for,
    the_next_timer,
    undo_fails,
    undone,
)


@pytest.mark.parametrize("step", RESULTS)
def test_a_result_that_comes_ten_times_counts_once(step: str) -> None:
    steps = list(RESULTS)
    story = order().when(*(done(earlier) for earlier in steps[: steps.index(step) + 1]))

    story.when(*again(done(step))).then_nothing()


@pytest.mark.parametrize("kind", [REJECTED, TRANSIENT, UNKNOWN, UNAVAILABLE])
@pytest.mark.parametrize("step", RESULTS)
def test_a_failure_that_comes_after_the_result_changes_nothing(step: str, kind: FailureKind) -> None:
    steps = list(RESULTS)
    story = order().when(*(done(earlier) for earlier in steps[: steps.index(step) + 1]))

    story.when(*again(fails(step, kind))).then_nothing()


def test_a_decline_that_comes_ten_times_counts_once() -> None:
    story = order_waiting_for("capture-payment").when(fails("capture-payment", REJECTED))

    story.when(*again(fails("capture-payment", REJECTED)), done("capture-payment")).then_nothing()


def test_a_passing_fault_that_comes_ten_times_spends_one_attempt() -> None:
    story = order_waiting_for("lock-inventory").when(*again(fails("lock-inventory", TRANSIENT)))

    story.then("failed lock-inventory TRANSIENT broken", "will retry lock-inventory #1")


def test_an_open_circuit_that_is_reported_ten_times_parks_once() -> None:
    story = order_waiting_for("lock-inventory").when(*again(fails("lock-inventory", UNAVAILABLE)))

    story.then("parked lock-inventory")


@pytest.mark.parametrize("kind", [TRANSIENT, UNKNOWN, UNAVAILABLE])
def test_a_fault_of_an_older_command_does_not_touch_the_newer_one(kind: FailureKind) -> None:
    story = order_waiting_for("lock-inventory").when(fails("lock-inventory", TRANSIENT), the_next_timer)
    assert len(story.scheduled("lock-inventory")) == 2

    story.when(fails("lock-inventory", kind, dispatch=0)).then_nothing()


@pytest.mark.parametrize("dispatch", [0, 1])
def test_a_definite_result_of_any_command_of_an_open_step_counts(dispatch: int) -> None:
    story = order_waiting_for("capture-payment").when(fails("capture-payment", TRANSIENT), the_next_timer)

    story.when(done("capture-payment", dispatch=dispatch)).then(
        "done capture-payment", "send deduct-inventory", "send confirm-order"
    )
    assert (
        story.when(fails("capture-payment", REJECTED, "card_declined", dispatch=dispatch)).state.code == "card_declined"
    )


def test_a_result_that_comes_while_the_step_waits_for_its_retry_makes_the_retry_unnecessary() -> None:
    story = order_waiting_for("lock-inventory").when(fails("lock-inventory", UNKNOWN), done("lock-inventory"))

    assert story.history[-1] == "send capture-payment"
    assert len(story.scheduled("lock-inventory")) == 1
    story.when(after(1_000)).then_nothing()


def test_a_success_after_the_saga_turned_round_does_not_revive_it() -> None:
    story = order_waiting_for("capture-payment").when(after(4_800))
    story.is_now("validated", "COMPENSATING")

    story = story.when(*again(done("capture-payment"))).then_nothing()
    story = story.when(undone("capture-payment"), done("capture-payment"), undone("lock-inventory")).ended("REVOKED")
    story.when(*again(done("capture-payment"))).then_nothing()


def test_an_undo_that_is_confirmed_ten_times_is_done_once_and_the_next_one_sent_once() -> None:
    story = order_waiting_for("pick").when(fails("pick", REJECTED))

    story = story.when(*again(undone("confirm-order")), *again(undo_fails("confirm-order", REJECTED)))
    story.then("done confirm-order:undo", "send deduct-inventory:undo")


def test_an_undo_that_failed_for_good_is_not_done_after_all() -> None:
    story = order_waiting_for("capture-payment").when(fails("capture-payment", REJECTED))
    story = story.when(undo_fails("lock-inventory", REJECTED)).ended("SUSPENDED")

    story.when(undone("lock-inventory")).then_nothing()


@pytest.mark.parametrize("step", ["no-such-step", "approval", "validate", "end", "ship"])
def test_a_reply_to_a_command_that_was_never_sent_changes_nothing(step: str) -> None:
    order().when(done(step), undone(step), fails(step, REJECTED), fails(step, TRANSIENT)).then_nothing()


def test_a_saga_that_exists_cannot_be_started_again() -> None:
    order().when(lambda story: (Start("in_9", {}, {}, ""), story.now)).then_nothing()


def test_a_timer_that_fires_early_or_twice_changes_nothing() -> None:
    story = order_waiting_for("lock-inventory")

    story.when(*again(after(0))).then_nothing()
    story = story.when(fails("lock-inventory", TRANSIENT), the_next_timer).then(
        "failed lock-inventory TRANSIENT broken", "will retry lock-inventory #1", "send lock-inventory #1"
    )
    story.when(*again(after(0))).then_nothing()


def test_timers_that_fell_due_while_nobody_was_there_are_all_handled_at_once() -> None:
    story = order_waiting_for("deduct-inventory", "confirm-order").when(after(31_000))

    story.then(
        "failed deduct-inventory UNKNOWN timeout",
        "will retry deduct-inventory #1",
        "failed confirm-order UNKNOWN timeout",
        "will retry confirm-order #1",
    )
    assert story.now == NOON + 31_000
