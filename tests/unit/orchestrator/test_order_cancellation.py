"""Cancelling an order: taken while it goes forward, in every phase of it; recorded and refused afterwards."""

from __future__ import annotations

import pytest

from tests.saga_story import (
    HOUR,
    REJECTED,
    RESULTS,
    TRANSIENT,
    UNAVAILABLE,
    UNKNOWN,
    cancels,
    done,
    fails,
    order,
    order_waiting_for,
    says,
    the_next_timer,
    undone,
)


def test_an_order_that_awaits_approval_is_cancelled_with_nothing_to_undo() -> None:
    story = order(10_001).when(cancels())

    story.then("asked to cancel", "turned round cancelled, to undo nothing", "revoked cancelled")
    story.is_now("cancelled", "TRANSACTION_REVOKED").ended("REVOKED")
    assert story.commands == []
    story.when(says("approve")).then("ignored approve")


@pytest.mark.parametrize(
    ("in_flight", "plan"),
    [
        (("lock-inventory",), "lock-inventory"),
        (("capture-payment",), "capture-payment, lock-inventory"),
        (
            ("deduct-inventory", "confirm-order"),
            "confirm-order, deduct-inventory, capture-payment, lock-inventory",
        ),
        (("confirm-order",), "confirm-order, deduct-inventory, capture-payment, lock-inventory"),
        (("pick",), "confirm-order, deduct-inventory, capture-payment, lock-inventory"),
        (("pack",), "confirm-order, deduct-inventory, capture-payment, lock-inventory"),
        (("ship",), "ship, confirm-order, deduct-inventory, capture-payment, lock-inventory"),
        (("announce-shipment",), "ship, confirm-order, deduct-inventory, capture-payment, lock-inventory"),
    ],
)
def test_what_is_in_flight_may_have_happened_so_it_is_undone_before_what_is_done(
    in_flight: tuple[str, ...], plan: str
) -> None:
    story = order_waiting_for(*in_flight).when(cancels())

    first = plan.split(", ", maxsplit=1)[0]
    story.then("asked to cancel", f"turned round cancelled, to undo {plan}", f"send {first}:undo")
    while story.state.plan:
        story = story.when(undone(story.state.plan[0]))
    story.ended("REVOKED").is_now("cancelled", "TRANSACTION_REVOKED")
    assert [step for step in story.sent if step.endswith(":undo")] == [f"{step}:undo" for step in plan.split(", ")]


@pytest.mark.parametrize("step", ["lock-inventory", "capture-payment", "ship"])
def test_a_late_success_does_not_revive_a_cancelled_order(step: str) -> None:
    story = order_waiting_for(step).when(cancels())

    story = story.when(done(step)).then_nothing()
    while story.state.plan:
        story = story.when(undone(story.state.plan[0]), done(step))
    story.ended("REVOKED").when(done(step)).then_nothing()


def test_a_step_that_waits_for_a_retry_without_effect_is_dropped() -> None:
    story = order_waiting_for("capture-payment").when(fails("capture-payment", TRANSIENT), cancels())

    assert story.history[-2:] == ["turned round cancelled, to undo lock-inventory", "send lock-inventory:undo"]
    story.when(undone("lock-inventory")).ended("REVOKED")


def test_a_step_that_waits_for_a_retry_after_an_unknown_outcome_is_undone() -> None:
    story = order_waiting_for("lock-inventory").when(fails("lock-inventory", UNKNOWN), cancels())

    assert story.state.plan == ("lock-inventory",)


def test_a_second_request_while_the_order_is_being_undone_is_only_recorded() -> None:
    story = order_waiting_for("pick").when(cancels())

    story.when(cancels()).then("ignored cancel")
    story.when(undone("confirm-order"), cancels()).then(
        "done confirm-order:undo", "send deduct-inventory:undo", "ignored cancel"
    )


def test_a_request_while_a_failure_is_being_undone_keeps_the_reason_of_the_failure() -> None:
    story = order_waiting_for("capture-payment").when(fails("capture-payment", REJECTED, "card_declined"), cancels())

    assert story.when(undone("lock-inventory")).history[-1] == "revoked card_declined"


def test_an_order_that_has_ended_cannot_be_cancelled() -> None:
    completed = order().when(*(done(step) for step in RESULTS)).ended("COMPLETED")
    completed.when(cancels()).then("ignored cancel").is_now("shipped", "COMPLETED").ended("COMPLETED")

    revoked = order_waiting_for("lock-inventory").when(fails("lock-inventory", REJECTED)).ended("REVOKED")
    revoked.when(cancels()).then("ignored cancel").ended("REVOKED")


def test_an_order_that_is_delivered_cannot_be_cancelled_any_more() -> None:
    story = order_waiting_for("ship").when(says("delivered"))

    story.when(cancels()).then("ignored cancel").is_now("packed", "RUNNING")


def test_an_order_that_takes_longer_than_8_days_is_undone() -> None:
    story = order(10_001).when(says("approve"))
    story = story.when(fails("lock-inventory", TRANSIENT), the_next_timer, done("lock-inventory"))
    while story.state.phase == "FORWARD":
        parked = fails("capture-payment", UNAVAILABLE, "circuit_open", retry_after_ms=HOUR)
        story = story.when(parked, the_next_timer)

    assert story.now == order().now + 8 * 24 * HOUR
    assert story.history[-2:] == ["turned round workflow_deadline, to undo lock-inventory", "send lock-inventory:undo"]
    story.when(undone("lock-inventory")).ended("REVOKED").is_now("cancelled", "TRANSACTION_REVOKED")
