"""The PSP as payment sees it: charge, look up, refund."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from services.participant.client import Answer, Client, NoAnswer, Trouble, error_of, id_of
from services.participant.keyed import Absent, Found, Verdict
from services.participant.outcome import Done, Failed, rejected

CAPTURED = "payment.PaymentCaptured"
REFUNDED = "payment.PaymentRefunded"
NOTHING_TO_REFUND = Done(REFUNDED, {"refund_id": None, "amount_minor": 0}, undid=False)


async def charge(psp: Client, key: str, fields: Mapping[str, Any]) -> Verdict:
    """Charge once under the key."""
    body = {name: fields[name] for name in ("order_id", "customer_id", "amount_minor", "currency", "payment_method")}
    reply = await psp.call("POST", "/v1/charges", key, body)
    match reply:
        case Answer(201, answered):
            return _captured(answered)
        case Answer(status, answered):
            return _refused(status, answered)
        case other:
            return other


async def find_charge(psp: Client, key: str, close: bool) -> Found:
    """Return what the key captured; with `close`, a key that captured nothing never will."""
    path = f"/v1/charges?idempotency_key={quote(key, safe='')}" + ("&close=true" if close else "")
    reply = await psp.call("GET", path)
    match reply:
        case Answer(200, {"charges": []}):
            return Absent()
        case Answer(200, {"charges": [found, *_]}):
            return _captured(found)
        case Answer(status, _):
            return Trouble(f"the look-up answered {status}")
        case other:
            return other


async def refund(psp: Client, key: str, captured: Done) -> Verdict:
    """Refund a whole charge once under the key."""
    charge_id, amount = captured.fields["charge_id"], captured.fields["amount_minor"]
    reply = await psp.call("POST", "/v1/refunds", key, {"charge_id": charge_id, "amount_minor": amount})
    match reply:
        case Answer(201, answered):
            refund_id = id_of(answered, "id")
            if refund_id is None:
                return NoAnswer("the PSP answered a refund without an id")
            return Done(REFUNDED, {"refund_id": refund_id, "amount_minor": amount}, dict(captured.fields))
        case Answer(status, answered):
            return _refused(status, answered)
        case other:
            return other


def _captured(answered: Any) -> Done | NoAnswer:
    charge_id, currency = id_of(answered, "id"), id_of(answered, "currency")
    if charge_id is None or currency is None or not isinstance(answered.get("amount_minor"), int):
        return NoAnswer("the PSP answered a charge without id, amount or currency")
    fields = {"charge_id": charge_id, "amount_minor": answered["amount_minor"], "currency": currency}
    return Done(CAPTURED, fields)


def _refused(status: int, answered: Any) -> Failed:
    code, message = error_of(answered)
    if code == "key_closed":
        return rejected("superseded_by_undo", "the PSP refuses the key: the payment was undone before")
    return rejected(code, f"the PSP answered {status}: {message}")
