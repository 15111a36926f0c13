"""Check that every accepted order has exactly one terminal outcome, and that nothing runs which nobody asked for."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from verify.cases import Case, Cases
from verify.evidence import TERMINAL, Event, Evidence
from verify.report import Finding


def outcome_findings(evidence: Evidence, cases: Cases) -> Iterator[Finding]:
    """Yield lost, unfinished, twice-ended and unasked-for sagas."""
    asked_for = {start.saga_id for start in evidence.log.starts}
    for saga_id in sorted(evidence.accepted - asked_for - cases.by_id.keys()):
        yield Finding("outcome", (saga_id,), "the client got 202, and no StartSaga is in the log")
    for case in cases.by_id.values():
        if case.saga_id not in asked_for and case.events[0].at_ms >= evidence.forgotten_before_ms:
            yield Finding("outcome", (case.saga_id,), "has events, and no StartSaga is in the log")
        ends = _ends(case)
        if not case.events:
            yield Finding("outcome", (case.saga_id,), "was accepted and has no event: lost, or not taken up yet")
        elif case.outcome is None:
            yield Finding("outcome", (case.saga_id,), _unfinished(case, evidence.read_at_ms))
        elif len(ends) > 1:
            said = ", ".join(f"{end.name} at {end.sequence}" for end in ends)
            yield Finding("outcome", (case.saga_id,), f"{len(ends)} terminal outcomes: {said}")


def _unfinished(case: Case, at_ms: int) -> str:
    last = case.events[-1]
    told = [f"no terminal outcome: {last.lifecycle}/{last.status} after {last.name} {last.step}".rstrip()]
    told += [f"{wait}{', which is past' if wait.is_overdue(at_ms) else ''}" for wait in case.waits]
    told += [f"the {one.name} at {one.place} was not taken up" for one in case.unheard]
    return "; ".join(told)


def _ends(case: Case) -> list[Event]:
    """Return the ends of a saga's latest life: a person's decision, or the saga above, may begin another one."""
    ends: list[Event] = []
    for event in case.events:
        if event.name in TERMINAL:
            ends.append(event)
        elif event.name == "InterventionMade" or (event.name == "UndoRequested" and not event.fields["settled"]):
            ends.clear()
    return ends


def start_findings(evidence: Evidence, cases: Cases) -> Iterator[Finding]:
    """Yield sagas whose repeated StartSaga differs from the first: a retry of the client may not change an order."""
    contents = defaultdict(set)
    for start in evidence.log.starts:
        contents[start.saga_id].add((start.definition, start.price_minor, start.currency, start.lines))
    for saga_id, seen in contents.items():
        if len(seen) > 1:
            yield Finding("start", (saga_id,), f"{len(seen)} different StartSaga records for the same saga")
    for case in cases.orders:
        added_up = sum(line.quantity * line.unit_price_minor for line in case.start.lines) if case.start else 0
        if added_up != case.price_minor:
            detail = f"accepted with a total of {case.price_minor}, and its lines add up to {added_up}"
            yield Finding("start", (case.saga_id,), detail)
