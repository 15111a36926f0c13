"""The carrier and message sandboxes: dispatch and send once per key, behave by input, deliver in time."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from itertools import count
from typing import Any

import pytest

from tests.contract.sandboxes.process import Reply, Sandbox

_ORDERS = count(1)


def new_order() -> str:
    """Return an order id no other test has."""
    return f"ord_other{next(_ORDERS)}"


def dispatch(carrier: Sandbox, order: str, address: str = "1 High St", **more: Any) -> Reply:
    """Dispatch an order under its key."""
    body = {"order_id": order, "service": "standard", "country": "United Kingdom", "address": address, "parcels": 1}
    return carrier.call("POST", "/v1/shipments", body, key=f"{order}:ship", **more)


def shipments_of(carrier: Sandbox, order: str) -> list[dict[str, Any]]:
    """Return the order's shipments in the ledger."""
    return [s for s in carrier.call("GET", "/v1/ledger").body["shipments"] if s["order_id"] == order]


def wait_for_delivery(carrier: Sandbox, order: str) -> dict[str, Any]:
    """Return the delivery of an order as soon as the feed has it."""
    deadline = time.monotonic() + 60
    after = 0
    while time.monotonic() < deadline:
        events: list[dict[str, Any]] = carrier.call("GET", f"/v1/events?after={after}&limit=100").body["events"]
        for event in events:
            after = event["n"]
            if event["order_id"] == order:
                return event
        time.sleep(0.05)
    raise AssertionError(f"{order} was not delivered")


def test_a_key_dispatches_once_and_the_shipment_is_delivered(carrier: Sandbox) -> None:
    order = new_order()
    first, again = dispatch(carrier, order), dispatch(carrier, order)
    assert first.status == 201
    assert again == first
    assert {"id", "tracking_number", "label_id", "service"} == first.body.keys()
    assert dispatch(carrier, order, address="elsewhere").status == 409
    delivered = wait_for_delivery(carrier, order)
    assert (delivered["shipment_id"], delivered["type"]) == (first.body["id"], "delivered")
    assert [s["status"] for s in shipments_of(carrier, order)] == ["delivered"]
    late = carrier.call("POST", f"/v1/shipments/{first.body['id']}/cancel", key=f"{order}:undo")
    assert (late.status, late.body["error"]["code"]) == (409, "already_delivered")


def test_a_cancelled_shipment_stays_cancelled(carrier: Sandbox) -> None:
    order = new_order()
    shipment_id = dispatch(carrier, order, address="NEVER-DELIVERED").body["id"]
    for key in ("undo", "undo", "undo2"):
        cancelled = carrier.call("POST", f"/v1/shipments/{shipment_id}/cancel", key=f"{order}:{key}")
        assert cancelled == Reply(200, {"id": shipment_id, "status": "cancelled"})
    assert carrier.call("POST", "/v1/shipments/none/cancel", key=f"{order}:undo").status == 404
    found = carrier.call("GET", f"/v1/shipments?idempotency_key={order}:ship").body["shipments"]
    assert [s["status"] for s in found] == ["cancelled"]


def test_addresses_decide_what_the_carrier_does(carrier: Sandbox) -> None:
    rejected, down, silent = new_order(), new_order(), new_order()
    refusal = dispatch(carrier, rejected, "REJECT-ADDRESS 1")
    assert (refusal.status, refusal.body["error"]["code"]) == (422, "address_rejected")
    assert [dispatch(carrier, down, "CARRIER-DOWN").status for _ in range(2)] == [503, 503]
    with pytest.raises(TimeoutError):
        dispatch(carrier, silent, "CARRIER-TIMEOUT", patience_s=0.3)
    assert [len(shipments_of(carrier, order)) for order in (rejected, down, silent)] == [0, 0, 1]


def test_a_closed_key_never_dispatches(carrier: Sandbox) -> None:
    order = new_order()
    path = f"/v1/shipments?idempotency_key={order}:ship&close=true"
    assert carrier.call("GET", path).body == {"shipments": []}
    refused = dispatch(carrier, order)
    assert (refused.status, refused.body["error"]["code"]) == (409, "key_closed")
    assert shipments_of(carrier, order) == []


def test_scripts_strike_tracking_and_cancellation(carrier: Sandbox) -> None:
    order = new_order()
    shipment_id = dispatch(carrier, order, address="NEVER-DELIVERED").body["id"]
    carrier.script(operation="cancel", match={"order_id": order}, action="error", status=502, times=1)
    carrier.script(operation="track", action="error", times=1)
    path = f"/v1/shipments/{shipment_id}/cancel"
    assert [carrier.call("POST", path, key=f"{order}:undo").status for _ in range(2)] == [502, 200]
    assert [carrier.call("GET", "/v1/events").status for _ in range(2)] == [503, 200]


