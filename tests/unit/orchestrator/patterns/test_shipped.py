"""The shipped definitions, each from its start to its ends."""

from __future__ import annotations

from typing import Any

import pytest

from orchestrator.core.events import Json
from tests.saga_story import (
    HOUR,
    NOON,
    REGISTRY,
    REJECTED,
    RESULTS,
    TRANSIENT,
    Story,
    after,
    begun,
    done,
    fails,
    in_flight,
    order_data,
    says,
    the_next_timer,
    undone,
)

FIRST = "order-fulfillment-payment-first"


def shipped(name: str, data: Json, **parameters: Any) -> Story:
    """Return the story of a saga of a shipped definition."""
    definition = REGISTRY.newest(name)
    assert definition is not None
    return begun(definition, "sag_a", data, {**definition.parameters, **parameters})


def undo_everything(saga: Story) -> Story:
    """Answer every undo until the saga has ended."""
    while saga.state.outcome is None:
        saga = saga.when(undone(saga.sent[-1].removesuffix(":undo")))
    return saga


def test_the_payment_comes_before_the_stock_and_the_shipment_after_both() -> None:
    saga = shipped(FIRST, order_data()).sends("charge.capture").is_now("validated", "RUNNING")
    saga = saga.when(done("charge.capture")).sends("lock-inventory").is_now("paid", "RUNNING")
    saga = saga.when(done("lock-inventory")).sends("deduct-inventory", "confirm-order")
    saga = saga.is_now("paid", "Inventory_Locked")
    for step in ("deduct-inventory", "confirm-order", "pick", "pack", "ship", "announce-shipment"):
        saga = saga.when(done(step, **RESULTS[step]))
    saga.ended("COMPLETED").is_now("shipped", "COMPLETED")
    assert saga.sent.index("charge.capture") < saga.sent.index("lock-inventory") < saga.sent.index("ship")


def test_an_article_that_is_short_costs_a_refund() -> None:
    saga = shipped(FIRST, order_data()).when(done("charge.capture"), fails("lock-inventory", REJECTED, "out_of_stock"))
    assert saga.sent[-1] == "charge.capture:undo"
    saga.when(undone("charge.capture")).ended("REVOKED").is_now("cancelled", "TRANSACTION_REVOKED")


def test_a_declined_card_touches_no_stock() -> None:
    saga = shipped(FIRST, order_data()).when(fails("charge.capture", REJECTED, "card_declined")).ended("REVOKED")
    assert saga.sent == ["charge.capture"]


@pytest.mark.parametrize("failing", ["deduct-inventory", "pick", "pack", "ship"])
def test_whatever_fails_late_is_undone_down_to_the_payment(failing: str) -> None:
    saga = shipped(FIRST, order_data())
    while failing not in in_flight(saga):
        saga = saga.when(done(in_flight(saga)[0], **RESULTS.get(in_flight(saga)[0], {})))
    saga = undo_everything(saga.when(fails(failing, REJECTED))).ended("REVOKED")
    assert saga.sent[-2:] == ["lock-inventory:undo", "charge.capture:undo"]


def test_a_large_order_waits_for_a_person_before_it_is_charged() -> None:
    saga = shipped(FIRST, order_data(10_001)).sends().is_now("validated", "AWAITING_APPROVAL")
    saga.when(says("approve")).sends("charge.capture")
    saga.when(says("reject")).sends().ended("REVOKED")


def test_a_line_of_unusual_quantity_waits_for_a_person_who_sees_it() -> None:
    data = order_data(10_001)
    data["lines"] = [{**data["lines"][0], "quantity": 10_001, "unit_price_minor": 1}]
    saga = shipped(FIRST, data).sends().is_now("validated", "AWAITING_APPROVAL")
    assert [one["quantity"] for one in saga.state.outputs["validate"]["exceptions"]] == [10_001]
    saga.when(says("approve")).sends("charge.capture")
    saga.when(says("reject")).sends().ended("REVOKED")


MESSAGE = {"order_id": "ord_a", "customer_id": "17850", "template": "hello"}


def test_three_channels_are_used_at_once_and_what_they_answer_is_put_together() -> None:
    saga = shipped("notify-customer", MESSAGE).sends("email", "sms", "push")
    for channel in ("push", "sms"):
        saga = saga.when(done(channel, delivered=[channel], refused=[]))
    saga = saga.when(done("email", delivered=[], refused=["email"])).ended("COMPLETED")
    assert saga.result == {"delivered": ["sms", "push"], "refused": ["email"]}
    assert [command.arguments["channels"] for command in saga.commands] == [["email"], ["sms"], ["push"]]


