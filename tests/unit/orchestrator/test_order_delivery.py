"""The carrier's delivery: a signal that may come at any time once the order was handed to the carrier."""

from __future__ import annotations

from tests.saga_story import REJECTED, RESULTS, Story, again, cancels, done, fails, order, order_waiting_for, says


def completed() -> Story:
    return order().when(*(done(step) for step in RESULTS)).ended("COMPLETED")


def test_a_completed_order_is_delivered_and_stays_completed() -> None:
    story = completed().when(says("delivered"))

    story.then("got delivered").is_now("delivered", "COMPLETED").ended("COMPLETED")


def test_a_delivery_that_is_reported_again_changes_nothing() -> None:
    story = completed().when(says("delivered"))

    story.when(*again(says("delivered"))).then_nothing()


def test_a_delivery_may_overtake_the_reply_of_the_shipping_service() -> None:
    story = order_waiting_for("ship").when(says("delivered"))
    story = story.then("got delivered").is_now("packed", "RUNNING")

    story = story.when(done("ship")).is_now("shipped", "RUNNING").when(done("announce-shipment"))
    story.then("done announce-shipment", "completed").is_now("delivered", "COMPLETED").ended("COMPLETED")


def test_a_delivery_before_the_notice_is_sent_counts_at_once() -> None:
    story = order_waiting_for("announce-shipment").when(says("delivered"))

    story = story.then("got delivered").is_now("delivered", "RUNNING")
    story.when(done("announce-shipment")).is_now("delivered", "COMPLETED")
    story.when(fails("announce-shipment", REJECTED)).is_now("delivered", "COMPLETED").ended("COMPLETED")


def test_a_delivery_of_an_order_that_was_never_handed_over_is_only_recorded() -> None:
    order().when(says("delivered")).then("ignored delivered").is_now("validated", "RUNNING")
    order_waiting_for("pack").when(says("delivered")).then("ignored delivered").is_now("picking", "RUNNING")


def test_a_delivery_of_an_order_that_is_being_undone_or_is_revoked_is_only_recorded() -> None:
    turned = order_waiting_for("ship").when(cancels())
    turned.when(says("delivered")).then("ignored delivered").is_now("packed", "COMPENSATING")

    revoked = order_waiting_for("lock-inventory").when(fails("lock-inventory", REJECTED))
    revoked.when(says("delivered")).then("ignored delivered").is_now("cancelled", "TRANSACTION_REVOKED")
