"""When a definition's sagas start by themselves: the `schedule` of a document and its arithmetic, all in UTC. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple

from cronsim import CronSim, CronSimError

from orchestrator.definitions.document import duration_ms, mapping, text
from orchestrator.definitions.errors import DefinitionError

SHORTEST_MS = 1_000
"""The shortest interval: the id of a scheduled saga tells its time to the second."""

_SECOND_MS = 1_000
_FIELDS = 5
_ANY_DAY = datetime(2024, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Every:
    """A start each `interval_ms`, whether or not the one before has ended."""

    interval_ms: int


@dataclass(frozen=True, slots=True)
class Cron:
    """A start whenever the clock of UTC agrees with the five fields: minute, hour, day, month, day of the week."""

    expression: str


@dataclass(frozen=True, slots=True)
class After:
    """A start `delay_ms` after the saga before has ended."""

    delay_ms: int


Schedule = Every | Cron | After


class Occurrences(NamedTuple):
    """Times that have come (milliseconds since the epoch), oldest first, and how many older ones are left out.

    `skipped` is -1 where there are some and nobody counted them.
    """

    times: tuple[int, ...]
    skipped: int


def schedule_of(document: Any) -> Schedule | None:
    """Return the schedule of a definition document, None where it has none. Raises DefinitionError."""
    if not isinstance(document, dict) or "schedule" not in document:
        return None
    return parse_schedule(document["schedule"])


def parse_schedule(value: Any, where: str = "schedule") -> Schedule:
    """Return the schedule that an object with one of every, cron and after stands for. Raises DefinitionError."""
    parts = mapping(value, where, ("every", "cron", "after"))
    if len(parts) != 1:
        raise DefinitionError(where, "must have one of every, cron and after")
    if "cron" in parts:
        return Cron(_cron(text(parts["cron"], f"{where}.cron"), f"{where}.cron"))
    [(kind, written)] = parts.items()
    length_ms = duration_ms(written, f"{where}.{kind}")
    if length_ms < SHORTEST_MS:
        raise DefinitionError(f"{where}.{kind}", "must be at least one second")
    return Every(length_ms) if kind == "every" else After(length_ms)


def _cron(expression: str, where: str) -> str:
    if len(expression.split()) != _FIELDS:
        raise DefinitionError(where, "must be minute, hour, day, month, day of the week; write 0 6 * * 1-5")
    try:
        next(CronSim(expression, _ANY_DAY))
    except (CronSimError, StopIteration) as error:
        raise DefinitionError(where, f"never comes true: {error}; write five fields, such as 0 6 * * 1-5") from error
    return expression


def next_after(schedule: Schedule, previous_ms: int) -> int:
    """Return the first time after `previous_ms`, which is a start or, for After, the end of a saga."""
    match schedule:
        case Every(interval_ms):
            return previous_ms + interval_ms
        case Cron(expression):
            return _ms(next(CronSim(expression, _utc(previous_ms))))
        case After(delay_ms):
            return previous_ms + delay_ms


def before(schedule: Schedule, time_ms: int) -> int | None:
    """Return the time of the schedule before one of its times; None where only what really happened tells."""
    match schedule:
        case Every(interval_ms):
            return time_ms - interval_ms
        case Cron(expression):
            return _ms(next(CronSim(expression, _utc(time_ms), reverse=True)))
        case After():
            return None


def occurrences(schedule: Schedule, due_ms: int, now_ms: int, most: int) -> Occurrences:
    """Return the newest times from `due_ms`, one of the schedule's times, to `now_ms`; at most `most` of them."""
    match schedule:
        case Every(interval_ms):
            last = (now_ms - due_ms) // interval_ms
            first = max(0, last + 1 - most)
            return Occurrences(tuple(due_ms + n * interval_ms for n in range(first, last + 1)), first)
        case Cron(expression):
            return _cron_occurrences(expression, due_ms, now_ms, most)
        case After():
            return Occurrences((due_ms,) if due_ms <= now_ms else (), 0)


def _cron_occurrences(expression: str, due_ms: int, now_ms: int, most: int) -> Occurrences:
    """Look back from now: a cron that comes true each minute may have been missed for a year."""
    backwards = CronSim(expression, _utc(now_ms + _SECOND_MS), reverse=True)
    found: list[int] = []
    while (time_ms := _ms(next(backwards))) >= due_ms:
        if len(found) == most:
            return Occurrences(tuple(reversed(found)), -1)
        found.append(time_ms)
    return Occurrences(tuple(reversed(found)), 0)


def stamp(time_ms: int) -> str:
    """Return a time as it stands in the id of a scheduled saga, such as 20261121T000000Z."""
    return _utc(time_ms).strftime("%Y%m%dT%H%M%SZ")


def _utc(time_ms: int) -> datetime:
    return datetime.fromtimestamp(time_ms // _SECOND_MS, UTC)


def _ms(moment: datetime) -> int:
    return int(moment.timestamp()) * _SECOND_MS
