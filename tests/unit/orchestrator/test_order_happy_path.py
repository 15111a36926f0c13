"""An order for which all goes well: the order of its events, its business states, what each command carries."""

from __future__ import annotations

import pytest

from orchestrator.core.events import StepCompleted
from tests.saga_story import NOON, RESULTS, TO_THE_END, done, order, order_waiting_for


def test_an_order_goes_from_its_validation_to_completed() -> None:
    story = order().then("started", "done validate", "chose within-limit", "send lock-inventory")
    story = story.is_now("validated", "RUNNING")

    story = story.when(done("lock-inventory"))
    story.then("done lock-inventory", "done assign-warehouse", "send capture-payment").is_now(
        "validated", "Inventory_Locked"
    )

    story = story.when(done("capture-payment"))
    story.then("done capture-payment", "send deduct-inventory", "send confirm-order").is_now("paid", "RUNNING")

    story = story.when(done("confirm-order")).then("done confirm-order")

    story = story.when(done("deduct-inventory"))
    story.then("done deduct-inventory", "chose standard", "done use-standard", "send pick").is_now("picking", "RUNNING")

    story = story.when(done("pick")).then("done pick", "send pack").is_now("picking", "RUNNING")
    story = story.when(done("pack")).then("done pack", "send ship").is_now("packed", "RUNNING")
    story = story.when(done("ship")).then("done ship", "send announce-shipment").is_now("shipped", "RUNNING")
    story = story.when(done("announce-shipment")).then("done announce-shipment", "completed")
    story.is_now("shipped", "COMPLETED").ended("COMPLETED")


@pytest.mark.parametrize("last", TO_THE_END)
def test_the_branches_may_end_in_any_order(last: str) -> None:
    steps = [step for step in TO_THE_END[:2] if step != last] + [step for step in TO_THE_END[:2] if step == last]
    story = order_waiting_for("deduct-inventory", "confirm-order").when(*(done(step) for step in steps))

    assert story.sent[-1] == "pick"
    assert story.sent.count("pick") == 1


@pytest.mark.parametrize(("method", "branch"), [("standard", "use-standard"), ("express", "use-express")])
def test_the_shipping_method_decides_the_branch_and_the_carriers_service(method: str, branch: str) -> None:
    story = order(method=method).when(*(done(step) for step in ("lock-inventory", "capture-payment", *TO_THE_END[:4])))

    assert f"done {branch}" in story.history
    assert story.commands[-1].arguments["method"] == method


def test_each_command_is_sent_once_with_an_id_of_its_own_that_names_saga_step_and_sending() -> None:
    story = order().when(*(done(step) for step in RESULTS))

    assert [command.command_id for command in story.commands] == [f"ord_a:{step}:0" for step in RESULTS]
    assert [command.token for command in story.commands] == [f"ord_a:{step}" for step in RESULTS]
    assert {command.undoes for command in story.commands} == {None}


def test_commands_carry_the_order_and_the_results_of_earlier_steps() -> None:
    sent = {command.step: command for command in order().when(*(done(step) for step in RESULTS)).commands}

    assert sent["lock-inventory"].topic == "inventory.commands"
    assert sent["lock-inventory"].command == "inventory.LockInventory"
    assert sent["capture-payment"].arguments == {
        "order_id": "ord_a",
        "customer_id": "17850",
        "amount_minor": 5_000,
        "currency": "GBP",
        "payment_method": "pm_card_ok",
    }
    assert sent["pick"].arguments == {"order_id": "ord_a", "warehouse_id": "WH-1", "units": 1}
    assert sent["ship"].arguments["parcels"] == 1
    assert sent["confirm-order"].arguments["channels"] == ["email", "sms", "push"]


def test_a_command_says_when_the_saga_decides_without_its_reply() -> None:
    sent = {command.step: command for command in order_waiting_for("capture-payment").commands}

    assert sent["lock-inventory"].deadline == NOON + 30_000
    assert sent["capture-payment"].deadline == NOON + 4_800


def test_only_what_the_definition_keeps_of_a_result_is_kept() -> None:
    story = order().when(done("lock-inventory"))
    outputs = [recorded.event.output for recorded in story.new if isinstance(recorded.event, StepCompleted)]

    assert outputs == [{"warehouse_id": "WH-1", "reservation_id": "res_1"}, {"warehouse_id": "WH-1"}]
