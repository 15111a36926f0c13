"""Local functions that definitions may call: pure, quick, and total over whatever data a saga is started with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from orchestrator.core.events import Json
from orchestrator.core.scope import Compute, Refused, Scope

_MOST_UNITS = 2**31 - 1
"""What the 32 bits of a unit count can hold in the commands."""
UNUSUAL_QUANTITY = "unusual-quantity"
_SHOWN = ("sku", "quantity")
_MOST_NAMED = 20
"""How many lines of an order are named as unusual: their list is a part of the order's state."""


def _invalid(field: str, problem: str) -> Refused:
    return Refused("invalid_order", f"{field}: {problem}")


def _text(order: Json, field: str) -> str:
    value = order.get(field)
    if not isinstance(value, str) or not value:
        raise _invalid(field, "must be a text that is not empty")
    return value


def _positive(line: Any, index: int, field: str) -> int:
    value = line.get(field) if isinstance(line, dict) else None
    if not isinstance(value, int) or isinstance(value, bool) or value <= 0:
        raise _invalid(f"lines[{index}].{field}", "must be a whole number above zero")
    return value


def validate_order(scope: Scope) -> Json:
    """Check an order as it came off the log; the gateway is not its only source. Raises Refused naming the field.

    What is unusual in an order that is valid is in `exceptions`; an order without has none.
    """
    order = scope.input
    for field in ("order_id", "customer_id", "payment_method"):
        _text(order, field)
    limits = scope.parameters.get("approval_limits_minor", {})
    limit = limits.get(_text(order, "currency"))
    if limit is None:
        raise _invalid("currency", f"must be one of {', '.join(sorted(limits))}")
    lines = order.get("lines")
    if not isinstance(lines, list) or not lines:
        raise _invalid("lines", "must hold at least one line")
    units = total = 0
    for index, line in enumerate(lines):
        quantity = _positive(line, index, "quantity")
        if not isinstance(line.get("sku"), str) or not line["sku"]:
            raise _invalid(f"lines[{index}].sku", "must be a text that is not empty")
        units += quantity
        total += quantity * _positive(line, index, "unit_price_minor")
    if units > _MOST_UNITS:
        raise _invalid("lines", f"hold {units} units; at most {_MOST_UNITS} are possible")
    if order.get("total_minor") != total:
        raise _invalid("total_minor", f"is {order.get('total_minor')}, but the lines add up to {total}")
    shipping = order.get("shipping")
    if not isinstance(shipping, dict) or shipping.get("method") not in ("standard", "express"):
        raise _invalid("shipping.method", "must be standard or express")
    for field in ("country", "address"):
        _text(shipping, field)
    checked = {"units": units, "approval_limit_minor": limit}
    unusual = _unusual(lines, scope.parameters.get("unusual_quantity"))
    return {**checked, "exceptions": unusual} if unusual else checked


def _unusual(lines: list[Json], most: int | None) -> list[Json]:
    """Return the lines of more than `most` units, as a person is to see them."""
    if most is None:
        return []
    found = [number for number, line in enumerate(lines) if line["quantity"] > most]
    return [
        {"rule": UNUSUAL_QUANTITY, "line": number, **{name: lines[number][name] for name in _SHOWN}, "limit": most}
        for number in found[:_MOST_NAMED]
    ]


def assign_warehouse(scope: Scope) -> Json:
    """Assign the warehouse that the reservation was made in."""
    return {"warehouse_id": scope.context["lock-inventory"]["warehouse_id"]}


FUNCTIONS: Mapping[str, Compute] = {
    "orders.validate": validate_order,
    "orders.assign_warehouse": assign_warehouse,
}
"""Local functions by the name a definition uses."""
