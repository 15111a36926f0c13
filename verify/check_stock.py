"""Check that stock is conserved in every warehouse, never negative, and that nothing stays reserved."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping

from verify.cases import Case, Cases
from verify.evidence import Evidence, Tables
from verify.report import Finding, Sum

_Shelf = tuple[str, str]
_LOCKED, _DEDUCTED = "LockInventory", "DeductInventory"
"""The commands that reserve units, and that take the reserved ones from the shelf."""


def stock_findings(evidence: Evidence, cases: Cases) -> Iterator[Finding]:
    """Yield shelves whose units do not add up, naming the orders that took from them."""
    deducted, reserved = _units_on_shelves(evidence.tables, "deducted"), _units_on_shelves(evidence.tables, "reserved")
    takers = _takers(evidence.tables)
    shelves: set[_Shelf] = set()
    for row in evidence.tables.stock:
        shelf = row.warehouse_id, row.sku
        shelves.add(shelf)
        where, orders = f"{row.sku} in {row.warehouse_id}", takers.get(shelf, ())
        if row.on_hand < 0 or row.reserved < 0 or row.reserved > row.on_hand:
            detail = f"{where}: oversold, {row.on_hand} on hand and {row.reserved} reserved"
            yield Finding("stock", orders, detail)
        if row.initial != row.on_hand + deducted.get(shelf, 0):
            detail = f"{where}: {row.initial} at first, {row.on_hand} on hand and {deducted.get(shelf, 0)} deducted"
            yield Finding("stock", orders, detail)
        if row.reserved != reserved.get(shelf, 0):
            detail = f"{where}: {row.reserved} reserved, and the orders' reservations are {reserved.get(shelf, 0)}"
            yield Finding("stock", orders, detail)
    for shelf in takers.keys() - shelves:
        yield Finding("stock", takers[shelf], f"{shelf[1]} is not kept in {shelf[0]}, and was allocated there")
    yield from _reservation_findings(evidence, cases)


def _reservation_findings(evidence: Evidence, cases: Cases) -> Iterator[Finding]:
    held: defaultdict[str, int] = defaultdict(int)
    taken: defaultdict[str, defaultdict[str, int]] = defaultdict(lambda: defaultdict(int))
    for row in evidence.tables.allocations:
        if row.state == "reserved":
            held[row.saga_id] += row.quantity
        elif row.state == "deducted":
            taken[row.saga_id][row.sku] += row.quantity
    may_hold = _left_to_people(cases) | {case.saga_id for case in cases.waiting if _LOCKED in case.standing}
    for saga_id, units in held.items():
        if saga_id not in may_hold:
            yield Finding("stock", (saga_id,), f"{units} units are still reserved")
    for case in cases.judged:
        ships = case.outcome == "COMPLETED" or (case.outcome == "WAITING" and _DEDUCTED in case.standing)
        expected: Mapping[str, int] = case.units_by_sku() if ships else {}
        found: Mapping[str, int] = taken.get(case.saga_id, {})
        for sku in sorted(expected.keys() | found.keys()):
            if expected.get(sku, 0) != found.get(sku, 0):
                detail = f"{found.get(sku, 0)} units of {sku} deducted, {expected.get(sku, 0)} shipped"
                yield Finding("stock", (case.saga_id,), detail)
        if case.outcome == "WAITING":
            yield from _held_findings(case, held.get(case.saga_id, 0))


def _held_findings(case: Case, held: int) -> Iterator[Finding]:
    """Yield an order that waits and holds other units than it locked."""
    locked = _LOCKED in case.standing and _DEDUCTED not in case.standing
    expected = sum(case.units_by_sku().values()) if locked else 0
    if held != expected and _LOCKED in case.standing:
        yield Finding("stock", (case.saga_id,), f"{held} units are reserved while it waits, {expected} were locked")


def _left_to_people(cases: Cases) -> set[str]:
    """Return the sagas whose reservations are a person's matter."""
    return {*cases.manual, *(case.saga_id for case in cases.by_hand)}


def stock_sums(evidence: Evidence, cases: Cases) -> Iterator[Sum]:
    """Yield the sums of units over all warehouses."""
    stock = evidence.tables.stock
    deducted = sum(row.quantity for row in evidence.tables.allocations if row.state == "deducted")
    on_hand = sum(row.on_hand for row in stock)
    yield Sum("stock", "units at first", sum(row.initial for row in stock), "on hand + deducted", on_hand + deducted)
    waiting = _left_to_people(cases) | {case.saga_id for case in cases.waiting}
    of_waiting = sum(
        row.quantity for row in evidence.tables.allocations if row.saga_id in waiting and row.state == "reserved"
    )
    yield Sum("reserved", "units reserved", sum(row.reserved for row in stock), "held by sagas that wait", of_waiting)
    mine = {case.saga_id for case in cases.settled}
    taken = sum(r.quantity for r in evidence.tables.allocations if r.state == "deducted" and r.saga_id in mine)
    ordered = sum(sum(case.units_by_sku().values()) for case in cases.completed)
    yield Sum("units", "units deducted", taken, "units of completed orders", ordered)


def _units_on_shelves(tables: Tables, state: str) -> Mapping[_Shelf, int]:
    units: defaultdict[_Shelf, int] = defaultdict(int)
    for row in tables.allocations:
        if row.state == state:
            units[row.warehouse_id, row.sku] += row.quantity
    return units


def _takers(tables: Tables) -> Mapping[_Shelf, tuple[str, ...]]:
    takers: defaultdict[_Shelf, list[str]] = defaultdict(list)
    for row in tables.allocations:
        if row.saga_id not in takers[row.warehouse_id, row.sku]:
            takers[row.warehouse_id, row.sku].append(row.saga_id)
    return {shelf: tuple(orders) for shelf, orders in takers.items()}
