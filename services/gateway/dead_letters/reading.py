"""Reads dead letters, and the records that sagas wait for, from the projector's database."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import orjson
from sqlalchemy import column as sql_column
from sqlalchemy import select, tuple_
from sqlalchemy import table as sql_table

from services.gateway import opaque
from services.gateway.read_model import ReadModel, Row

STATES = frozenset({"open", "redriven", "resolved"})
_LISTED = (
    "id",
    "partition",
    "log_offset",
    "at_ms",
    "saga_id",
    "kind",
    "code",
    "detail",
    "origin_topic",
    "origin_partition",
    "origin_offset",
    "step",
    "value_bytes",
    "state",
    "parked",
    "attempts",
    "decided_by",
    "reason",
    "decided_at_ms",
)
_WHOLE = ("key", "value", "headers")
_LETTERS = sql_table("dead_letters", *map(sql_column, (*_LISTED, *_WHOLE)))
_ORDER = (_LETTERS.c.at_ms, _LETTERS.c.log_offset, _LETTERS.c.partition)
_MAX_CURSOR = 200


class Wanted(NamedTuple):
    """Which letters are asked for: newest first, those older than `before` (at_ms, log_offset, partition)."""

    limit: int
    saga_id: str | None = None
    code: str | None = None
    state: str | None = None
    before: tuple[int, int, int] | None = None


class Waiting(NamedTuple):
    """A record that a saga waits for; `place` is where it came from, TOPIC:PARTITION:OFFSET."""

    number: int
    place: str
    code: str
    detail: str
    since_ms: int


def find(model: ReadModel, letter_id: str) -> Row | None:
    """Return a letter. Blocks; raises ReadModelUnavailable."""
    rows = model.rows(select(_LETTERS).where(_LETTERS.c.id == letter_id))
    return rows[0] if rows else None


def page(model: ReadModel, wanted: Wanted) -> list[Row]:
    """Return letters without their bytes. Blocks; raises ReadModelUnavailable."""
    query = select(*(_LETTERS.c[name] for name in _LISTED)).limit(wanted.limit)
    query = query.order_by(*(column.desc() for column in _ORDER))
    for name in ("saga_id", "code", "state"):
        value = getattr(wanted, name)
        if value is not None:
            query = query.where(_LETTERS.c[name] == value)
    if wanted.before is not None:
        query = query.where(tuple_(*_ORDER) < tuple_(*wanted.before))
    return model.rows(query)


def of_saga(model: ReadModel, saga_id: str) -> Mapping[str, str]:
    """Return the newest letter of each record of a saga, by where the record came from. Blocks."""
    rows = page(model, Wanted(1_000, saga_id=saga_id))
    return {place_of(row): row["id"] for row in reversed(rows)}


def place_of(row: Mapping[str, Any]) -> str:
    """Return where the record of a letter came from."""
    return f"{row['origin_topic']}:{row['origin_partition']}:{row['origin_offset']}"


def queue_of(events: Sequence[Mapping[str, Any]]) -> list[Waiting]:
    """Return the records that a saga waits for, in their order, after these events of the read model."""
    queue: list[Waiting] = []
    for event in events:
        if event["type"] == "RecordParked":
            told = orjson.loads(event["detail"])
            place = f"{told['topic']}:{told['partition']}:{told['offset']}"
            queue.append(Waiting(told["number"], place, told["code"], told["detail"], event["at_ms"]))
        elif event["type"] == "RecordUnparked":
            number = orjson.loads(event["detail"])["number"]
            queue = [one for one in queue if one.number != number]
    return queue


def cursor_of(row: Mapping[str, Any]) -> str:
    """Return the opaque cursor that continues after a letter."""
    return opaque.written(row["at_ms"], row["log_offset"], row["partition"])


def read_cursor(cursor: str) -> tuple[int, int, int] | None:
    """Return what a cursor of ours says, None for anything else."""
    match opaque.read(cursor, _MAX_CURSOR):
        case [int(at_ms), int(offset), int(partition)] if abs(partition) < 2**31:
            return at_ms, offset, partition
        case _:
            return None
