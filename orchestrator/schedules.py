"""The schedules of one task: armed by an input, kept in its store, fired by its timer as starts of sagas."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import orjson

from orchestrator.definitions.arming import PREFIX, schedule_key
from orchestrator.definitions.errors import DefinitionError
from orchestrator.definitions.schedule import After, Schedule, before, next_after, occurrences, parse_schedule, stamp
from orchestrator.serde import Fields
from schemas import topics
from schemas.cloudevents import headers, rfc3339
from schemas.codec import Codec
from streams.processor import Context
from streams.record import Record

_log = logging.getLogger(__name__)

MOST_MISSED = 24
"""How many missed times are caught up on; older ones are skipped."""

SOURCE = "schedule"
"""The source of a request to start a scheduled saga."""

_SECOND_MS = 1_000
_START = "saga.StartSaga"
_ENDED = "saga.RunEnded"
_STORED = "saga.Schedule"
_PREFIX = PREFIX.encode()


@dataclass(frozen=True, slots=True)
class _Armed:
    """A schedule as it is stored. Times in ms since the epoch.

    `schedule` is JSON text, None once a version without one was deployed; `next` is None then, and while an After waits
    for the end of the saga `running`; `previous` is the time of the last start.
    """

    name: str
    version: int
    schedule: str | None
    next: int | None
    previous: int | None
    running: str | None


class _Run(NamedTuple):
    """One start: the saga's id, the time that it stands for, and the time of the schedule before that."""

    saga_id: str
    scheduled_at: int
    previous_at: int | None


def is_schedule(key: bytes) -> bool:
    """Whether a store key is that of a schedule."""
    return key.startswith(_PREFIX)


@dataclass(frozen=True, slots=True)
class Schedules:
    """Handles the inputs and the timers of schedules."""

    codec: Codec

    def arm(self, record: Record, fields: Fields, now_ms: int, context: Context) -> None:
        """Take over a version's schedule. An older version, and the same one again, change nothing."""
        name, version = fields["definition"], fields["version"]
        held = self._read(context.get(_key(name)))
        if held is not None and held.version >= version:
            return
        written = fields["schedule"]
        try:
            schedule = None if written is None else _schedule_of(written)
        except (orjson.JSONDecodeError, DefinitionError) as error:
            context.dead_letter(record, "undecodable", f"schedule: {error}")
            return
        if schedule is None:
            previous = None if held is None else held.previous
            self._put(_Armed(name, version, None, None, previous, None), context)
            return
        if held is not None and held.schedule == written:
            self._put(replace(held, version=version), context)
            return
        waits_for = held.running if held is not None and isinstance(schedule, After) else None
        first = None if waits_for else next_after(schedule, now_ms - now_ms % _SECOND_MS)
        self._put(_Armed(name, version, written, first, None, waits_for), context)

    def fire(self, key: bytes, now_ms: int, context: Context) -> None:
        """Start what is due, and what was missed while nobody looked, and wait for the next time."""
        armed = self._read(context.get(key))
        if armed is None:
            context.delete(key)
            return
        if armed.schedule is None or armed.next is None:
            self._put(armed, context)
            return
        schedule = _schedule_of(armed.schedule)
        due = occurrences(schedule, armed.next, now_ms, MOST_MISSED)
        if due.skipped:
            count = "older" if due.skipped < 0 else due.skipped
            _log.warning("schedule of %s: %s starts are skipped, they were missed", armed.name, count)
        runs = [_run(armed, schedule, time_ms) for time_ms in due.times]
        for run in runs:
            self._start(armed, run, now_ms, context)
        if not runs:
            self._put(armed, context)
            return
        last = runs[-1]
        if isinstance(schedule, After):
            self._put(replace(armed, next=None, previous=last.scheduled_at, running=last.saga_id), context)
        else:
            following = next_after(schedule, last.scheduled_at)
            self._put(replace(armed, next=following, previous=last.scheduled_at), context)

    def ended(self, fields: Fields, context: Context) -> None:
        """Begin the delay after a saga's end."""
        name = fields["meta"]["saga_id"].removeprefix(PREFIX)
        armed = self._read(context.get(_key(name)))
        if armed is None or armed.schedule is None or armed.running != fields["run"]:
            return
        following = next_after(_schedule_of(armed.schedule), fields["meta"]["at"])
        self._put(replace(armed, next=following, running=None), context)

    def report_end(self, definition: str, saga_id: str, at_ms: int, context: Context) -> None:
        """Tell the task of a definition's schedule that a saga of it has ended."""
        key = schedule_key(definition)
        input_id = f"{saga_id}:ended"
        fields = {"meta": _meta(key, input_id, at_ms), "run": saga_id}
        self._send(_ENDED, key, input_id, at_ms, fields, context)

    def _read(self, value: bytes | None) -> _Armed | None:
        return None if value is None else _Armed(**self.codec.decode(value).fields)

    def _put(self, armed: _Armed, context: Context) -> None:
        fields = {name: getattr(armed, name) for name in _Armed.__slots__}
        context.put(_key(armed.name), self.codec.encode(_STORED, fields), armed.next)

    def _start(self, armed: _Armed, run: _Run, now_ms: int, context: Context) -> None:
        input_id = f"{run.saga_id}:start"
        previous_at = None if run.previous_at is None else rfc3339(run.previous_at)
        data = {"scheduled_at": rfc3339(run.scheduled_at), "previous_at": previous_at}
        fields = {
            "meta": _meta(run.saga_id, input_id, now_ms),
            "definition": armed.name,
            "version": armed.version,
            "data": orjson.dumps(data).decode(),
        }
        self._send(_START, run.saga_id, input_id, now_ms, fields, context)

    def _send(self, message: str, key: str, input_id: str, at_ms: int, fields: Fields, context: Context) -> None:
        about = headers(message, f"/sagaline/{SOURCE}", input_id, key, at_ms, input_id, "")
        context.forward(topics.INPUTS.name, key.encode(), self.codec.encode(message, fields), about)


def _run(armed: _Armed, schedule: Schedule, time_ms: int) -> _Run:
    earlier = armed.previous if isinstance(schedule, After) else before(schedule, time_ms)
    return _Run(f"{armed.name}.{stamp(time_ms)}", time_ms, earlier)


def _schedule_of(written: str) -> Schedule:
    """Return the schedule from JSON text. Raises JSONDecodeError, DefinitionError."""
    return parse_schedule(orjson.loads(written))


def _key(name: str) -> bytes:
    return schedule_key(name).encode()


def _meta(saga_id: str, input_id: str, at_ms: int) -> dict[str, Any]:
    return {"saga_id": saga_id, "input_id": input_id, "at": at_ms, "source": SOURCE}