def test_a_channel_that_fails_for_good_has_the_others_taken_back() -> None:
    saga = shipped("notify-customer", MESSAGE).when(done("email"), done("push"), fails("sms", REJECTED))
    saga = undo_everything(saga).ended("REVOKED")
    assert {command.arguments["template"] for command in saga.commands[3:]} == {"message-withdrawn"}


def test_the_day_before_the_schedule_s_time_is_reported() -> None:
    data = {"scheduled_at": "2026-11-21T00:00:00.000Z", "previous_at": "2026-11-20T00:00:00.000Z"}
    saga = shipped("daily-report", data).sends("produce")
    assert saga.commands[0].arguments["date"] == "2026-11-20"
    assert saga.commands[0].arguments["targets"]["payment_ms"] == 5_000


def test_any_day_can_be_asked_for_by_hand() -> None:
    saga = shipped("daily-report", {"date": "2026-01-31"}).when(done("produce", date="2026-01-31"))
    assert saga.ended("COMPLETED").result == {"date": "2026-01-31"}


def test_a_read_model_that_is_behind_for_an_hour_does_not_end_the_saga() -> None:
    saga = shipped("daily-report", {"date": "2026-01-31"})
    while saga.now < NOON + HOUR:
        saga = saga.when(fails("produce", TRANSIENT, "projection_behind"), the_next_timer).sends("produce")


def test_a_read_model_that_never_comes_back_is_held_for_a_person() -> None:
    saga = shipped("daily-report", {"date": "2026-01-31"})
    while saga.state.status != "MANUAL_INTERVENTION":
        saga = saga.when(fails("produce", TRANSIENT, "projection_behind"))
        saga = saga.when(the_next_timer) if not saga.reports else saga
    assert [report.step for report in saga.reports] == ["produce"]


PURCHASE = {
    "purchase_id": "pur_1", "requester": "17850", "amount_minor": 500_001, "currency": "GBP",
    "payment_method": "pm_card_ok",
}  # fmt: skip


def charged(**changes: Any) -> Story:
    """Return a purchase that the first approver let through."""
    saga = shipped("two-approver-chain", {**PURCHASE, **changes}).sends("hold-budget")
    saga = saga.when(done("hold-budget")).sends().is_now("running", "AWAITING_APPROVAL")
    return saga.when(says("approve")).sends("charge.capture").when(done("charge.capture", charge_id="ch_1"))


def test_a_small_purchase_needs_one_approver_and_the_requester_is_told() -> None:
    saga = charged(amount_minor=500_000).sends("tell-requester")
    [child] = saga.children
    assert (child.definition, child.data["template"]) == ("notify-customer", "purchase-approved")
    saga.when(done("tell-requester", delivered=["email"], refused=[])).ended("COMPLETED")


def test_a_large_one_needs_a_second() -> None:
    saga = charged().sends().is_now("running", "AWAITING_APPROVAL")
    saga = saga.when(says("approve")).sends()
    saga.when(says("confirm")).sends("tell-requester")


def test_a_second_refusal_undoes_the_charge_and_then_the_budget() -> None:
    saga = charged().when(says("decline")).sends("charge.capture:undo")
    saga = saga.when(undone("charge.capture")).sends("hold-budget:undo").when(undone("hold-budget"))
    assert saga.ended("REVOKED").state.code == "approval_rejected"


def test_a_first_refusal_charges_nobody() -> None:
    saga = shipped("two-approver-chain", PURCHASE).when(done("hold-budget"), says("reject"))
    assert undo_everything(saga).ended("REVOKED").sent == ["hold-budget", "hold-budget:undo"]


@pytest.mark.parametrize("second", [False, True])
def test_an_approver_who_says_nothing_for_48_hours_refuses(second: bool) -> None:
    saga = charged() if second else shipped("two-approver-chain", PURCHASE).when(done("hold-budget"))
    saga = saga.when(after(48 * HOUR - 1)).sends().when(after(1))
    assert undo_everything(saga).ended("REVOKED").state.code == "approval_timeout"
    assert ("charge.capture:undo" in saga.sent) == second


