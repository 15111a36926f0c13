"""Participants as tests script them: the reply to a command, in the published messages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Reply = tuple[str, dict[str, Any]]

SUCCESSES: Mapping[str, Reply] = {
    "inventory.LockInventory": (
        "inventory.InventoryLocked",
        {"reservation_id": "res_1", "warehouse_id": "WH-1", "allocations": []},
    ),
    "inventory.ReleaseInventory": ("inventory.InventoryReleased", {"released_units": 1}),
    "inventory.DeductInventory": ("inventory.InventoryDeducted", {"deducted_units": 1}),
    "inventory.RestockInventory": ("inventory.InventoryRestocked", {"restocked_units": 1}),
    "payment.CapturePayment": (
        "payment.PaymentCaptured",
        {"charge_id": "ch_1", "amount_minor": 5_000, "currency": "GBP"},
    ),
    "payment.RefundPayment": ("payment.PaymentRefunded", {"refund_id": "re_1", "amount_minor": 5_000}),
    "shipping.QuoteShipment": (
        "shipping.ShipmentQuoted",
        {"carrier": "albion", "amount_minor": 500, "currency": "GBP", "days": 3},
    ),
    "shipping.PickOrder": ("shipping.OrderPicked", {"pick_id": "pi_1"}),
    "shipping.PackOrder": ("shipping.OrderPacked", {"package_id": "pa_1", "parcels": 1}),
    "shipping.ShipOrder": (
        "shipping.OrderShipped",
        {"shipment_id": "sh_1", "tracking_number": "T1", "label_id": "L1"},
    ),
    "shipping.CancelShipment": ("shipping.ShipmentCancelled", {"cancelled": True}),
    "notification.NotifyCustomer": ("notification.CustomerNotified", {"delivered": ["email"], "refused": []}),
    "saga.GenericCommand": ("saga.GenericReply", {"data": "{}"}),
}


def reply_meta(command: Mapping[str, Any], at: int = 1) -> dict[str, Any]:
    """Return the meta of a reply to a command."""
    meta = command["meta"]
    repeated = {name: meta[name] for name in ("saga_id", "command_id", "token", "step", "attempt")}
    return {**repeated, "participant": "scripted", "completed_at": at}


def success(name: str, command: Mapping[str, Any], **changes: Any) -> Reply:
    """Return the reply that a command was done."""
    reply, fields = SUCCESSES[name]
    return reply, {"meta": reply_meta(command), **fields, **changes}


def failure(command: Mapping[str, Any], kind: str, code: str, **changes: Any) -> Reply:
    """Return the reply that a command was not done, or perhaps not."""
    fields: dict[str, Any] = {"kind": kind, "code": code, "message": f"{code}.", "causes": [], "retry_after_ms": None}
    return "saga.CommandFailed", {"meta": reply_meta(command), **fields, **changes}
