"""The carrier as shipping sees it: quote, dispatch, look up, cancel, listen."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from services.participant.client import Answer, Client, NoAnswer, NotSent, Trouble, error_of, id_of
from services.participant.job import FeedPage
from services.participant.keyed import Absent, Found, Verdict
from services.participant.outcome import Done, Failed, Outcome, rejected, transient, unavailable

QUOTED = "shipping.ShipmentQuoted"
SHIPPED = "shipping.OrderShipped"
CANCELLED = "shipping.ShipmentCancelled"
NOTHING_TO_CANCEL = Done(CANCELLED, {"cancelled": False}, undid=False)
PAGE = 500


async def ask_price(carrier: Client, key: str, fields: Mapping[str, Any]) -> Outcome:
    """Ask for a price. Nothing happens at the carrier, so a question without an answer is simply put again."""
    names = ("order_id", "carrier", "method", "country", "parcels")
    reply = await carrier.call("POST", "/v1/quotes", key, {name: fields[name] for name in names})
    match reply:
        case Answer(200, {"amount_minor": int(amount), "currency": str(currency), "days": int(days)}):
            return Done(
                QUOTED, {"carrier": fields["carrier"], "amount_minor": amount, "currency": currency, "days": days}
            )
        case Answer(200, _):
            return transient("provider_trouble", "the carrier answered a quote without a price")
        case Answer(status, answered):
            return _refused(status, answered)
        case NotSent(retry_after_ms, code):
            return unavailable(retry_after_ms, code)
        case Trouble(detail) | NoAnswer(detail):
            return transient("provider_trouble", "the carrier gave no quote", detail)


async def dispatch(carrier: Client, key: str, fields: Mapping[str, Any]) -> Verdict:
    """Get a label and hand the parcels over, once under the key."""
    body = {
        "order_id": fields["order_id"],
        "service": fields["method"],
        "country": fields["country"],
        "address": fields["address"],
        "parcels": fields["parcels"],
    }
    reply = await carrier.call("POST", "/v1/shipments", key, body)
    match reply:
        case Answer(201, answered):
            return _shipped(answered)
        case Answer(status, answered):
            return _refused(status, answered)
        case other:
            return other


async def find_shipment(carrier: Client, key: str, close: bool) -> Found:
    """Return what the key dispatched; with `close`, a key that dispatched nothing never will."""
    path = f"/v1/shipments?idempotency_key={quote(key, safe='')}" + ("&close=true" if close else "")
    reply = await carrier.call("GET", path)
    match reply:
        case Answer(200, {"shipments": []}):
            return Absent()
        case Answer(200, {"shipments": [found, *_]}):
            return _shipped(found)
        case Answer(status, _):
            return Trouble(f"the look-up answered {status}")
        case other:
            return other


async def cancel(carrier: Client, key: str, shipped: Done) -> Verdict:
    """Cancel a shipment; repeated, it gets the same answer."""
    shipment_id = shipped.fields["shipment_id"]
    reply = await carrier.call("POST", f"/v1/shipments/{quote(shipment_id, safe='')}/cancel", key)
    match reply:
        case Answer(200, _):
            return Done(CANCELLED, {"cancelled": True}, dict(shipped.fields))
        case Answer(status, answered):
            return _refused(status, answered)
        case other:
            return other


async def deliveries(carrier: Client, after: int) -> FeedPage:
    """Return the deliveries after number `after`; none if the carrier does not say."""
    body = await carrier.peek(f"/v1/events?after={after}&limit={PAGE}")
    found = body.get("events") if isinstance(body, dict) else None
    if not isinstance(found, list):
        return FeedPage(after, after, ())
    events = [event for event in found if _is_delivery(event)]
    numbers = [event["n"] for event in found if isinstance(event, dict) and isinstance(event.get("n"), int)]
    return FeedPage(after, max(numbers, default=after), events)


def _is_delivery(event: Any) -> bool:
    return (
        id_of(event, "shipment_id") is not None
        and id_of(event, "order_id") is not None
        and event.get("type") == "delivered"
        and isinstance(event.get("at_ms"), int)
    )


def _shipped(answered: Any) -> Done | NoAnswer:
    shipment_id, label_id, tracking = (id_of(answered, name) for name in ("id", "label_id", "tracking_number"))
    if shipment_id is None or label_id is None or tracking is None:
        return NoAnswer("the carrier answered a shipment without its ids")
    facts = {"status": str(answered.get("status", "active"))}
    return Done(SHIPPED, {"shipment_id": shipment_id, "label_id": label_id, "tracking_number": tracking}, facts)


def _refused(status: int, answered: Any) -> Failed:
    code, message = error_of(answered)
    if code == "key_closed":
        return rejected("superseded_by_undo", "the carrier refuses the key: the shipment was cancelled before")
    return rejected(code, f"the carrier answered {status}: {message}")