def message(order: str, channel: str, to: str = "17850") -> dict[str, str]:
    """Return a message to a customer."""
    return {"key": f"{order}:confirm-order:{channel}", "to": to, "template": "confirmed", "order_id": order}


def send(messages: Sandbox, channel: str, *batch: dict[str, str]) -> list[tuple[str, str | None]]:
    """Send a batch and return status and code of each message."""
    reply = messages.call("POST", f"/v1/{channel}/messages", {"messages": batch})
    assert reply.status == 200, reply
    return [(result["status"], result.get("code")) for result in reply.body["results"]]


def test_each_message_is_sent_once_however_often_its_batch_comes(messages: Sandbox) -> None:
    order, other = new_order(), new_order()
    sent = ("sent", None)
    assert send(messages, "email", message(order, "email")) == [sent]
    assert send(messages, "email", message(order, "email"), message(other, "email")) == [sent, sent]
    assert send(messages, "sms", message(order, "sms")) == [sent]
    outbox = messages.call("GET", f"/v1/outbox?order_id={order}").body["messages"]
    assert [(entry["channel"], entry["template"]) for entry in outbox] == [("email", "confirmed"), ("sms", "confirmed")]
    changed = {**message(order, "email"), "template": "other"}
    assert send(messages, "email", changed) == [("refused", "key_reused")]


def test_a_refused_message_does_not_hold_up_its_batch(messages: Sandbox) -> None:
    order, other = new_order(), new_order()
    messages.script(operation="push", match={"order_id": other}, action="reject", code="unreachable", times=1)
    bounced = message(order, "push", to="BOUNCE@example.com")
    results = send(messages, "push", bounced, message(other, "push"), message(new_order(), "push"))
    assert results == [("refused", "bounced"), ("refused", "unreachable"), ("sent", None)]
    assert messages.call("GET", f"/v1/outbox?order_id={order}").body == {"messages": []}


def test_a_batch_has_bounds(messages: Sandbox) -> None:
    order = new_order()
    assert messages.call("POST", "/v1/email/messages", {"messages": []}).status == 422
    assert messages.call("POST", "/v1/email/messages", {"messages": [message(order, "x")] * 501}).status == 422
    assert messages.call("POST", "/v1/pigeon/messages", {"messages": [message(order, "x")]}).status == 404


@pytest.mark.parametrize("name", ["psp", "carrier", "messages"])
def test_a_sandbox_without_settings_names_them(name: str) -> None:
    environment = {name: value for name, value in os.environ.items() if name not in {"PORT", "SANDBOX_DATABASE"}}
    command = [sys.executable, "-m", f"services.sandboxes.{name}"]
    ended = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=90, check=False)
    assert ended.returncode == 2
    assert "SANDBOX_DATABASE" in ended.stderr
    assert "PORT" in ended.stderr


def quote(carrier: Sandbox, name: str, order: str = "ord_quote", **wanted: Any) -> Reply:
    """Ask one carrier for a price."""
    body = {
        "order_id": order,
        "carrier": name,
        "method": "standard",
        "country": "United Kingdom",
        "parcels": 2,
        **wanted,
    }
    return carrier.call("POST", "/v1/quotes", body, patience_s=2.0)


def test_each_carrier_is_the_cheapest_for_somebody_and_quotes_the_same_every_time(carrier: Sandbox) -> None:
    def cheapest(**wanted: Any) -> str:
        offers = [quote(carrier, name, **wanted).body for name in ("albion", "harrier", "meridian")]
        return str(min(offers, key=lambda offer: offer["amount_minor"])["carrier"])

    assert quote(carrier, "albion") == Reply(
        200, {"carrier": "albion", "amount_minor": 630, "currency": "GBP", "days": 3}
    )
    assert quote(carrier, "albion") == quote(carrier, "albion", order="another")
    assert [cheapest(), cheapest(parcels=20), cheapest(country="France")] == ["albion", "harrier", "meridian"]
    assert quote(carrier, "nobody").body["error"]["code"] == "unknown_carrier"


def test_one_carrier_can_be_silent_while_the_others_quote(carrier: Sandbox) -> None:
    carrier.script(operation="quote", match={"carrier": "meridian"}, action="black_hole", times=1)
    with pytest.raises(TimeoutError):
        quote(carrier, "meridian")
    assert quote(carrier, "albion").status == 200
    assert quote(carrier, "meridian").status == 200