PARCEL = {"order_id": "ord_1", "method": "standard", "country": "France", "parcels": 2}
OFFERS = (("albion", 900, 6), ("harrier", 700, 5), ("meridian", 800, 7))


def answered(*names: str) -> Story:
    """Return an auction in which these carriers have answered."""
    saga = shipped("carrier-auction", PARCEL)
    for number, (name, amount, days) in enumerate(OFFERS):
        if name in names:
            offer: dict[str, Any] = {"carrier": name, "amount_minor": amount, "currency": "GBP", "days": days}
            saga = saga.when(done(f"quotes/{number}/{name}", **offer))
    return saga


def test_all_three_are_asked_before_any_answer_and_the_cheapest_wins() -> None:
    saga = answered().sends("quotes/0/albion", "quotes/1/harrier", "quotes/2/meridian")
    saga = answered("albion", "harrier", "meridian").ended("COMPLETED")
    assert saga.result == {
        "carrier": "harrier", "amount_minor": 700, "currency": "GBP", "days": 5, "partial": False, "missing": [],
    }  # fmt: skip


def test_at_the_deadline_the_best_of_the_answers_wins_and_the_result_is_marked_partial() -> None:
    saga = answered("albion", "meridian").sends().when(after(1_999)).sends()
    saga = saga.when(after(1)).ended("COMPLETED")
    assert (saga.result["carrier"], saga.result["partial"], saga.result["missing"]) == (
        "meridian",
        True,
        ["harrier"],
    )
    late = saga.when(done("quotes/1/harrier", carrier="harrier", amount_minor=1))
    assert late.result == saga.result


def test_without_any_answer_there_is_no_winner() -> None:
    answered().when(after(2_000)).ended("REVOKED")


BASKET: list[dict[str, Any]] = [{"sku": f"sku-{n}", "quantity": n + 1, "unit_price_minor": 10} for n in range(50)]


def test_fifty_lines_are_priced_ten_at_a_time_and_one_that_fails_alone_again() -> None:
    saga = shipped("basket", {"lines": BASKET})
    assert len(saga.sent) == 10
    saga = saga.when(fails("price-lines/3/price", TRANSIENT))
    while waiting := in_flight(saga):
        assert len(waiting) <= 10
        line = BASKET[int(waiting[0].split("/")[1])]
        amount = line["quantity"] * line["unit_price_minor"]
        saga = saga.when(done(waiting[0], quantity=line["quantity"], amount_minor=amount))
    saga = saga.when(the_next_timer).sends("price-lines/3/price")
    saga = saga.when(done("price-lines/3/price", quantity=4, amount_minor=40)).ended("COMPLETED")
    assert len(saga.sent) == 51
    assert saga.result == {"lines": 50, "quantity": 1_275, "total_minor": 12_750}


ROWS = [{"sku": "85123A", "quantity": 2, "unit_price_minor": 255}]


def test_three_stages_follow_each_other_with_the_batch_of_the_first() -> None:
    saga = shipped("etl", {"rows": ROWS}).sends("extract").when(done("extract", batch="b1", rows=1))
    saga = saga.sends("transform").when(done("transform", batch="b1")).sends("load")
    assert [command.arguments.get("batch") for command in saga.commands] == [None, "b1", "b1"]
    assert saga.when(done("load", batch="b1", rows=1)).ended("COMPLETED").result == {"batch": "b1", "rows": 1}


def test_a_stage_that_fails_has_the_stages_before_it_undone_in_reverse() -> None:
    saga = shipped("etl", {"rows": ROWS}).when(done("extract", batch="b1", rows=1), done("transform"))
    saga = undo_everything(saga.when(fails("load", REJECTED))).ended("REVOKED")
    assert saga.sent[-2:] == ["transform:undo", "extract:undo"]


def test_two_definitions_share_the_gate_and_the_charge() -> None:
    graphs = {version.definition.name: version.definition.nodes for version in REGISTRY.versions()}
    assert {name for name, nodes in graphs.items() if "charge.capture" in nodes} == {FIRST, "two-approver-chain"}
    gates = {name: [node for node in nodes if node.endswith(".wait")] for name, nodes in graphs.items()}
    assert gates[FIRST] == ["gate.wait"]
    assert gates["two-approver-chain"] == ["first-approval.wait", "second-approval.wait"]
