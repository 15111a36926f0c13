"""The books of an order that waits within its time have to be as its events say: each fault planted there is found."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from tests.unit.verify_story import LINES, PRICE, STOCK, Story, honest_evidence
from verify.evidence import (
    AllocationRow,
    Charge,
    ChargeRow,
    CommandRow,
    EffectRow,
    Evidence,
    Place,
    Refund,
    Shipment,
    ShipmentRow,
    Start,
)
from verify.proof import prove
from verify.report import Report

WAITING = "ord_waiting"
UNITS = LINES[0].quantity
SHELF = ("LDN", LINES[0].sku)
DUE = 50_000
Plant = Callable[[Evidence], Evidence]


def gate(story: Story) -> Story:
    story.event("SignalAwaited", step="release", signals=["approve"], timeout_at=DUE, every=False)
    return story


def begun() -> Story:
    story = Story(WAITING)
    story.started()
    story.lifecycle = "validated"
    story.local("validate")
    return story


def fresh() -> Story:
    """An order that waits before anything was done for it."""
    return gate(begun())


def locked() -> Story:
    """An order that waits with its stock reserved."""
    story = begun()
    story.scheduled("lock-inventory", "LockInventory")
    story.status = "Inventory_Locked"
    story.completed("lock-inventory")
    return gate(story)


def paid() -> Story:
    """An order that waits with its stock reserved and its money captured."""
    story = locked()
    story.events.pop()
    story.scheduled("capture-payment", "CapturePayment")
    story.lifecycle, story.status = "paid", "RUNNING"
    story.completed("capture-payment")
    return gate(story)


def shipped() -> Story:
    """An order that waits with everything done for it."""
    story = paid()
    story.events.pop()
    story.call("deduct-inventory", "DeductInventory")
    for lifecycle in ("picking", "packed", "shipped"):
        story.lifecycle = lifecycle
        story.local(lifecycle)
    story.call("ship", "ShipOrder")
    return gate(story)


def evidence_with(story: Story) -> Evidence:
    """Return honest evidence with this order among the others."""
    evidence, standing = honest_evidence(), {command.name for command in story.commands}
    log, tables, ledgers = evidence.log, evidence.tables, evidence.ledgers
    state = "deducted" if "DeductInventory" in standing else "reserved" if "LockInventory" in standing else None
    charges = [Charge("ch_w", WAITING, "w", PRICE, "GBP")] if "CapturePayment" in standing else []
    shipments = [Shipment("sh_w", WAITING, "w", "active")] if "ShipOrder" in standing else []
    shelf, *others = tables.stock
    shelf = replace(
        shelf, on_hand=shelf.on_hand - UNITS * (state == "deducted"), reserved=UNITS * (state == "reserved")
    )
    return Evidence(
        replace(
            log,
            starts=[*log.starts, Start(WAITING, "order-fulfillment", PRICE, "GBP", LINES, Place("saga.inputs", 0, 9))],
            events={**log.events, WAITING: story.events},
            commands=[*log.commands, *story.commands],
            states={**log.states, WAITING: story.state()},
            statuses={**log.statuses, WAITING: story.last_status()},
        ),
        replace(ledgers, charges=[*ledgers.charges, *charges], shipments=[*ledgers.shipments, *shipments]),
        replace(
            tables,
            charges=[*tables.charges, *(ChargeRow("w", WAITING, "ch_w", PRICE, 0) for _ in charges)],
            shipments=[*tables.shipments, *(ShipmentRow("w", WAITING, "sh_w", "active") for _ in shipments)],
            stock=[shelf, *others],
            allocations=[*tables.allocations, *([AllocationRow(WAITING, *SHELF, UNITS, state)] if state else [])],
            commands=[*tables.commands, *(CommandRow("any", one.command_id, WAITING, True) for one in story.commands)],
        ),
        evidence.accepted | {WAITING},
        read_at_ms=DUE,
    )


@pytest.mark.parametrize("make", [fresh, locked, paid, shipped], ids=lambda make: str(make.__name__))
def test_what_was_done_for_an_order_that_waits_is_no_finding(make: Callable[[], Story]) -> None:
    report = prove(evidence_with(make()))
    assert report.findings == ()
    assert report.holds
    assert [waiting.saga_id for waiting in report.waiting] == [WAITING]
    assert report.outcomes["WAITING"] == 1


def test_an_order_that_is_overdue_may_not_keep_the_stock() -> None:
    report = prove(replace(evidence_with(locked()), read_at_ms=DUE * 10))
    assert {one.check for one in report.findings} == {"outcome", "stock"}
    assert report.waiting == ()


def _tables(evidence: Evidence, **changes: Any) -> Evidence:
    return replace(evidence, tables=replace(evidence.tables, **changes))


def _ledgers(evidence: Evidence, **changes: Any) -> Evidence:
    return replace(evidence, ledgers=replace(evidence.ledgers, **changes))


def charged_again(evidence: Evidence) -> Evidence:
    again = Charge("ch_again", WAITING, "another key", PRICE, "GBP")
    return _ledgers(evidence, charges=[*evidence.ledgers.charges, again])


def charged_more(evidence: Evidence) -> Evidence:
    *others, charge = evidence.ledgers.charges
    return _ledgers(evidence, charges=[*others, replace(charge, amount_minor=PRICE + 1)])


def paid_back(evidence: Evidence) -> Evidence:
    return _ledgers(evidence, refunds=[*evidence.ledgers.refunds, Refund("re_w", "ch_w", PRICE)])


def charge_gone(evidence: Evidence) -> Evidence:
    return _ledgers(evidence, charges=evidence.ledgers.charges[:-1])


def row_gone(evidence: Evidence) -> Evidence:
    return _tables(evidence, charges=evidence.tables.charges[:-1])


def shipped_early(evidence: Evidence) -> Evidence:
    return _ledgers(evidence, shipments=[*evidence.ledgers.shipments, Shipment("sh_w", WAITING, "w", "active")])


def shipment_gone(evidence: Evidence) -> Evidence:
    return _ledgers(evidence, shipments=evidence.ledgers.shipments[:-1])


def _reserved(evidence: Evidence, units: int) -> Evidence:
    shelf, *others = evidence.tables.stock
    mine = [AllocationRow(WAITING, *SHELF, units, "reserved")] if units else []
    rest = [row for row in evidence.tables.allocations if row.saga_id != WAITING]
    return _tables(evidence, allocations=[*rest, *mine], stock=[replace(shelf, reserved=units), *others])


def reserved_for_nothing(evidence: Evidence) -> Evidence:
    return _reserved(evidence, UNITS)


def reserved_too_few(evidence: Evidence) -> Evidence:
    return _reserved(evidence, UNITS - 1)


def reservation_lost(evidence: Evidence) -> Evidence:
    return _reserved(evidence, 0)


def deducted_early(evidence: Evidence) -> Evidence:
    shelf, *others = evidence.tables.stock
    *rest, mine = evidence.tables.allocations
    return _tables(
        evidence,
        allocations=[*rest, replace(mine, state="deducted")],
        stock=[replace(shelf, on_hand=STOCK - 2 * UNITS, reserved=0), *others],
    )


def still_worked_on(evidence: Evidence) -> Evidence:
    effect = EffectRow("payment", "w", WAITING, "capture-payment", "open")
    return _tables(evidence, effects=[*evidence.tables.effects, effect])


def state_gone(evidence: Evidence) -> Evidence:
    states = {saga_id: state for saga_id, state in evidence.log.states.items() if saga_id != WAITING}
    return replace(evidence, log=replace(evidence.log, states=states, expired=frozenset({WAITING})))


PLANTED: list[tuple[Callable[[], Story], Plant, str]] = [
    (paid, charged_again, "money"),
    (paid, charged_more, "money"),
    (paid, paid_back, "money"),
    (paid, charge_gone, "money"),
    (fresh, charged_again, "money"),
    (paid, row_gone, "agreement"),
    (paid, shipped_early, "shipments"),
    (shipped, shipment_gone, "shipments"),
    (fresh, reserved_for_nothing, "stock"),
    (locked, reserved_too_few, "stock"),
    (paid, reservation_lost, "stock"),
    (shipped, reserved_for_nothing, "stock"),
    (paid, deducted_early, "stock"),
    (paid, still_worked_on, "participants"),
    (paid, state_gone, "changelog"),
]


@pytest.mark.parametrize(
    ("make", "plant", "check"), PLANTED, ids=[f"{plant.__name__} {make.__name__}" for make, plant, _ in PLANTED]
)
def test_a_fault_planted_in_the_books_of_an_order_that_waits_is_found(
    make: Callable[[], Story], plant: Plant, check: str
) -> None:
    report: Report = prove(plant(evidence_with(make())))
    assert not report.holds
    assert [one for one in report.findings if one.check == check and WAITING in one.orders], report.findings
