"""Retries: how many, after which waits, within which budget, and what an open circuit costs."""

from __future__ import annotations

import pytest

from tests.saga_story import (
    NOON,
    SECOND,
    TRANSIENT,
    UNAVAILABLE,
    UNKNOWN,
    Story,
    after,
    done,
    fails,
    order_waiting_for,
    the_next_timer,
    undo_fails,
    undone,
)

BASES = {"lock-inventory": 200, "deduct-inventory": 200, "confirm-order": 500, "pick": 200, "pack": 200, "ship": 500}
JITTERS = {"lock-inventory": 100, "deduct-inventory": 100, "confirm-order": 200, "pick": 100, "pack": 100, "ship": 200}


def waiting_for(step: str, saga_id: str = "ord_a") -> Story:
    both = ("deduct-inventory", "confirm-order")
    return order_waiting_for(*(both if step in both else (step,)), saga_id=saga_id)


def exhausted(step: str, saga_id: str = "ord_a") -> Story:
    """Every attempt of a step fails in passing, at once."""
    story = waiting_for(step, saga_id).when(fails(step, TRANSIENT))
    while story.history[-1].startswith("will retry"):
        story = story.when(the_next_timer, fails(step, TRANSIENT))
    return story


@pytest.mark.parametrize("step", BASES)
def test_a_passing_fault_is_tried_four_times_and_then_the_saga_turns_round(step: str) -> None:
    story = exhausted(step)

    assert [sending.attempt for sending in story.scheduled(step)] == [0, 1, 2, 3]
    assert len({sending.command_id for sending in story.scheduled(step)}) == 4
    assert {sending.token for sending in story.scheduled(step)} == {f"ord_a:{step}"}
    assert f"failed {step} #3 TRANSIENT broken for good" in story.history
    assert story.state.code == "broken"


@pytest.mark.parametrize("step", BASES)
def test_the_waits_are_base_times_2_to_the_attempt_plus_a_jitter_that_is_on_record(step: str) -> None:
    waits = exhausted(step).retries(step)

    assert [wait.backoff_ms for wait in waits] == [BASES[step] << attempt for attempt in range(3)]
    assert all(0 <= wait.jitter_ms <= JITTERS[step] for wait in waits)


def test_a_retry_is_sent_when_its_wait_is_over_and_not_a_millisecond_before() -> None:
    story = order_waiting_for("lock-inventory").when(fails("lock-inventory", TRANSIENT))
    story.then("failed lock-inventory TRANSIENT broken", "will retry lock-inventory #1")
    [wait] = story.retries("lock-inventory")
    assert wait.due_at == NOON + wait.backoff_ms + wait.jitter_ms

    story.when(after(wait.backoff_ms + wait.jitter_ms - 1)).then_nothing()
    story.when(after(wait.backoff_ms + wait.jitter_ms)).then("send lock-inventory #1")


def test_jitters_differ_between_orders_and_attempts_and_are_the_same_in_every_replay() -> None:
    def jitters(saga_id: str) -> list[int]:
        return [wait.jitter_ms for wait in exhausted("lock-inventory", saga_id).retries("lock-inventory")]

    drawn = {saga_id: jitters(saga_id) for saga_id in (f"ord_{number}" for number in range(40))}

    assert drawn == {saga_id: jitters(saga_id) for saga_id in drawn}
    assert len({tuple(values) for values in drawn.values()}) == 40
    assert len({values[0] for values in drawn.values()}) > 20, "the orders would all come back at the same time"
    assert any(len(set(values)) == 3 for values in drawn.values())


def test_a_retry_that_succeeds_goes_on_as_if_nothing_had_been() -> None:
    story = order_waiting_for("lock-inventory").when(fails("lock-inventory", TRANSIENT), the_next_timer)

    story.when(done("lock-inventory")).then("done lock-inventory", "done assign-warehouse", "send capture-payment")


def test_the_payment_has_4_8_seconds_for_all_its_attempts_together() -> None:
    story = order_waiting_for("capture-payment")
    began = story.now
    for wait in (900, 900, 900):
        story = story.when(after(wait), fails("capture-payment", TRANSIENT), the_next_timer)

    assert story.now - began < 4_800
    story = story.when(the_next_timer)
    assert story.now == began + 4_800
    assert story.history[-3:-1] == [
        "failed capture-payment #3 UNKNOWN timeout for good",
        "turned round timeout, to undo capture-payment, lock-inventory",
    ]


def test_no_retry_is_begun_that_the_budget_would_cut_off() -> None:
    story = order_waiting_for("capture-payment").when(after(4_700), fails("capture-payment", TRANSIENT))

    story.then(
        "failed capture-payment TRANSIENT broken for good",
        "turned round broken, to undo lock-inventory",
        "send lock-inventory:undo",
    )


@pytest.mark.parametrize("step", ["lock-inventory", "deduct-inventory", "pick", "pack", "ship"])
def test_a_step_without_a_time_of_its_own_has_30_seconds(step: str) -> None:
    story = waiting_for(step)

    story.when(after(30 * SECOND - 1)).then_nothing()
    assert story.when(after(30 * SECOND)).history[len(story.history)] == f"failed {step} UNKNOWN timeout"


