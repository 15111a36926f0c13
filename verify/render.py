"""Print a verdict: tables for people, one JSON document for programs."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict

from rich.console import Console
from rich.table import Table

from verify.report import Awaited, Report, Sum, Waiting

_SHOWN = 40

PROVED = (
    ("outcome", "every accepted order has exactly one terminal outcome, or waits within its time or for a person"),
    ("start", "an order never changes after it was accepted, and its lines add up to its total"),
    ("sequence", "events of a saga are numbered 1..n without gap or repeat"),
    ("event order", "no event stands where it may not"),
    ("transition", "no illegal change of lifecycle or status"),
    ("commands", "one command for each StepScheduled event, one record for each emitted event, and the reverse"),
    ("participants", "participants hold only commands that were sent, and left no effect open"),
    ("compensation", "compensations ran once, in reverse order, and left nothing out; of parts that were left, too"),
    ("children", "a saga that another one started ended as its step says, and was undone with it"),
    ("changelog", "folding the events gives the changelog's state"),
    ("orders.status", "the last value on orders.status is the last change"),
    ("readable", "every record is readable or was dead-lettered"),
    ("money", "captured - refunded = price of what shipped; at most one net capture an order"),
    ("shipments", "one active shipment of a completed order, none of a revoked one"),
    ("agreement", "participants' tables agree with the providers' ledgers"),
    ("stock", "stock is conserved in every warehouse, never negative, reserved only for orders that wait"),
    ("messages", "one confirmation and one shipping notice; a cancellation only after a confirmation"),
)
"""Every check with what it proves, in the order shown."""


def json_of(report: Report) -> str:
    """Return the report as one JSON document."""
    sums = [{**asdict(one), "holds": one.holds} for one in report.sums]
    return json.dumps({**asdict(report), "sums": sums, "holds": report.holds}, indent=2)


def print_report(report: Report, console: Console) -> None:
    """Print the report as tables, ending with the verdict."""
    ended = ", ".join(f"{count} {outcome.lower()}" for outcome, count in sorted(report.outcomes.items()))
    console.print(f"Sagas: {ended or 'none'}", highlight=False)
    console.print(_sums(report.sums))
    console.print(_checks(report))
    for line in _listed("Waiting within their time", [line for one in report.waiting for line in _waits(one)]):
        console.print(line, highlight=False, markup=False, soft_wrap=True)
    for line in _listed("Waiting for a person, books may be open", report.manual):
        console.print(line, highlight=False, soft_wrap=True)
    for line in _listed("Settled by a person who skipped steps, books not judged", report.by_hand):
        console.print(line, highlight=False, soft_wrap=True)
    for line in _listed(f"Dead letters: {len(report.dead_letters)}", report.dead_letters):
        console.print(line, highlight=False, soft_wrap=True)
    for finding in report.findings[:_SHOWN]:
        who = ", ".join(finding.orders[:5]) or "-"
        console.print(f"[red]✗[/red] {finding.check}: {who}: ", finding.detail, sep="", highlight=False, soft_wrap=True)
    if len(report.findings) > _SHOWN:
        console.print(f"  ... and {len(report.findings) - _SHOWN} more; --output json shows all", highlight=False)
    console.print(verdict(report), highlight=False, soft_wrap=True)


def verdict(report: Report) -> str:
    """Return one line: the books hold, or how many findings there are and in which orders."""
    if report.holds:
        waiting = f" ({len(report.waiting)} of them waiting)" if report.waiting else ""
        return f"The books hold: {sum(report.outcomes.values())} sagas{waiting}, {len(report.sums)} sums, no finding."
    orders = sorted({order for finding in report.findings for order in finding.orders})
    broken = [one.name for one in report.sums if not one.holds]
    named = ", ".join(orders[:_SHOWN]) + (" ..." if len(orders) > _SHOWN else "")
    unequal = f"; sums that do not agree: {', '.join(broken)}" if broken else ""
    found = f"{len(report.findings)} finding{'s' * (len(report.findings) != 1)}"
    where = f"{len(orders)} order{'s' * (len(orders) != 1)}"
    return f"The books do not hold: {found} in {where}: {named}{unequal}"


def _waits(one: Waiting) -> Sequence[str]:
    return [f"{one.saga_id}: {wait.step} waits for {wait.what}, {_end(wait)}" for wait in one.waits]


def _end(wait: Awaited) -> str:
    return "for as long as it takes" if wait.until is None else f"until {wait.until}"


def _sums(sums: Sequence[Sum]) -> Table:
    table = Table(title="Sums", title_justify="left")
    for heading in ("", "one side", "", "other side", "", ""):
        table.add_column(heading, justify="left" if heading else "right")
    for one in sums:
        mark = "[green]✓[/green]" if one.holds else "[red]✗[/red]"
        table.add_row(one.name, one.left_of, _figure(one, one.left), one.right_of, _figure(one, one.right), mark)
    return table


def _checks(report: Report) -> Table:
    table = Table(title="Checks", title_justify="left")
    for heading in ("check", "proves that", ""):
        table.add_column(heading)
    for name, claim in PROVED:
        found = sum(finding.check == name for finding in report.findings)
        table.add_row(name, claim, f"[red]✗ {found}[/red]" if found else "[green]✓[/green]")
    return table


def _figure(one: Sum, value: int) -> str:
    return f"{value // 100:,}.{value % 100:02d}" if one.money and value >= 0 else f"{value:,}"


def _listed(heading: str, entries: Sequence[str]) -> Sequence[str]:
    if not entries:
        return ()
    more = [f"  ... and {len(entries) - _SHOWN} more"] if len(entries) > _SHOWN else []
    return (f"{heading}:", *(f"  {entry}" for entry in entries[:_SHOWN]), *more)
