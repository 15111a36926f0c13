"""Collect the evidence while nothing moves: wait until every saga has ended, read again if the log grew meanwhile."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from schemas import topics
from schemas.codec import Codec
from verify.cases import outcome_of, startable
from verify.databases import read_tables
from verify.evidence import Evidence, Log
from verify.ledgers import read_ledgers
from verify.log_reading import READ, LogBuilder
from verify.sources import Sources, Unreachable
from verify.topics import EndOffsets, Reader
from verify.waiting import Waiting

_PAUSE_S = 0.5
_QUIET_S = 1.0

_KEPT_MS = min(topic.retention_ms for topic in (topics.INPUTS, topics.PAYMENT_COMMANDS))
"""How long inputs and commands stay on their topics; by default a finished saga's state stays as long."""

Say = Callable[[str], None]


def collect(sources: Sources, accepted: frozenset[str], wait_s: float, say: Say, *, must_end: bool = False) -> Evidence:
    """Return evidence that was read while the log stood still.

    Waits at most `wait_s` seconds for every accepted saga to end and the log to rest; afterwards takes what is
    there, and unfinished sagas become findings. For a saga whose waits do not end by themselves before then nobody
    stays, unless it `must_end`. Raises Unreachable, also where the log never rests.
    """
    deadline = time.monotonic() + wait_s
    stays = None if must_end else _now_ms() + int(wait_s * 1000)
    with Reader(sources.bootstrap) as reader:
        _await_ends(reader, _Awaited(accepted, stays), deadline, say)
        while True:
            before = _resting(reader, max(deadline, time.monotonic() + 10 * _QUIET_S))
            now_ms = _now_ms()
            evidence = Evidence(
                _read_log(reader),
                read_ledgers(sources.providers),
                read_tables(sources.databases),
                accepted,
                now_ms - _KEPT_MS,
                now_ms,
            )
            if reader.end_offsets(READ) == before:
                return evidence
            if time.monotonic() > deadline:
                raise Unreachable("the log grew while it was read: wait longer, or stop the load")


@dataclass(frozen=True, slots=True)
class _Awaited:
    """Whose end is awaited: of the accepted and all that the log shows; nobody's who waits past `stays_ms`, if set."""

    accepted: frozenset[str]
    stays_ms: int | None


def _await_ends(reader: Reader, awaited: _Awaited, deadline: float, say: Say) -> None:
    watched = (topics.INPUTS.name, topics.EVENTS.name, topics.DEAD_LETTERS.name)
    told: int | None = None
    builder = LogBuilder(Codec())
    while time.monotonic() < deadline:
        builder.add(reader.read(watched, builder.next_offsets))
        left = _unfinished(builder.build(), awaited)
        if not left:
            return
        if left != told:
            say(f"waiting for {left} {'saga' if left == 1 else 'sagas'} to end")
            told = left
        time.sleep(min(_PAUSE_S, max(0.0, deadline - time.monotonic())))


def _unfinished(log: Log, awaited: _Awaited) -> int:
    asked_for = awaited.accepted | {start.saga_id for start in startable(log)}
    left = asked_for - {saga_id for saga_id, events in log.events.items() if outcome_of(events) is not None}
    if awaited.stays_ms is None:
        return len(left)
    waiting, stays_ms = Waiting(log), awaited.stays_ms
    return sum(not _waits_longer(waiting, saga_id, stays_ms) for saga_id in left)


def _waits_longer(waiting: Waiting, saga_id: str, than_ms: int) -> bool:
    """Tell whether a saga waits for what is neither on its way nor comes by itself before this time."""
    waits = waiting.of(saga_id)
    return bool(waits) and not waiting.unheard(saga_id) and not any(wait.ends_by(than_ms) for wait in waits)


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


def _resting(reader: Reader, deadline: float) -> EndOffsets:
    """Return the end offsets once they have stood still for a second."""
    ends, since = reader.end_offsets(READ), time.monotonic()
    while time.monotonic() - since < _QUIET_S:
        if time.monotonic() > deadline:
            raise Unreachable("the log never rested: wait longer, or stop the load")
        time.sleep(_QUIET_S / 4)
        now = reader.end_offsets(READ)
        if now != ends:
            ends, since = now, time.monotonic()
    return ends


def _read_log(reader: Reader) -> Log:
    builder = LogBuilder(Codec())
    builder.add(reader.read(READ))
    builder.add(reader.read(reader.existing(builder.further_topics)))
    return builder.build()
