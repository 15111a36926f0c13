"""The report of one UTC day of orders, made once every event of that day is in the read model."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol

import orjson

from services.participant.job import Job
from services.participant.outcome import Failed, Outcome, transient
from services.tasks.conduct import check_conduct, result, scripted
from services.tasks.day_book import DayBook, EventRow, Targets

DAY_MS = 86_400_000
SETTLING_MS = 5_000
"""Events of a day may reach the log this much after its end; a transaction takes a fraction of it."""
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}\Z")
_TARGETS = ("order_ms", "payment_ms", "locked_ms")
_MAX_TARGET_MS = 30 * DAY_MS


class ReadingFailed(Exception):
    """The read model or the log cannot be read now."""


class ReadModel(Protocol):
    """The projector's database. Every call blocks and raises ReadingFailed."""

    def positions(self) -> Mapping[int, int]:
        """Return the offset up to which each partition of saga.events is projected."""

    def visit(self, start_ms: int, end_ms: int, visitor: Callable[[Iterable[EventRow]], None]) -> None:
        """Give the events of every order that lived in the time, saga by saga, each in its order."""


class EventLog(Protocol):
    """saga.events as a log with times."""

    def unread(self, positions: Mapping[int, int], before_ms: int) -> Sequence[int]:
        """Return the partitions that hold an event from before that time at or after the position given for them.

        Blocks; raises ReadingFailed.
        """


@dataclass(frozen=True, slots=True)
class Reporting:
    """What reports are made from."""

    read_model: ReadModel
    log: EventLog
    now_ms: Callable[[], int]


def check_report(fields: Mapping[str, Any]) -> str | None:
    """Say what is wrong with a ProduceDailyReport: `date`, and optionally `targets`."""
    if start_of(fields.get("date")) is None:
        return f"date is {fields.get('date')!r}; it must be a day such as 2026-11-20"
    targets = fields.get("targets", {})
    if not isinstance(targets, dict) or targets.keys() - set(_TARGETS):
        return f"targets may hold {', '.join(_TARGETS)} and nothing else"
    for name, value in targets.items():
        if isinstance(value, bool) or not isinstance(value, int) or not 0 < value <= _MAX_TARGET_MS:
            return f"targets.{name} is {value!r}; it must be from 1 to {_MAX_TARGET_MS} milliseconds"
    return check_conduct(fields, may_wait=False)


def start_of(date: Any) -> int | None:
    """Return when a UTC day begins, in milliseconds since the epoch; None for what is no day."""
    if not isinstance(date, str) or not _DATE.match(date):
        return None
    try:
        return int(datetime.strptime(date, "%Y-%m-%d").replace(tzinfo=UTC).timestamp() * 1000)
    except ValueError:
        return None


async def produce(reporting: Reporting, job: Job) -> Outcome:
    """Return the report as the data of the reply; TRANSIENT until the day is over and all of it is projected."""
    failed = scripted(job.fields)
    if failed is not None:
        return failed
    try:
        return await asyncio.to_thread(_produce, reporting, job.fields)
    except ReadingFailed as error:
        return transient("read_model_unavailable", str(error))


def _produce(reporting: Reporting, fields: Mapping[str, Any]) -> Outcome:
    date = fields["date"]
    start_ms = start_of(date)
    assert start_ms is not None
    end_ms = start_ms + DAY_MS
    behind = _not_yet(reporting, end_ms + SETTLING_MS)
    if behind is not None:
        return behind
    book = DayBook(start_ms, end_ms, Targets(**fields.get("targets", {})))
    reporting.read_model.visit(start_ms, end_ms, book.add)
    return result(orjson.dumps({"date": date, "zone": "UTC", **book.report()}))


def _not_yet(reporting: Reporting, settled_ms: int) -> Failed | None:
    """Say why the day cannot be reported yet, or None."""
    if reporting.now_ms() < settled_ms:
        return transient("day_not_over", f"the day is not over until {SETTLING_MS // 1000} s past its last second")
    behind = reporting.log.unread(reporting.read_model.positions(), settled_ms)
    if behind:
        return transient("projection_behind", f"partitions {sorted(behind)} are not projected to the end of the day")
    return None
