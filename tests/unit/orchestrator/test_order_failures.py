"""Steps that fail for good: one attempt, no retry, and what was done before is undone, last first."""

from __future__ import annotations

import pytest

from tests.saga_story import REJECTED, TRANSIENT, Story, done, fails, order_waiting_for, undo_fails, undone

DECLINES = ("card_declined", "insufficient_funds", "fraud_suspected", "credit_limit_exceeded")


def test_an_order_that_is_out_of_stock_is_revoked_with_nothing_to_undo() -> None:
    story = order_waiting_for("lock-inventory").when(fails("lock-inventory", REJECTED, "out_of_stock"))

    story.then(
        "failed lock-inventory REJECTED out_of_stock for good",
        "turned round out_of_stock, to undo nothing",
        "revoked out_of_stock",
    ).is_now("cancelled", "TRANSACTION_REVOKED").ended("REVOKED")


@pytest.mark.parametrize("code", DECLINES)
def test_a_declined_payment_is_tried_once_and_the_stock_released(code: str) -> None:
    story = order_waiting_for("capture-payment").when(fails("capture-payment", REJECTED, code))

    story.then(
        f"failed capture-payment REJECTED {code} for good",
        f"turned round {code}, to undo lock-inventory",
        "send lock-inventory:undo",
    ).is_now("validated", "COMPENSATING")
    story = story.when(undone("lock-inventory")).then("done lock-inventory:undo", f"revoked {code}").ended("REVOKED")
    assert story.sent.count("capture-payment") == 1
    assert story.state.code == code
    assert story.state.failed_step == "capture-payment"


def undo_everything(story: Story) -> list[str]:
    """Answer every undo with success and return the order in which they were sent."""
    while story.state.plan:
        story = story.when(undone(story.state.plan[0]))
    story.ended("REVOKED").is_now("cancelled", "TRANSACTION_REVOKED")
    return [path for path in story.sent if path.endswith(":undo")]


@pytest.mark.parametrize(
    ("failing", "undos"),
    [
        ("pick", ["confirm-order", "deduct-inventory", "capture-payment", "lock-inventory"]),
        ("pack", ["confirm-order", "deduct-inventory", "capture-payment", "lock-inventory"]),
        ("ship", ["ship", "confirm-order", "deduct-inventory", "capture-payment", "lock-inventory"]),
    ],
)
def test_a_step_that_fails_late_undoes_everything_before_it_last_completed_first(
    failing: str, undos: list[str]
) -> None:
    story = order_waiting_for(failing).when(fails(failing, REJECTED, "broken"))

    assert undo_everything(story) == [f"{step}:undo" for step in undos]


def test_the_order_of_undoing_is_that_of_completion_and_not_that_of_the_definition() -> None:
    story = order_waiting_for("deduct-inventory", "confirm-order").when(done("confirm-order"), done("deduct-inventory"))

    plan = story.when(fails("pick", REJECTED)).state.plan
    assert plan == ("deduct-inventory", "confirm-order", "capture-payment", "lock-inventory")


def test_a_shipment_that_was_definitely_refused_is_cancelled_first_all_the_same() -> None:
    story = order_waiting_for("ship").when(fails("ship", REJECTED, "address_rejected"))

    assert story.commands[-1].command == "shipping.CancelShipment"
    assert story.commands[-1].undoes == "ord_a:ship"


def test_undos_run_one_after_another_each_once_its_predecessor_is_done() -> None:
    story = order_waiting_for("pick").when(fails("pick", REJECTED))

    assert story.sent[-1:] == ["confirm-order:undo"]
    story = story.when(undone("confirm-order")).then("done confirm-order:undo", "send deduct-inventory:undo")
    story = story.when(undone("deduct-inventory")).then("done deduct-inventory:undo", "send capture-payment:undo")
    story = story.when(undone("capture-payment")).then("done capture-payment:undo", "send lock-inventory:undo")
    story.when(undone("lock-inventory")).then("done lock-inventory:undo", "revoked broken")


def test_an_undo_names_the_effect_it_undoes_and_has_an_id_and_a_token_of_its_own() -> None:
    [undo] = order_waiting_for("capture-payment").when(fails("capture-payment", REJECTED)).commands[2:]

    assert undo.undoes == "ord_a:lock-inventory"
    assert (undo.token, undo.command_id) == ("ord_a:lock-inventory:undo", "ord_a:lock-inventory:undo:0")


def test_an_undo_that_fails_for_good_goes_to_a_person_and_the_others_still_run() -> None:
    story = order_waiting_for("pick").when(fails("pick", REJECTED), undone("confirm-order"), undone("deduct-inventory"))

    story = story.when(undo_fails("capture-payment", REJECTED, "refund_refused"))
    story.then("failed capture-payment:undo REJECTED refund_refused for good", "send lock-inventory:undo")
    [report] = story.reports
    assert (report.step, report.code) == ("capture-payment", "refund_refused")

    story = story.when(undone("lock-inventory"))
    story.then("done lock-inventory:undo", "suspended, not undone: capture-payment").ended("SUSPENDED")
    story.is_now("picking", "MANUAL_INTERVENTION")
    assert story.state.code == "broken", "the reason stays that of the failure, not that of the undo"


def test_several_undos_may_fail_and_all_of_them_are_named() -> None:
    story = order_waiting_for("pick").when(
        fails("pick", REJECTED),
        undone("confirm-order"),
        undo_fails("deduct-inventory", REJECTED),
        undo_fails("capture-payment", REJECTED),
        undone("lock-inventory"),
    )

    assert story.history[-1] == "suspended, not undone: deduct-inventory, capture-payment"
    assert [report.step for report in story.reports] == ["deduct-inventory", "capture-payment"]


def test_a_notice_that_cannot_be_sent_does_not_revoke_an_order_that_is_shipped() -> None:
    story = order_waiting_for("announce-shipment").when(fails("announce-shipment", REJECTED, "no_channel"))

    story.then("failed announce-shipment REJECTED no_channel for good", "completed")
    story.is_now("shipped", "COMPLETED").ended("COMPLETED")


def test_one_branch_fails_while_the_other_is_in_flight_so_that_one_is_undone_first() -> None:
    story = order_waiting_for("deduct-inventory", "confirm-order")

    story = story.when(fails("deduct-inventory", REJECTED, "gone"))
    story.then(
        "failed deduct-inventory REJECTED gone for good",
        "turned round gone, to undo confirm-order, capture-payment, lock-inventory",
        "send confirm-order:undo",
    )
    story = story.when(done("confirm-order")).then_nothing()
    assert undo_everything(story) == ["confirm-order:undo", "capture-payment:undo", "lock-inventory:undo"]


def test_the_other_branch_waiting_for_a_retry_that_had_no_effect_is_dropped_and_not_undone() -> None:
    story = order_waiting_for("deduct-inventory", "confirm-order").when(fails("confirm-order", TRANSIENT))

    plan = story.when(fails("deduct-inventory", REJECTED)).state.plan
    assert plan == ("capture-payment", "lock-inventory")
