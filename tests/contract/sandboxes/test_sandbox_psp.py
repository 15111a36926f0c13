"""The PSP sandbox charges once per key, refuses by input, and never loses what it has answered."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from tests.contract.sandboxes.process import Reply, Sandbox

_ORDERS = count(1)


def new_order() -> str:
    """Return an order id no other test has."""
    return f"ord_psp{next(_ORDERS)}"


def charge_body(order: str, method: str = "pm_card_ok", amount: int = 1500) -> dict[str, Any]:
    """Return the body of a charge."""
    fields = {"order_id": order, "customer_id": "17850", "currency": "GBP"}
    return {**fields, "amount_minor": amount, "payment_method": method}


def charge(psp: Sandbox, order: str, method: str = "pm_card_ok", **more: Any) -> Reply:
    """Charge an order under its key."""
    body = charge_body(order, method, more.pop("amount", 1500))
    return psp.call("POST", "/v1/charges", body, key=f"{order}:capture-payment", **more)


def charges_of(psp: Sandbox, order: str) -> list[dict[str, Any]]:
    """Return the order's charges in the ledger."""
    ledger = psp.call("GET", "/v1/ledger").body
    return [entry for entry in ledger["charges"] if entry["order_id"] == order]


def look_up(psp: Sandbox, order: str, close: bool = False) -> list[dict[str, Any]]:
    """Return what the key has captured."""
    path = f"/v1/charges?idempotency_key={order}:capture-payment" + ("&close=true" if close else "")
    found: list[dict[str, Any]] = psp.call("GET", path).body["charges"]
    return found


def test_a_key_captures_once_and_always_gets_the_same_answer(psp: Sandbox) -> None:
    order = new_order()
    with ThreadPoolExecutor(8) as pool:
        replies = list(pool.map(lambda _: charge(psp, order), range(8)))
    assert {reply.status for reply in replies} == {201}
    assert len({reply.body["id"] for reply in replies}) == 1
    assert [entry["amount_minor"] for entry in charges_of(psp, order)] == [1500]
    assert replies[0].body == {
        "id": replies[0].body["id"],
        "status": "captured",
        "amount_minor": 1500,
        "currency": "GBP",
    }


def test_a_key_with_another_body_is_refused(psp: Sandbox) -> None:
    order = new_order()
    charge(psp, order)
    refused = charge(psp, order, amount=1)
    assert (refused.status, refused.body["error"]["code"]) == (409, "key_reused")
    assert [entry["amount_minor"] for entry in charges_of(psp, order)] == [1500]


@pytest.mark.parametrize(
    ("method", "code"),
    [
        ("pm_card_declined", "card_declined"),
        ("pm_insufficient_funds", "insufficient_funds"),
        ("pm_fraud_suspected", "fraud_suspected"),
        ("pm_credit_limit_exceeded", "credit_limit_exceeded"),
    ],
)
def test_declines_are_definite_and_charge_nothing(psp: Sandbox, method: str, code: str) -> None:
    order = new_order()
    for _ in range(2):
        declined = charge(psp, order, method)
        assert (declined.status, declined.body["error"]["code"]) == (402, code)
    assert charges_of(psp, order) == []


@pytest.mark.parametrize(
    "wrong",
    [{"amount_minor": 0}, {"amount_minor": "5"}, {"order_id": ""}, {"currency": None}, {"payment_method": "pm_magic"}],
)
def test_a_wrong_field_is_refused_by_name(psp: Sandbox, wrong: dict[str, Any]) -> None:
    order = new_order()
    refused = psp.call("POST", "/v1/charges", {**charge_body(order), **wrong}, key=order)
    assert refused.status == 422
    assert next(iter(wrong)) in refused.body["error"]["message"]


def test_a_request_that_acts_needs_a_key(psp: Sandbox) -> None:
    assert psp.call("POST", "/v1/charges", charge_body(new_order())).status == 400


def test_flaky_fails_twice_per_key_then_captures(psp: Sandbox) -> None:
    order = new_order()
    assert [charge(psp, order, "pm_flaky_2").status for _ in range(4)] == [503, 503, 201, 201]
    assert len(charges_of(psp, order)) == 1


@pytest.mark.parametrize(("method", "captured"), [("pm_timeout_after_capture", 1), ("pm_timeout_before_capture", 0)])
def test_timeouts_never_answer_and_the_lookup_tells_what_happened(psp: Sandbox, method: str, captured: int) -> None:
    order = new_order()
    for _ in range(2):
        with pytest.raises(TimeoutError):
            charge(psp, order, method, patience_s=0.3)
    assert len(look_up(psp, order)) == captured
    assert len(charges_of(psp, order)) == captured


def test_a_closed_key_never_captures(psp: Sandbox) -> None:
    order = new_order()
    assert look_up(psp, order, close=True) == []
    for method in ("pm_card_ok", "pm_timeout_after_capture"):
        refused = charge(psp, order, method)
        assert (refused.status, refused.body["error"]["code"]) == (409, "key_closed")
    assert charges_of(psp, order) == []


def test_closing_leaves_a_captured_key_as_it_is(psp: Sandbox) -> None:
    order = new_order()
    made = charge(psp, order).body["id"]
    found = look_up(psp, order, close=True)
    assert [(entry["id"], entry["refunded_minor"]) for entry in found] == [(made, 0)]
    assert charge(psp, order).status == 201


def test_a_charge_under_way_when_its_key_is_closed_is_not_captured(psp: Sandbox) -> None:
    order = new_order()
    psp.script(operation="charge", match={"order_id": order}, action="delay", delay_ms=400, times=1)
    with ThreadPoolExecutor(1) as pool:
        under_way = pool.submit(charge, psp, order)
        while not psp.call("GET", f"/v1/calls?key={order}:capture-payment").body:
            assert not under_way.done()
        assert look_up(psp, order, close=True) == []
        refused = under_way.result()
    assert (refused.status, refused.body["error"]["code"]) == (409, "key_closed")
    assert charges_of(psp, order) == []


