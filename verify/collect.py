"""Collect the evidence while nothing moves: wait until every saga has ended, read again if the log grew meanwhile."""

from __future__ import annotations

import time
from collections.abc import Callable

from schemas import topics
from schemas.codec import Codec
from verify.cases import outcome_of, startable
from verify.databases import read_tables
from verify.evidence import Evidence, Log
from verify.ledgers import read_ledgers
from verify.log_reading import READ, LogBuilder
from verify.sources import Sources, Unreachable
from verify.topics import EndOffsets, Reader

_PAUSE_S = 0.5
_QUIET_S = 1.0

_KEPT_MS = min(topic.retention_ms for topic in (topics.INPUTS, topics.PAYMENT_COMMANDS))
"""How long inputs and commands stay on their topics; by default a finished saga's state stays as long."""

Say = Callable[[str], None]


def collect(sources: Sources, accepted: frozenset[str], wait_s: float, say: Say) -> Evidence:
    """Return evidence that was read while the log stood still.

    Waits at most `wait_s` seconds for every accepted saga to end and the log to rest; afterwards takes what is
    there, and unfinished sagas become findings. Raises Unreachable, also where the log never rests.
    """
    deadline = time.monotonic() + wait_s
    with Reader(sources.bootstrap) as reader:
        _await_ends(reader, accepted, deadline, say)
        while True:
            before = _resting(reader, max(deadline, time.monotonic() + 10 * _QUIET_S))
            forgotten_before_ms = time.time_ns() // 1_000_000 - _KEPT_MS
            evidence = Evidence(
                _read_log(reader),
                read_ledgers(sources.providers),
                read_tables(sources.databases),
                accepted,
                forgotten_before_ms,
            )
            if reader.end_offsets(READ) == before:
                return evidence
            if time.monotonic() > deadline:
                raise Unreachable("the log grew while it was read: wait longer, or stop the load")


def _await_ends(reader: Reader, accepted: frozenset[str], deadline: float, say: Say) -> None:
    watched = (topics.INPUTS.name, topics.EVENTS.name, topics.DEAD_LETTERS.name)
    told: int | None = None
    builder = LogBuilder(Codec())
    while time.monotonic() < deadline:
        builder.add(reader.read(watched, builder.next_offsets))
        left = _unfinished(builder.build(), accepted)
        if not left:
            return
        if left != told:
            say(f"waiting for {left} sagas to end")
            told = left
        time.sleep(min(_PAUSE_S, max(0.0, deadline - time.monotonic())))


def _unfinished(log: Log, accepted: frozenset[str]) -> int:
    asked_for = accepted | {start.saga_id for start in startable(log)}
    ended = {saga_id for saga_id, events in log.events.items() if outcome_of(events) is not None}
    return len(asked_for - ended)


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
