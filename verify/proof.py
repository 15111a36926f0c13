"""Run every check over the evidence and put the verdict together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from schemas.cloudevents import rfc3339
from verify.cases import Case, Cases, gather
from verify.check_books import agreement_findings, book_sums, money_findings, shipment_findings
from verify.check_children import children_findings
from verify.check_compensations import compensation_findings
from verify.check_events import order_of_events_findings
from verify.check_log import (
    command_findings,
    emitted_findings,
    participant_findings,
    sequence_findings,
    unsendable_of,
)
from verify.check_messages import message_findings, message_sums
from verify.check_outcomes import outcome_findings, start_findings
from verify.check_states import changelog_findings, may_have_expired, status_findings
from verify.check_stock import stock_findings, stock_sums
from verify.check_transitions import transition_findings
from verify.evidence import Evidence
from verify.report import Awaited, Finding, Report, Sum, Waiting

UNFINISHED = "UNFINISHED"


def prove(evidence: Evidence, *, must_end: bool = False) -> Report:
    """Return the verdict over the evidence; with `must_end` a saga that waits within its time is a finding, too."""
    cases = gather(evidence, must_end=must_end)
    outcomes = Counter(case.outcome or UNFINISHED for case in cases.by_id.values())
    return Report(
        outcomes=dict(outcomes),
        sums=tuple(_sums(evidence, cases, outcomes)),
        findings=tuple(_findings(evidence, cases)),
        manual=tuple(cases.manual),
        waiting=tuple(_waiting(case) for case in cases.waiting),
        by_hand=tuple(f"{case.saga_id}: {', '.join(case.skipped)}" for case in cases.by_hand),
        dead_letters=tuple(f"{one.origin}: {one.code} {one.detail}" for one in evidence.log.dead_letters),
    )


def _waiting(case: Case) -> Waiting:
    waits = tuple(
        Awaited(wait.kind, wait.step, wait.what, None if wait.until_ms is None else rfc3339(wait.until_ms))
        for wait in case.waits
    )
    return Waiting(case.saga_id, waits)


def _findings(evidence: Evidence, cases: Cases) -> Iterator[Finding]:
    yield from outcome_findings(evidence, cases)
    yield from start_findings(evidence, cases)
    yield from sequence_findings(evidence, cases)
    yield from order_of_events_findings(cases)
    yield from transition_findings(cases)
    yield from command_findings(evidence, cases)
    yield from emitted_findings(evidence, cases)
    yield from participant_findings(evidence, cases)
    yield from compensation_findings(cases)
    yield from children_findings(cases)
    yield from changelog_findings(evidence, cases)
    yield from status_findings(evidence, cases)
    yield from money_findings(evidence, cases)
    yield from shipment_findings(evidence, cases)
    yield from agreement_findings(evidence, cases)
    yield from stock_findings(evidence, cases)
    yield from message_findings(evidence, cases)


def _sums(evidence: Evidence, cases: Cases, outcomes: Counter[str]) -> Iterator[Sum]:
    ended = sum(count for outcome, count in outcomes.items() if outcome != UNFINISHED)
    yield Sum("outcomes", "sagas asked for", len(cases.by_id), "with an outcome, or waiting", ended)
    if evidence.accepted:
        started = evidence.accepted & cases.by_id.keys()
        yield Sum("accepted", "orders that got 202", len(evidence.accepted), "of them in the log", len(started))
    events = sum(len(case.events) for case in cases.by_id.values())
    last = sum(max((event.sequence for event in case.events), default=0) for case in cases.by_id.values())
    yield Sum("events", "events", events, "sum of the last sequences", last)
    unsendable = {command_id for case in cases.by_id.values() for command_id in unsendable_of(case)}
    scheduled = {
        event.fields["command_id"]: event.at_ms >= evidence.forgotten_before_ms
        for case in cases.by_id.values()
        for event in case.events
        if event.name == "StepScheduled" and event.fields["command_id"] not in unsendable
    }
    sent = sum(scheduled.get(command.command_id, True) for command in evidence.log.commands)
    yield Sum("commands", "commands scheduled", sum(scheduled.values()), "commands on the topics", sent)
    distinct = len({command.command_id for command in evidence.log.commands})
    yield Sum("command ids", "commands on the topics", len(evidence.log.commands), "distinct command ids", distinct)
    yield from book_sums(evidence, cases)
    yield from stock_sums(evidence, cases)
    yield from message_sums(evidence, cases)
    states = evidence.log.states
    living = sum(
        1
        for case in cases.by_id.values()
        if case.events and (case.saga_id in states or not may_have_expired(evidence, case))
    )
    yield Sum("states", "sagas with events", living, "states in the changelog", len(states))