def test_refunds_give_back_once_per_key_and_never_more_than_was_captured(psp: Sandbox) -> None:
    order = new_order()
    charge_id = charge(psp, order).body["id"]
    body = {"charge_id": charge_id, "amount_minor": 1000}
    first, again = (psp.call("POST", "/v1/refunds", body, key=f"{order}:undo") for _ in range(2))
    assert (first.status, first.body["amount_minor"]) == (201, 1000)
    assert again == first
    over = psp.call("POST", "/v1/refunds", {"charge_id": charge_id, "amount_minor": 501}, key=f"{order}:undo2")
    assert (over.status, over.body["error"]["code"]) == (409, "over_refund")
    assert [entry["refunded_minor"] for entry in look_up(psp, order)] == [1000]
    ledger = psp.call("GET", "/v1/ledger").body
    assert [(r["order_id"], r["amount_minor"]) for r in ledger["refunds"] if r["charge_id"] == charge_id] == [
        (order, 1000)
    ]


def test_refunds_of_nothing_and_refunds_that_fail(psp: Sandbox) -> None:
    order = new_order()
    unknown = psp.call("POST", "/v1/refunds", {"charge_id": "ch_none", "amount_minor": 1}, key=f"{order}:undo")
    assert unknown.status == 404
    charge_id = charge(psp, order, "pm_refund_fails").body["id"]
    for _ in range(2):
        failed = psp.call("POST", "/v1/refunds", {"charge_id": charge_id, "amount_minor": 1}, key=f"{order}:undo")
        assert failed.status == 500


def test_fault_scripts_strike_what_they_match_as_often_as_they_say(psp: Sandbox) -> None:
    order, other = new_order(), new_order()
    psp.script(operation="charge", match={"order_id": order}, action="error", status=500, times=1)
    psp.script(operation="charge", match={"order_id": order}, action="reject", code="scripted_decline", times=1)
    psp.script(operation="lookup", match={"order_id": order}, action="error", times=1)
    assert charge(psp, other).status == 201
    assert charge(psp, order).status == 500
    declined = charge(psp, order)
    assert (declined.status, declined.body["error"]["code"]) == (402, "scripted_decline")
    assert charge(psp, order) == declined
    assert psp.call("GET", f"/v1/charges?idempotency_key={order}:capture-payment").status == 503
    assert look_up(psp, order) == []
    assert [rule["remaining"] for rule in psp.call("GET", "/v1/faults").body["faults"]] == [0, 0, 0]


def test_a_scripted_black_hole_after_the_act_is_found_by_its_key(psp: Sandbox) -> None:
    order = new_order()
    psp.script(operation="charge", match={"order_id": order}, action="act_then_black_hole", times=1)
    with pytest.raises(TimeoutError):
        charge(psp, order, patience_s=0.3)
    assert charge(psp, order).status == 201
    assert len(charges_of(psp, order)) == 1


@pytest.mark.parametrize(
    "rule",
    [
        {"operation": "email", "action": "error", "times": 1},
        {"operation": "charge", "action": "explode", "times": 1},
        {"operation": "charge", "action": "delay", "times": 1},
        {"operation": "charge", "action": "error", "times": 0},
        {"operation": "charge", "action": "error", "times": 1, "match": {"colour": "red"}},
        {"operation": "charge", "action": "error", "times": 1, "surprise": 1},
    ],
)
def test_a_rule_that_could_never_work_is_refused(psp: Sandbox, rule: dict[str, Any]) -> None:
    assert psp.call("POST", "/v1/faults", rule).status == 422


def test_every_call_is_logged_with_its_key_and_status(psp: Sandbox) -> None:
    order = new_order()
    charge(psp, order, "pm_card_declined")
    look_up(psp, order)
    logged = psp.call("GET", f"/v1/calls?key={order}:capture-payment").body
    assert [(call["method"], call["path"], call["status"]) for call in logged] == [
        ("POST", "/v1/charges", 402),
        ("GET", "/v1/charges", 200),
    ]
    assert logged[0]["n"] < logged[1]["n"]


def test_what_was_answered_outlives_a_kill_and_no_key_captures_twice(tmp_path: Path) -> None:
    psp = Sandbox("psp", tmp_path / "psp.db")
    psp.start()
    psp.script(operation="charge", match={"order_id": "kept"}, action="error", times=5)
    orders = [new_order() for _ in range(400)]

    def attempt(order: str) -> Reply | None:
        if order == orders[200]:
            psp.kill()
        try:
            return charge(psp, order)
        except OSError:
            return None

    with ThreadPoolExecutor(16) as pool:
        before = dict(zip(orders, pool.map(attempt, orders), strict=True))
    answered = {order: reply.body["id"] for order, reply in before.items() if reply is not None}
    assert 100 < len(answered) < len(orders)
    psp.start()
    kept = {entry["order_id"]: entry["id"] for entry in psp.call("GET", "/v1/ledger").body["charges"]}
    assert answered.items() <= kept.items()
    with ThreadPoolExecutor(16) as pool:
        after = [reply.body["id"] for reply in pool.map(lambda order: charge(psp, order), orders)]
    ledger = psp.call("GET", "/v1/ledger").body["charges"]
    assert sorted(entry["order_id"] for entry in ledger) == sorted(orders)
    assert {**kept}.items() <= dict(zip(orders, after, strict=True)).items()
    assert [rule["remaining"] for rule in psp.call("GET", "/v1/faults").body["faults"]] == [5]
    assert psp.terminate() == 0
