"""Check the books of every settled order: money against shipments, and our tables against the providers' ledgers."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping

from verify.cases import Case, Cases
from verify.evidence import Evidence, Ledgers
from verify.report import Finding, Sum

SHIPPED = ("active", "delivered")
"""States of a shipment that the customer gets."""


def captured_by_order(ledgers: Ledgers) -> Mapping[str, int]:
    """Return what the PSP captured for each order, in minor units."""
    captured: defaultdict[str, int] = defaultdict(int)
    for charge in ledgers.charges:
        captured[charge.order_id] += charge.amount_minor
    return captured


def refunded_by_order(ledgers: Ledgers) -> Mapping[str, int]:
    """Return what the PSP paid back for each order, in minor units."""
    order_of = {charge.charge_id: charge.order_id for charge in ledgers.charges}
    refunded: defaultdict[str, int] = defaultdict(int)
    for refund in ledgers.refunds:
        refunded[order_of.get(refund.charge_id, refund.charge_id)] += refund.amount_minor
    return refunded


def shipped_by_order(ledgers: Ledgers) -> Mapping[str, int]:
    """Return how many shipments of each order the carrier did not cancel."""
    return Counter(shipment.order_id for shipment in ledgers.shipments if shipment.status in SHIPPED)


def money_findings(evidence: Evidence, cases: Cases) -> Iterator[Finding]:
    """Yield orders whose captured minus refunded money is not the price of what shipped, or that were charged twice."""
    captured, refunded = captured_by_order(evidence.ledgers), refunded_by_order(evidence.ledgers)
    shipped = shipped_by_order(evidence.ledgers)
    for case in cases.judged:
        got, back = captured.get(case.saga_id, 0), refunded.get(case.saga_id, 0)
        waits = case.outcome == "WAITING"
        paid = "CapturePayment" in case.standing if waits else shipped.get(case.saga_id, 0)
        owed = case.price_minor if paid else 0
        if got - back != owed:
            net = f"captured {_money(got)} - refunded {_money(back)} = {_money(got - back)}"
            detail = f"{net}; {'paid, by its events,' if waits else 'shipped'} for {_money(owed)}"
            yield Finding("money", (case.saga_id,), detail)
    yield from _charges(evidence.ledgers)
    for order_id in sorted((captured.keys() | shipped.keys()) - cases.by_id.keys()):
        yield Finding("money", (order_id,), "the providers served an order that nobody accepted")


def _charges(ledgers: Ledgers) -> Iterator[Finding]:
    back: defaultdict[str, int] = defaultdict(int)
    times: Counter[str] = Counter()
    for refund in ledgers.refunds:
        back[refund.charge_id] += refund.amount_minor
        times[refund.charge_id] += 1
    net: Counter[str] = Counter()
    for charge in ledgers.charges:
        net[charge.order_id] += charge.amount_minor > back[charge.charge_id]
        if back[charge.charge_id] > charge.amount_minor:
            detail = f"{charge.charge_id}: {_money(back[charge.charge_id])} refunded of {_money(charge.amount_minor)}"
            yield Finding("money", (charge.order_id,), detail)
        if times[charge.charge_id] > 1:
            detail = f"{charge.charge_id} was refunded {times[charge.charge_id]} times"
            yield Finding("compensation", (charge.order_id,), detail)
    for order_id, charges in net.items():
        if charges > 1:
            yield Finding("money", (order_id,), f"{charges} net captures of one order")
    for key, uses in Counter(charge.key for charge in ledgers.charges).items():
        if uses > 1:
            orders = tuple(sorted({charge.order_id for charge in ledgers.charges if charge.key == key}))
            yield Finding("money", orders, f"the PSP captured {uses} times under the key {key}")


def shipment_findings(evidence: Evidence, cases: Cases) -> Iterator[Finding]:
    """Yield orders with a wrong number of shipments: one for a completed order, none for a revoked one.

    One that waits has one where its events say that it was shipped.
    """
    shipped = shipped_by_order(evidence.ledgers)
    for case in cases.judged:
        shipping = case.outcome == "COMPLETED" or (case.outcome == "WAITING" and "ShipOrder" in case.standing)
        expected = 1 if shipping else 0
        if shipped.get(case.saga_id, 0) != expected:
            detail = f"{shipped.get(case.saga_id, 0)} shipments of a {_outcome(case)} order"
            yield Finding("shipments", (case.saga_id,), detail)


def agreement_findings(evidence: Evidence, cases: Cases) -> Iterator[Finding]:
    """Yield orders for which a participant's table differs from the provider's ledger."""
    back: defaultdict[str, int] = defaultdict(int)
    for refund in evidence.ledgers.refunds:
        back[refund.charge_id] += refund.amount_minor
    by_psp = {c.charge_id: (c.order_id, c.amount_minor, back[c.charge_id]) for c in evidence.ledgers.charges}
    by_us = {r.charge_id: (r.saga_id, r.amount_minor, r.refunded_minor) for r in evidence.tables.charges}
    yield from _disagreements("charge", by_psp, by_us, cases)
    by_carrier = {s.shipment_id: (s.order_id, s.status in SHIPPED) for s in evidence.ledgers.shipments}
    ours = {r.shipment_id: (r.saga_id, r.state in SHIPPED) for r in evidence.tables.shipments}
    yield from _disagreements("shipment", by_carrier, ours, cases)


def _disagreements(
    what: str, theirs: Mapping[str, tuple[object, ...]], ours: Mapping[str, tuple[object, ...]], cases: Cases
) -> Iterator[Finding]:
    judged = {case.saga_id for case in cases.judged}
    for one in sorted(theirs.keys() | ours.keys()):
        if theirs.get(one) != ours.get(one):
            order_id = str((theirs.get(one) or ours.get(one) or ("",))[0])
            if order_id in judged or order_id not in cases.by_id:
                detail = f"{what} {one}: the provider has {theirs.get(one)}, our table has {ours.get(one)}"
                yield Finding("agreement", (order_id,), detail)


def book_sums(evidence: Evidence, cases: Cases) -> Iterator[Sum]:
    """Yield the sums over all settled orders."""
    settled = {case.saga_id for case in cases.settled}
    shipped = shipped_by_order(evidence.ledgers)
    captured = sum(v for k, v in captured_by_order(evidence.ledgers).items() if k in settled)
    refunded = sum(v for k, v in refunded_by_order(evidence.ledgers).items() if k in settled)
    price = sum(case.price_minor for case in cases.settled if shipped.get(case.saga_id, 0))
    rows = [row for row in evidence.tables.charges if row.saga_id in settled]
    yield Sum("money", "captured - refunded (PSP)", captured - refunded, "price of what shipped (carrier)", price, True)
    ours = sum(row.amount_minor for row in rows)
    yield Sum("captures", "captured (PSP)", captured, "captured (payment table)", ours, True)
    ours = sum(row.refunded_minor for row in rows)
    yield Sum("refunds", "refunded (PSP)", refunded, "refunded (payment table)", ours, True)
    active = sum(count for order_id, count in shipped.items() if order_id in settled)
    yield Sum("shipments", "active shipments (carrier)", active, "completed orders", len(cases.completed))


def _outcome(case: Case) -> str:
    return "waiting" if case.outcome == "WAITING" else "completed" if case.outcome == "COMPLETED" else "revoked"


def _money(minor: int) -> str:
    return f"{minor / 100:.2f}"
