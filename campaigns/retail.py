"""The packaged real orders: invoices of a UK shop, and how one becomes an order over HTTP."""

from __future__ import annotations

import csv
import gzip
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

EXTRACT = Path(__file__).parent / "data" / "online-retail-2010-12.csv.gz"

DEMO_CLEAN = 28
"""How many faultless invoices the demonstration posts."""

_PRODUCT = re.compile(r"\d{5}[A-Za-z]*")
_SPACES = re.compile(r"\s+")
_PENNY = Decimal("0.01")
_HOME = "United Kingdom"


@dataclass(frozen=True, slots=True)
class Item:
    """One line of an invoice, as it is in the file."""

    sku: str
    description: str
    quantity: int
    unit_price: Decimal


@dataclass(frozen=True, slots=True)
class Invoice:
    """One invoice: its lines in their order, and whatever is wrong with it, by short names; empty means faultless."""

    number: str
    customer_id: str
    country: str
    items: tuple[Item, ...]
    faults: frozenset[str]


def read_invoices(path: Path = EXTRACT) -> Sequence[Invoice]:
    """Return every invoice of the extract in the order of the file."""
    rows: dict[str, list[dict[str, str]]] = {}
    with gzip.open(path) as file:
        for row in csv.DictReader(io.TextIOWrapper(file, encoding="utf-8", newline="")):
            rows.setdefault(row["InvoiceNo"], []).append(row)
    return [_invoice(number, lines) for number, lines in rows.items()]


def _invoice(number: str, rows: Sequence[dict[str, str]]) -> Invoice:
    items = tuple(
        Item(row["StockCode"], row["Description"], int(row["Quantity"]), Decimal(row["UnitPrice"])) for row in rows
    )
    customer_id = next((row["CustomerID"] for row in rows if row["CustomerID"]), "")
    return Invoice(number, customer_id, rows[0]["Country"], items, frozenset(_faults(number, customer_id, items)))


def _faults(number: str, customer_id: str, items: Sequence[Item]) -> Iterator[str]:
    if number.startswith("C"):
        yield "cancelled invoice"
    if not customer_id:
        yield "missing customer"
    for item in items:
        if item.unit_price <= 0:
            yield "zero price"
        if item.quantity <= 0:
            yield "negative quantity"
        if not _PRODUCT.fullmatch(item.sku):
            yield f"no product: {item.sku}"


def order_of(invoice: Invoice, payment_method: str = "pm_card_ok", *, merged: bool = False) -> dict[str, Any]:
    """Return the invoice as the body of POST /v1/orders, faults included; `merged` adds up lines of the same product.

    An absent customer is an absent field. Prices are decimal texts in pounds.
    """
    items = _merge(invoice.items) if merged else invoice.items
    order: dict[str, Any] = {
        "currency": "GBP",
        "total": str(sum((item.quantity * item.unit_price for item in items), Decimal(0)).quantize(_PENNY)),
        "payment_method": payment_method,
        "lines": [
            {
                "sku": item.sku,
                "description": _SPACES.sub(" ", item.description).strip(),
                "quantity": item.quantity,
                "unit_price": str(item.unit_price.quantize(_PENNY)),
            }
            for item in items
        ],
        "shipping": {
            "method": "standard" if invoice.country == _HOME else "express",
            "country": invoice.country,
            "address": f"Customer {invoice.customer_id or 'unknown'}, {invoice.country}",
        },
        "reference": invoice.number,
    }
    if invoice.customer_id:
        order["customer_id"] = invoice.customer_id
    return order


def _merge(items: Sequence[Item]) -> Sequence[Item]:
    """Add up lines of the same product at the same price; another price stays a line of its own."""
    merged: dict[tuple[str, Decimal], Item] = {}
    for item in items:
        known = merged.get((item.sku, item.unit_price))
        quantity = item.quantity + (known.quantity if known is not None else 0)
        merged[item.sku, item.unit_price] = Item(item.sku, item.description, quantity, item.unit_price)
    return list(merged.values())


def demo_invoices(invoices: Sequence[Invoice]) -> Sequence[Invoice]:
    """Return the first faultless invoices and the first of each kind of fault, in the order of the file."""
    chosen: list[Invoice] = []
    clean = 0
    seen: set[frozenset[str]] = set()
    for invoice in invoices:
        if not invoice.faults:
            clean += 1
            if clean <= DEMO_CLEAN:
                chosen.append(invoice)
        elif invoice.faults not in seen:
            seen.add(invoice.faults)
            chosen.append(invoice)
    return chosen
