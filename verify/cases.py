"""One case per saga: its start, its events, its outcome, so that every check looks orders up the same way."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from verify.evidence import ORDER_DEFINITIONS, TERMINAL, Event, Evidence, Log, Outcome, Request, Start
from verify.fold import fold
from verify.folded import IN_FLIGHT, Folded
from verify.waiting import Waiting, Waits

_MAY_REST = frozenset({"StepHeld", "RecordParked"})


@dataclass(frozen=True, slots=True)
class Case:
    """One saga as the log shows it; `start` is None where events exist that nobody asked for."""

    saga_id: str
    start: Start | None
    events: Sequence[Event]
    outcome: Outcome | None
    skipped: tuple[str, ...] = ()
    """Steps, and compensations as `<step>:undo`, that a person had left as they are."""
    waits: Waits = ()
    """What an unfinished saga waits for, where no part of that is for a participant to give."""
    unheard: Sequence[Request] = ()
    """What such a saga was told, and did not take up."""

    @property
    def standing(self) -> frozenset[str]:
        """The commands that were done and not undone, by their names."""
        commands, done = dict[str, str](), set[str]()
        for event in self.events:
            if event.name == "StepScheduled" and not event.undo:
                commands[event.step] = str(event.fields["command"]).rpartition(".")[2]
            elif event.name == "StepCompleted":
                (done.discard if event.undo else done.add)(event.step)
        return frozenset(command for step, command in commands.items() if step in done)

    @property
    def waits_for_a_person(self) -> bool:
        """Whether nothing more happens until somebody acts."""
        return self.outcome in ("SUSPENDED", "HELD")

    @property
    def is_order(self) -> bool:
        """Whether the oracle knows the business meaning of the saga."""
        return self.start is not None and self.start.definition in ORDER_DEFINITIONS

    @property
    def price_minor(self) -> int:
        """What the customer owes if everything ships, in minor units."""
        return self.start.price_minor if self.start is not None else 0

    def units_by_sku(self) -> Mapping[str, int]:
        """Return the units ordered of each SKU, lines of the same SKU added up."""
        units: defaultdict[str, int] = defaultdict(int)
        for line in self.start.lines if self.start is not None else ():
            units[line.sku] += line.quantity
        return units


@dataclass(frozen=True)
class Cases:
    """All sagas of a body of evidence."""

    by_id: Mapping[str, Case]

    @cached_property
    def orders(self) -> Sequence[Case]:
        """The orders, other sagas left out."""
        return [case for case in self.by_id.values() if case.is_order]

    @cached_property
    def settled(self) -> Sequence[Case]:
        """The orders whose books must be closed: completed or revoked, with no step left to a person."""
        return [case for case in self.orders if case.outcome in ("COMPLETED", "REVOKED") and not case.skipped]

    @cached_property
    def waiting(self) -> Sequence[Case]:
        """The sagas that wait within their time for something that no participant has to give."""
        return [case for case in self.by_id.values() if case.outcome == "WAITING"]

    @cached_property
    def judged(self) -> Sequence[Case]:
        """The orders whose books have to be as their events say: the settled, and those that wait within their time."""
        return [*self.settled, *(case for case in self.waiting if case.is_order and not case.skipped)]

    @cached_property
    def completed(self) -> Sequence[Case]:
        """The orders that shipped."""
        return [case for case in self.settled if case.outcome == "COMPLETED"]

    @cached_property
    def manual(self) -> Sequence[str]:
        """The sagas that wait for a person."""
        return sorted(case.saga_id for case in self.by_id.values() if case.waits_for_a_person)

    @cached_property
    def by_hand(self) -> Sequence[Case]:
        """The sagas of which a person skipped steps: that person has closed, or will close, their books."""
        return [case for case in self.by_id.values() if case.skipped]


def gather(evidence: Evidence, *, must_end: bool = False) -> Cases:
    """Return the cases of every saga that was started, accepted or has events; the first start of a saga counts.

    With `must_end` no saga may wait, however long it still has for that.
    """
    starts: dict[str, Start] = {}
    for start in startable(evidence.log):
        starts.setdefault(start.saga_id, start)
    begun, events = evidence.log.begun, evidence.log.events
    ids = dict.fromkeys([*starts, *events])
    found = {
        saga_id: _case(saga_id, starts.get(saga_id) or begun.get(saga_id), events.get(saga_id, ())) for saga_id in ids
    }
    waiting = Waiting(evidence.log)
    for case in [case for case in found.values() if case.outcome is None]:
        waits, unheard = waiting.of(case.saga_id), waiting.unheard(case.saga_id)
        may_wait = waits and not must_end and not unheard and not any(w.is_overdue(evidence.read_at_ms) for w in waits)
        outcome: Outcome | None = "WAITING" if may_wait else None
        found[case.saga_id] = replace(case, outcome=outcome, waits=waits, unheard=unheard)
    return Cases(found)


def startable(log: Log) -> Iterator[Start]:
    """Yield the starts that had to begin a saga: one that is a dead letter did not.

    Those of orders are yielded all the same: what cannot be an order is never taken.
    """
    refused = {letter.origin for letter in log.dead_letters}
    for start in log.starts:
        if start.definition in ORDER_DEFINITIONS or str(start.place) not in refused:
            yield start


def _case(saga_id: str, start: Start | None, events: Sequence[Event]) -> Case:
    skipped = [
        f"{step}:undo" if event.undo else step
        for event in events
        if event.name == "InterventionMade" and event.fields["action"] == "skip"
        for step in event.fields["steps"]
    ]
    return Case(saga_id, start, events, outcome_of(events), tuple(skipped))


def outcome_of(events: Sequence[Event]) -> Outcome | None:
    """Return how a saga stands that will not move by itself; None where it runs, or runs again.

    A person who has compensations tried again, and a saga that takes back the one it started, bring an ended saga
    back to life.
    """
    for event in reversed(events):
        if event.name in TERMINAL:
            return TERMINAL[event.name]
        revived = event.name == "InterventionMade" and event.undo and event.fields["action"] != "skip"
        if revived or event.name == "CompensationStarted":
            break
    return "HELD" if any(event.name in _MAY_REST for event in events) and _rests(fold(events)) else None


def _rests(folded: Folded) -> bool:
    """Tell whether all that is in flight is held, or a record waits; a scope waits for what is in it."""
    if folded.parked:
        return True
    scopes = {"/".join(path.split("/")[:end]) for path, _ in folded.steps for end in range(1, path.count("/") + 1)}
    open_ = {
        step.status
        for (path, _), step in folded.steps.items()
        if step.status in IN_FLIGHT and (path not in scopes or step.status != "WAITING")
    }
    return open_ == {"HELD"}
