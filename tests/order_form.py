"""The order that tests send."""

from __future__ import annotations

from typing import Any


def form(**changes: Any) -> dict[str, Any]:
    """Return an order of customer 17850 without fault, with changes."""
    return {
        "customer_id": "17850",
        "currency": "GBP",
        "total": "15.30",
        "payment_method": "pm_card_ok",
        "lines": [{"sku": "85123A", "description": "HEART", "quantity": 6, "unit_price": "2.55"}],
        "shipping": {"method": "standard", "country": "United Kingdom", "address": "1 High St"},
        "reference": "536365",
    } | changes
