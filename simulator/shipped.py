"""What shipped definitions are tried with: inputs that lead them every way, and what shipped participants answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from orchestrator.core.events import Json

_CHARGE: Json = {"charge_id": "ch_1", "amount_minor": 5_000, "currency": "GBP"}
_LOADED: Json = {"batch": "ba_1", "rows": 1, "quantity": 6, "amount_minor": 1_530}

RESULTS: Mapping[str, Json] = {
    "inventory.LockInventory": {"reservation_id": "res_1", "warehouse_id": "WH-1", "allocations": []},
    "inventory.DeductInventory": {"deducted_units": 1},
    "payment.CapturePayment": _CHARGE,
    "shipping.QuoteShipment": {"carrier": "albion", "amount_minor": 700, "currency": "GBP", "days": 2},
    "shipping.PickOrder": {"pick_id": "pi_1"},
    "shipping.PackOrder": {"package_id": "pa_1", "parcels": 1},
    "shipping.ShipOrder": {"shipment_id": "sh_1", "tracking_number": "T1", "label_id": "L1"},
    "notification.NotifyCustomer": {"delivered": ["email"], "refused": []},
    "tasks.Extract": {"batch": "ba_1", "rows": 1},
    "tasks.Transform": _LOADED,
    "tasks.Load": _LOADED,
    "tasks.PriceLine": {"sku": "85123A", "quantity": 6, "amount_minor": 1_530},
    "tasks.Reserve": {"reservation_id": "rs_1", "resource": "budget", "quantity": 1},
    "reporting.ProduceDailyReport": {"date": "2026-11-20", "orders": 1},
}
"""What the shipped participants answer, by command."""


def _order(method: str, total_minor: int, quantity: int = 1) -> Json:
    line = {"sku": "85123A", "description": "a lantern", "quantity": quantity}
    return {
        "order_id": "ord_x",
        "customer_id": "17850",
        "currency": "GBP",
        "total_minor": total_minor,
        "payment_method": "pm_card_ok",
        "lines": [{**line, "unit_price_minor": total_minor // quantity}],
        "shipping": {"method": method, "country": "United Kingdom", "address": "1 High Street"},
        "reference": "536365",
    }


_ORDERS: Mapping[str, Json] = {
    "standard, within the limit": _order("standard", 5_000),
    "standard, above the limit": _order("standard", 10_001),
    "express, within the limit": _order("express", 5_000),
    "express, of an unusual quantity": _order("express", 2_500, 2_500),
}


def _purchase(amount_minor: int) -> Json:
    return {
        "purchase_id": "pur_x",
        "requester": "17850",
        "amount_minor": amount_minor,
        "currency": "GBP",
        "payment_method": "pm_card_ok",
    }


_LINE: Json = {"sku": "85123A", "quantity": 6, "unit_price_minor": 255}

INPUTS: Mapping[str, Mapping[str, Json]] = {
    "order-fulfillment": _ORDERS,
    "order-fulfillment-payment-first": _ORDERS,
    "two-approver-chain": {"small": _purchase(120_000), "large": _purchase(600_000)},
    "basket": {"empty": {"lines": []}, "one line": {"lines": [_LINE]}, "two lines": {"lines": [_LINE, _LINE]}},
}
"""Inputs of shipped definitions, by the way that they lead the saga."""

_SAGA_ID = "$saga_id"


def example_of(document: Any) -> Json | None:
    """Return the input that a document gives as an example of itself."""
    head = document.get("document") if isinstance(document, dict) else None
    metadata = head.get("metadata") if isinstance(head, dict) else None
    example = metadata.get("example") if isinstance(metadata, dict) else None
    if not isinstance(example, dict):
        return None
    return {name: "saga" if value == _SAGA_ID else value for name, value in example.items()}