def test_a_step_that_never_answers_may_have_happened_so_it_is_undone_first() -> None:
    story = order_waiting_for("ship")
    for _ in range(7):
        story = story.when(the_next_timer)

    assert [sending.attempt for sending in story.scheduled("ship")] == [0, 1, 2, 3]
    assert story.history[-3:] == [
        "failed ship #3 UNKNOWN timeout for good",
        "turned round timeout, to undo ship, confirm-order, deduct-inventory, capture-payment, lock-inventory",
        "send ship:undo",
    ]


def test_one_unknown_attempt_makes_the_step_uncertain_even_if_the_last_one_says_no_effect() -> None:
    story = order_waiting_for("lock-inventory").when(fails("lock-inventory", UNKNOWN))
    while story.history[-1].startswith("will retry"):
        story = story.when(the_next_timer, fails("lock-inventory", TRANSIENT))

    assert story.history[-2:] == ["turned round broken, to undo lock-inventory", "send lock-inventory:undo"]


def test_an_open_circuit_parks_the_step_and_spends_no_attempt() -> None:
    story = order_waiting_for("capture-payment")
    began = story.now
    for number in range(20):
        story = story.when(fails("capture-payment", UNAVAILABLE, "circuit_open", retry_after_ms=10 * SECOND))
        story.then("parked capture-payment")
        story = story.when(after(10 * SECOND - 1)).then_nothing()
        story = story.when(after(1)).then("send capture-payment")
        assert story.now == began + (number + 1) * 10 * SECOND

    assert {sending.attempt for sending in story.scheduled("capture-payment")} == {0}
    assert len({sending.command_id for sending in story.scheduled("capture-payment")}) == 21
    story.when(done("capture-payment")).then("done capture-payment", "send deduct-inventory", "send confirm-order")


def test_the_payments_budget_begins_anew_after_an_open_circuit_since_nothing_was_tried_in_between() -> None:
    story = order_waiting_for("capture-payment").when(
        fails("capture-payment", UNAVAILABLE, "circuit_open", retry_after_ms=10 * SECOND), the_next_timer
    )

    assert story.commands[-1].deadline == story.now + 4_800
    story.when(after(4_799)).then_nothing()
    assert story.when(after(4_800)).history[-2] == "turned round timeout, to undo capture-payment, lock-inventory"


def test_a_parked_step_had_no_effect_so_it_is_not_undone() -> None:
    story = order_waiting_for("deduct-inventory", "confirm-order").when(
        fails("confirm-order", UNAVAILABLE, "circuit_open", retry_after_ms=10 * SECOND),
        fails("deduct-inventory", TRANSIENT),
    )
    while "turned round broken, to undo capture-payment, lock-inventory" not in story.history:
        story = story.when(the_next_timer, fails("deduct-inventory", TRANSIENT))

    assert "confirm-order:undo" not in story.sent


def test_a_circuit_that_gives_no_time_is_asked_again_and_a_circuit_that_never_closes_is_given_up() -> None:
    story = order_waiting_for("lock-inventory")
    while story.state.phase == "FORWARD":
        story = story.when(fails("lock-inventory", UNAVAILABLE, "circuit_open"))
        if story.state.phase == "FORWARD":
            story = story.when(the_next_timer)

    assert story.scheduled("lock-inventory")[-1].attempt == 0
    assert len(story.scheduled("lock-inventory")) == 1_000
    story.ended("REVOKED")


@pytest.mark.parametrize("wish", [10**9, 2**62])
def test_no_participant_can_park_a_step_for_ever(wish: int) -> None:
    story = order_waiting_for("capture-payment")
    story = story.when(fails("capture-payment", UNAVAILABLE, "circuit_open", retry_after_ms=wish))

    assert story.when(the_next_timer).now - story.now == 3_600 * SECOND


def test_an_undo_is_tried_nine_times_before_a_person_is_called() -> None:
    story = order_waiting_for("capture-payment").when(fails("capture-payment", TRANSIENT))
    while story.state.phase == "FORWARD":
        story = story.when(the_next_timer, fails("capture-payment", TRANSIENT))
    story = story.when(undo_fails("lock-inventory", TRANSIENT))
    while story.state.phase != "ENDED":
        story = story.when(the_next_timer, undo_fails("lock-inventory", TRANSIENT))

    waits = [wait for wait in story.retries("lock-inventory") if wait.undo]
    assert [wait.backoff_ms for wait in waits] == [500 << attempt for attempt in range(6)] + [30_000, 30_000]
    assert len(story.scheduled("lock-inventory", undo=True)) == 9
    assert story.history[-1] == "suspended, not undone: lock-inventory"


def test_an_undo_that_does_not_answer_is_sent_again_and_an_open_circuit_parks_it() -> None:
    story = order_waiting_for("capture-payment").when(after(4_800))

    story = story.when(after(30 * SECOND))
    story.then("failed capture-payment:undo UNKNOWN timeout", "will retry capture-payment:undo #1")
    story = story.when(the_next_timer).then("send capture-payment:undo #1")
    story = story.when(undo_fails("capture-payment", UNAVAILABLE, "circuit_open")).then(
        "parked capture-payment:undo #1"
    )
    story = story.when(the_next_timer).then("send capture-payment:undo #1")
    story.when(undone("capture-payment")).then("done capture-payment:undo", "send lock-inventory:undo")
