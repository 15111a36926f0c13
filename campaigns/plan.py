"""What a campaign will do, drawn from a seed before anything is sent: orders, how they are paid, and who interferes."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum
from itertools import cycle, islice
from typing import Any

from campaigns.retail import Invoice, order_of, read_invoices


class Decision(StrEnum):
    """What the manager says where an order waits for approval."""

    APPROVE = "approve"
    REJECT = "reject"


@dataclass(frozen=True, slots=True)
class Planned:
    """One order to post. `cancel_after_s`: seconds after its acceptance at which somebody asks to cancel it."""

    key: str
    document: Mapping[str, Any]
    decision: Decision = Decision.APPROVE
    cancel_after_s: float | None = None


@dataclass(frozen=True, slots=True)
class Mix:
    """Shares of all orders, each from 0 to 1; what is left is ordinary."""

    declined: float = 0.04
    captured_silently: float = 0.015
    not_captured_silently: float = 0.01
    flaky: float = 0.03
    slow: float = 0.02
    address_refused: float = 0.03
    carrier_silent: float = 0.01
    carrier_down: float = 0.01
    unreachable_customer: float = 0.01
    sold_out: float = 0.02
    cancelled: float = 0.10
    rejected: float = 0.03
    latest_cancel_s: float = 6.0
    """Cancellations come at a random moment from 0 to this many seconds after acceptance."""


_DECLINES = ("pm_card_declined", "pm_insufficient_funds", "pm_fraud_suspected", "pm_credit_limit_exceeded")
_SYNTHETIC_SKUS = ("85123A", "71053", "84406B", "84029G", "84029E", "22752", "21730", "22633", "22632", "84879")


def _draw_from(seed: int) -> random.Random:
    return random.Random(seed)  # noqa: S311 - the same seed must give the same plan; nothing here is secret


def real_orders(count: int, seed: int, mix: Mix, prefix: str) -> Sequence[Planned]:
    """Plan `count` faultless real orders, repeated as re-orders where there are fewer, and every faulty one besides."""
    draw = _draw_from(seed)
    invoices = read_invoices()
    faultless = [invoice for invoice in invoices if not invoice.faults]
    faulty = [invoice for invoice in invoices if invoice.faults]
    planned = [
        _real(invoice, number, draw, mix, prefix) for number, invoice in enumerate(islice(cycle(faultless), count))
    ]
    refused = [Planned(f"{prefix}-faulty-{invoice.number}", order_of(invoice)) for invoice in faulty]
    together = [*planned, *refused]
    draw.shuffle(together)
    return together


def _real(invoice: Invoice, number: int, draw: random.Random, mix: Mix, prefix: str) -> Planned:
    document = order_of(invoice, merged=draw.random() < 0.5)
    return _disturbed(Planned(f"{prefix}-{number}-{invoice.number}", document), draw, mix)


def synthetic_orders(count: int, seed: int, mix: Mix, prefix: str) -> Sequence[Planned]:
    """Plan `count` invented orders of 1 to 8 lines."""
    draw = _draw_from(seed)
    return [_disturbed(Planned(f"{prefix}-{n}", _invented(n, draw)), draw, mix) for n in range(count)]


def _invented(number: int, draw: random.Random) -> Mapping[str, Any]:
    lines: list[dict[str, Any]] = []
    total = 0
    for sku in draw.sample(_SYNTHETIC_SKUS, draw.randint(1, 8)):
        quantity, price_minor = draw.randint(1, 12), draw.randint(1, 900)
        total += quantity * price_minor
        price = str(Decimal(price_minor) / 100)
        lines.append({"sku": sku, "description": "synthetic", "quantity": quantity, "unit_price": price})
    return {
        "customer_id": str(20_000 + number % 500),
        "currency": "GBP",
        "total": str(Decimal(total) / 100),
        "payment_method": "pm_card_ok",
        "lines": lines,
        "shipping": {
            "method": draw.choice(("standard", "express")),
            "country": "United Kingdom",
            "address": f"{draw.randint(1, 99)} High Street",
        },
        "reference": f"synthetic-{number}",
    }


def _disturbed(planned: Planned, draw: random.Random, mix: Mix) -> Planned:
    """Give the order at most one fault of payment, carrier or stock, and independently a person who interferes."""
    document = dict(planned.document)
    faults: Sequence[tuple[float, Mapping[str, Any]]] = (
        (mix.declined, {"payment_method": draw.choice(_DECLINES)}),
        (mix.captured_silently, {"payment_method": "pm_timeout_after_capture"}),
        (mix.not_captured_silently, {"payment_method": "pm_timeout_before_capture"}),
        (mix.flaky, {"payment_method": "pm_flaky_2"}),
        (mix.slow, {"payment_method": "pm_slow_3s"}),
        (mix.address_refused, _address(document, "REJECT-ADDRESS")),
        (mix.carrier_silent, _address(document, "CARRIER-TIMEOUT")),
        (mix.carrier_down, _address(document, "CARRIER-DOWN")),
        (mix.unreachable_customer, {"customer_id": f"BOUNCE-{document.get('customer_id', '')}"}),
        (mix.sold_out, {"lines": [{**line, "sku": "22623"} for line in document["lines"]]}),
    )
    point = draw.random()
    for share, change in faults:
        if point < share:
            document |= change
            break
        point -= share
    decision = Decision.REJECT if draw.random() < mix.rejected else Decision.APPROVE
    cancel = draw.uniform(0, mix.latest_cancel_s) if draw.random() < mix.cancelled else None
    return replace(planned, document=document, decision=decision, cancel_after_s=cancel)


def _address(document: Mapping[str, Any], word: str) -> Mapping[str, Any]:
    return {"shipping": {**document["shipping"], "address": f"{word}, {document['shipping']['address']}"}}
