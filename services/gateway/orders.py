"""The form of an order over HTTP, what is wrong with one, and the saga data it becomes. Pure."""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from schemas.personal_data import is_reference
from services.gateway.fields import FieldError, Fields, money_text
from services.gateway.keyed_ids import keyed_id

DEFINITION = "order-fulfillment"
PROCESSES = frozenset({DEFINITION, "order-fulfillment-payment-first"})
"""The definitions that can fulfil an order."""
MAX_QUANTITY = 1_000_000
_ORDER_FIELDS = frozenset(
    {"customer_id", "currency", "total", "payment_method", "lines", "shipping", "reference", "process"}
)
_LINE_FIELDS = frozenset({"sku", "description", "quantity", "unit_price"})
_SHIPPING_FIELDS = frozenset({"method", "country", "address"})
_SHIPPING_METHODS = frozenset({"standard", "express"})
_SKU = re.compile(r"(?=.*[0-9])[A-Za-z0-9][A-Za-z0-9._-]*")
_NOT_PRODUCTS = frozenset({"C2"})
_CUSTOMER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]*")
_PAYMENT_METHOD = re.compile(r"[a-z][a-z0-9_]*")


class Accepted(NamedTuple):
    """An order without fault: the saga data but for its `order_id`, and the definition that is to fulfil it."""

    data: dict[str, Any]
    process: str = DEFINITION


class Refused(NamedTuple):
    """An order with faults, each named."""

    errors: list[FieldError]


def order_id_of(client: str, idempotency_key: str) -> str:
    """Return the order id that a client's key stands for: `ord_` and 26 characters of base32."""
    return keyed_id("ord_", client, idempotency_key)


def _line(document: object, path: str, errors: list[FieldError]) -> dict[str, Any]:
    line = Fields(document, errors, path, _LINE_FIELDS)
    sku = line.pattern("sku", 64, _SKU, "is not a product code: letters, digits, . _ -, with at least one digit")
    if sku in _NOT_PRODUCTS:
        line.wrong("sku", "is a code for carriage, not for a product")
    return {
        "sku": sku,
        "description": line.text("description", 256, required=False),
        "quantity": line.count("quantity", MAX_QUANTITY),
        "unit_price_minor": line.money("unit_price"),
    }


def _shipping(document: object, errors: list[FieldError]) -> dict[str, Any]:
    shipping = Fields(document, errors, "shipping", _SHIPPING_FIELDS)
    address = shipping.text("address", 512)
    if is_reference(address):
        shipping.wrong("address", "must not begin as references to personal data do")
    return {
        "method": shipping.choice("method", _SHIPPING_METHODS),
        "country": shipping.text("country", 64),
        "address": address,
    }


def read_order(document: object, currencies: frozenset[str]) -> Accepted | Refused:
    """Read the HTTP form of an order; every fault is named, not only the first."""
    errors: list[FieldError] = []
    order = Fields(document, errors, "", _ORDER_FIELDS)
    if not isinstance(document, dict):
        return Refused(errors)
    customer_id = order.pattern("customer_id", 64, _CUSTOMER, "must be letters, digits, . _ @ -")
    currency = order.choice("currency", currencies)
    total = order.money("total")
    method = order.pattern("payment_method", 64, _PAYMENT_METHOD, "must be lower-case letters, digits and _")
    lines = [_line(line, f"lines[{n}]", errors) for n, line in enumerate(order.objects("lines"))]
    shipping = order.inner("shipping")
    shipping_data = _shipping(shipping, errors) if shipping is not None else {}
    reference = order.text("reference", 64, required=False)
    process = order.choice("process", PROCESSES) if document.get("process") is not None else DEFINITION
    if errors:
        return Refused(errors)
    added_up = sum(line["quantity"] * line["unit_price_minor"] for line in lines)
    if added_up != total:
        return Refused([FieldError("total", f"is {money_text(total)}, but the lines add up to {money_text(added_up)}")])
    return Accepted(
        {
            "customer_id": customer_id,
            "currency": currency,
            "total_minor": total,
            "payment_method": method,
            "lines": lines,
            "shipping": shipping_data,
            "reference": reference or None,
        },
        process,
    )


def lines_form(lines: list[Any]) -> list[dict[str, Any]]:
    """Return the lines of saga data as they are shown over HTTP.

    What is no line is left out: a saga of an order's process may be started with any data, to be revoked at once.
    """
    shown = []
    for line in lines:
        match line:
            case {"sku": str(sku), "quantity": int(quantity), "unit_price_minor": int(price)}:
                description = line.get("description")
                text = description if isinstance(description, str) else ""
                price_text = money_text(price)
                shown.append({"sku": sku, "description": text, "quantity": quantity, "unit_price": price_text})
            case _:
                pass
    return shown
