"""Check what customers were told: one confirmation, one shipping notice, a cancellation only after a confirmation."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping

from verify.cases import Case, Cases
from verify.evidence import Command, Evidence
from verify.report import Finding, Sum

CONFIRMATION = "confirmation"
SHIPPING_NOTICE = "shipping notice"
CANCELLATION = "cancellation"

_ROLES = {
    ("confirm-order", False): CONFIRMATION,
    ("announce-shipment", False): SHIPPING_NOTICE,
    ("confirm-order", True): CANCELLATION,
}

_TEMPLATES = {
    "order-confirmed": CONFIRMATION,
    "order-shipped": SHIPPING_NOTICE,
    "order-cancelled": CANCELLATION,
}
"""What the templates mean where the commands that asked for them are forgotten."""

_Role = str
_Sent = Mapping[tuple[str, _Role], Counter[str]]


def message_findings(evidence: Evidence, cases: Cases) -> Iterator[Finding]:
    """Yield orders whose customer was told something twice, not at all, or wrongly; those that wait may be told yet."""
    told = _told(evidence)
    refused = _refused(evidence)
    for case in cases.judged:
        for role in (CONFIRMATION, SHIPPING_NOTICE, CANCELLATION):
            for channel, times in told.get((case.saga_id, role), Counter()).items():
                if times > 1:
                    yield Finding("messages", (case.saga_id,), f"{times} {role}s by {channel}")
        if case.outcome != "WAITING":
            yield from _missing(case, told, refused)
    yield from _disagreements(evidence, cases)


def _missing(case: Case, told: _Sent, refused: Mapping[tuple[str, _Role], set[str]]) -> Iterator[Finding]:
    def reached(role: _Role) -> bool:
        return bool(told.get((case.saga_id, role)))

    def given_up(role: _Role) -> bool:
        return bool(refused.get((case.saga_id, role))) and not reached(role)

    if case.outcome == "COMPLETED":
        if not reached(CONFIRMATION) and not given_up(CONFIRMATION):
            yield Finding("messages", (case.saga_id,), "completed without a confirmation")
        if reached(CANCELLATION):
            yield Finding("messages", (case.saga_id,), "completed, and the customer got a cancellation")
        announced = any(e.name == "StepCompleted" and e.step == "announce-shipment" for e in case.events)
        if announced and not reached(SHIPPING_NOTICE) and not given_up(SHIPPING_NOTICE):
            yield Finding("messages", (case.saga_id,), "announced, and the customer got no shipping notice")
    else:
        if reached(CONFIRMATION) and not reached(CANCELLATION) and not given_up(CANCELLATION):
            yield Finding("messages", (case.saga_id,), "revoked after a confirmation, without a cancellation")
        if reached(CANCELLATION) and not reached(CONFIRMATION):
            yield Finding("messages", (case.saga_id,), "a cancellation of an order that was never confirmed")


def _disagreements(evidence: Evidence, cases: Cases) -> Iterator[Finding]:
    by_provider = Counter((m.order_id, m.template, m.channel) for m in evidence.ledgers.messages)
    by_us = Counter((r.saga_id, r.template, r.channel) for r in evidence.tables.messages if r.state == "sent")
    judged = {case.saga_id for case in cases.judged}
    for one in sorted(by_provider.keys() | by_us.keys()):
        if by_provider[one] != by_us[one] and (one[0] in judged or one[0] not in cases.by_id):
            detail = f"{one[1]} by {one[2]}: {by_provider[one]} in the outbox, {by_us[one]} in our table"
            yield Finding("agreement", (one[0],), detail)


def _roles(evidence: Evidence) -> Mapping[tuple[str, str], _Role]:
    """Return what each template means to each order, from the commands that asked for it."""
    return {
        (command.saga_id, str(command.fields["template"])): _ROLES[_step_of(command)]
        for command in evidence.log.commands
        if command.name == "NotifyCustomer" and _step_of(command) in _ROLES
    }


def _role(roles: Mapping[tuple[str, str], _Role], order_id: str, template: str) -> _Role:
    return roles.get((order_id, template)) or _TEMPLATES.get(template, template)


def _step_of(command: Command) -> tuple[str, bool]:
    return command.step, command.undoes is not None


def _told(evidence: Evidence) -> _Sent:
    roles = _roles(evidence)
    told: defaultdict[tuple[str, _Role], Counter[str]] = defaultdict(Counter)
    for message in evidence.ledgers.messages:
        told[message.order_id, _role(roles, message.order_id, message.template)][message.channel] += 1
    return told


def _refused(evidence: Evidence) -> Mapping[tuple[str, _Role], set[str]]:
    roles = _roles(evidence)
    refused: defaultdict[tuple[str, _Role], set[str]] = defaultdict(set)
    for row in evidence.tables.messages:
        if row.state == "refused":
            refused[row.saga_id, _role(roles, row.saga_id, row.template)].add(row.channel)
    return refused


def message_sums(evidence: Evidence, cases: Cases) -> Iterator[Sum]:
    """Yield how many orders got each kind of message, against how many should have."""
    told, refused = _told(evidence), _refused(evidence)
    settled = [case.saga_id for case in cases.settled]

    def orders(role: _Role, among: list[str]) -> set[str]:
        return {saga_id for saga_id in among if told.get((saga_id, role)) or refused.get((saga_id, role))}

    completed = [case.saga_id for case in cases.completed]
    revoked = [case.saga_id for case in cases.settled if case.outcome == "REVOKED"]
    confirmed = orders(CONFIRMATION, completed)
    yield Sum("confirmations", "completed orders confirmed", len(confirmed), "completed orders", len(completed))
    cancelled, due = orders(CANCELLATION, settled), orders(CONFIRMATION, revoked)
    yield Sum("cancellations", "orders with a cancellation", len(cancelled), "revoked after a confirmation", len(due))
