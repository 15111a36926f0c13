"""What unfinished sagas wait for: a person, a signal or a time is no fault of anybody's before its time has passed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from schemas.cloudevents import rfc3339
from schemas.topics import here
from verify.evidence import Event, Log, Request
from verify.fold import fold
from verify.folded import IN_FLIGHT, Folded, Step

OVERDUE_MS = 30_000
"""How long after its time a wait may still stand: an orchestrator may have to start, or to take partitions over."""


class Wait(NamedTuple):
    """One thing that a saga waits for; `until_ms`, since the epoch, is when that ends by itself: None, never."""

    kind: str
    step: str
    what: str
    until_ms: int | None
    signals: tuple[str, ...] = ()

    def ends_by(self, at_ms: int) -> bool:
        """Tell whether it ends by itself, at this time at the latest."""
        return self.until_ms is not None and self.until_ms <= at_ms

    def is_overdue(self, at_ms: int) -> bool:
        """Tell whether it should have ended, allowing for the margin."""
        return self.ends_by(at_ms - OVERDUE_MS)

    def __str__(self) -> str:
        until = "for as long as it takes" if self.until_ms is None else f"until {rfc3339(self.until_ms)}"
        return f"{self.step} waits for {self.what} {until}"


Waits = tuple[Wait, ...]


class Waiting:
    """What each saga of a log waits for, looked up once."""

    def __init__(self, log: Log) -> None:
        self._log = log
        self._known: dict[str, Waits] = {}
        self._requests: defaultdict[str, list[Request]] = defaultdict(list)
        self._refused = {letter.origin for letter in log.dead_letters}
        for request in log.requests:
            self._requests[request.saga_id].append(request)

    def of(self, saga_id: str) -> Waits:
        """Return all that a saga waits for; nothing where a part of it is for a participant to give, or is not known.

        A saga that runs another one waits for what that one waits for.
        """
        if saga_id not in self._known:
            self._known[saga_id] = self._waits(saga_id, fold(self._log.events.get(saga_id, ())))
        return self._known[saga_id]

    def unheard(self, saga_id: str) -> Sequence[Request]:
        """Return what a saga was told and has no event of, though it bears on what the saga waits for."""
        events = self._log.events.get(saga_id, ())
        heard = {event.cause for event in events}
        kept = set(_parked(events))
        awaited = {f"signal {name}" for wait in self.of(saga_id) for name in wait.signals}
        return [
            request
            for request in self._requests.get(saga_id, ())
            if request.input_id not in heard
            and (request.name in awaited or not request.name.startswith("signal "))
            and str(request.place) not in kept | self._refused
        ]

    def _waits(self, saga_id: str, folded: Folded) -> Waits:
        open_ = {key: step for key, step in folded.steps.items() if step.status in IN_FLIGHT}
        around = {scope for path, _ in open_ for scope in _around(path)}
        waits: list[Wait] = []
        for (path, undo), step in open_.items():
            if path in around:
                continue
            wait = None if undo or folded.phase != "FORWARD" else self._wait(saga_id, folded, path, step)
            if wait is None:
                return ()
            waits.append(wait)
        return tuple(waits)

    def _wait(self, saga_id: str, folded: Folded, path: str, step: Step) -> Wait | None:
        until_ms = _until(folded, path, step)
        match step.status, step.waits_for:
            case "WAITING", "signal":
                what = (" and " if step.every else " or ").join(step.signals)
                return Wait("signal", path, what, until_ms, step.signals)
            case "WAITING", "timer":
                return Wait("timer", path, "its time", until_ms)
            case "RETRYING", "parts":
                return Wait("timer", path, "the time of its next attempt", until_ms)
            case "HELD", _:
                return Wait("person", path, "a person to resolve it", until_ms)
            case "SCHEDULED", _:
                child = f"{saga_id}.{path.replace('/', '.')}"
                return Wait("saga", path, f"saga {child}", until_ms) if self.of(child) else None
            case _:
                return None


def _until(folded: Folded, path: str, step: Step) -> int | None:
    """Return when a wait ends at the latest: by its own time, that of a scope around it, or that of the saga."""
    scopes = (folded.steps.get((scope, False)) for scope in _around(path))
    times = [step.until, *(scope.until for scope in scopes if scope is not None)]
    if not folded.pivoted:
        times.append(folded.deadline)
    return min((time for time in times if time is not None), default=None)


def _around(path: str) -> Iterator[str]:
    segments = path.split("/")
    for end in range(1, len(segments)):
        yield "/".join(segments[:end])


def _parked(events: Sequence[Event]) -> Iterator[str]:
    """Yield where the records lie that a person decided about, or will: they are not heard like others."""
    for event in events:
        if event.name == "RecordParked":
            fields: Mapping[str, object] = event.fields
            yield f"{here(str(fields['topic']))}/{fields['partition']}@{fields['offset']}"
