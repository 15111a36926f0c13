"""Writes a batch of projected events and the position they lead to in one SQL transaction."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any

import orjson
from sqlalchemy import Column, Connection, Table, delete, func, insert, select

from services.participant.database import Database, execute
from services.projector.fold import EventRow, NewOrder, NewSaga, Order, Report
from services.projector.gates import read as read_gates
from services.projector.gates import written
from services.projector.letter_store import review
from services.projector.letters import TELLING
from services.projector.positions import move
from services.projector.tables import ORDER_EVENTS, ORDERS, PROJECTION, REPORTS, REVISION, SAGAS

_CHANGING = ("updated_at_ms", "sequence", "lifecycle", "status", "reason", "warehouse_id", "tracking_number")
_OPEN = ("current_steps", "gates")
_POSTGRES_TYPES = {"VARCHAR": "text", "TEXT": "text", "BIGINT": "bigint", "INTEGER": "integer"}


@dataclass(frozen=True, slots=True)
class Rows:
    """New and changed rows of `orders` or of `sagas`, by saga id; `versions` of those that went over to another."""

    created: dict[str, NewOrder | NewSaga] = field(default_factory=dict)
    changed: dict[str, Order] = field(default_factory=dict)
    versions: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Batch:
    """What one transaction writes; `positions` has each partition's old and new one."""

    orders: Rows
    sagas: Rows
    events: Sequence[EventRow]
    positions: Mapping[int, tuple[int, int]]
    reports: Collection[Report] = ()
    """One at most for each date; it takes the place of an earlier one."""


@dataclass(frozen=True, slots=True)
class _Kind:
    """A table of sagas: its key, which columns never change, and which do, besides what is open."""

    table: Table
    key: str
    new: tuple[str, ...]
    changing: tuple[str, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The columns of a new saga, in the order of its values."""
        return (*self.new, *self.changing, *_OPEN)

    def row(self, order: Order) -> tuple[Any, ...]:
        """Return the changing columns of a saga."""
        open_ = (orjson.dumps(order.steps).decode(), written(order.gates))
        return (*(getattr(order, name) for name in self.changing), *open_)

    def order(self, row: Sequence[Any]) -> Order:
        """Return a saga from its changing columns."""
        *changing, steps, gates = row
        known = dict(zip(self.changing, changing, strict=True))
        return Order(**known, steps=tuple(orjson.loads(steps)), gates=read_gates(gates))


_ORDERS = _Kind(ORDERS, "order_id", NewOrder._fields, _CHANGING)
_SAGAS = _Kind(SAGAS, "saga_id", NewSaga._fields, _CHANGING[:5])


class Store:
    """The read model's database. One process writes it; a second one is found out by the position."""

    def __init__(self, database: Database, topic: str) -> None:
        self._database = database
        self._topic = topic

    def open(self, partitions: Sequence[int]) -> dict[int, int]:
        """Return where to read on in each partition. Raises Unmigrated."""
        self._database.require(REVISION)
        with self._database.begin() as connection:
            rows = connection.execute(PROJECTION.select().where(PROJECTION.c.topic == self._topic))
            known = {row.partition: row.next_offset for row in rows}
            new = [partition for partition in partitions if partition not in known]
            for partition in new:
                connection.execute(insert(PROJECTION).values(topic=self._topic, partition=partition, next_offset=0))
        return {partition: known.get(partition, 0) for partition in partitions}

    def newest_at_ms(self) -> int | None:
        """Return when the newest event of the read model was decided; None where it has none."""
        with self._database.begin() as connection:
            found = [connection.execute(select(func.max(table.c.updated_at_ms))).scalar() for table in (ORDERS, SAGAS)]
        return max((at_ms for at_ms in found if at_ms is not None), default=None)

    def orders(self, order_ids: Sequence[str]) -> dict[str, Order]:
        """Return those of the orders that the read model has."""
        return self._find(_ORDERS, order_ids)

    def sagas(self, saga_ids: Sequence[str]) -> dict[str, Order]:
        """Return those of the other sagas that the read model has."""
        return self._find(_SAGAS, saga_ids)

    def _find(self, kind: _Kind, keys: Sequence[str]) -> dict[str, Order]:
        columns = ", ".join((kind.key, *kind.changing, *_OPEN))
        query = self._database.select_by(columns, kind.table.name, kind.key)
        with self._database.begin() as connection:
            rows = connection.exec_driver_sql(query, self._database.keys(keys)).all()
        return {row[0]: kind.order(row[1:]) for row in rows}

    def write(self, batch: Batch) -> None:
        """Write everything or nothing. Raises Conflict when another projector has written these partitions."""
        with self._database.begin() as connection:
            move(connection, self._topic, batch.positions)
            self._put(connection, _ORDERS, batch.orders)
            self._put(connection, _SAGAS, batch.sagas)
            self._insert(connection, ORDER_EVENTS, EventRow._fields, batch.events)
            told = {event.saga_id for event in batch.events if event.type in TELLING}
            if told:
                review(connection, told)
            for saga_id, version in batch.sagas.versions.items():
                connection.execute(SAGAS.update().where(SAGAS.c.saga_id == saga_id).values(version=version))
            for report in batch.reports:
                connection.execute(delete(REPORTS).where(REPORTS.c.date == report.date))
                connection.execute(insert(REPORTS).values(tuple(report)))

    def _put(self, connection: Connection, kind: _Kind, rows: Rows) -> None:
        created, changed = rows.created, rows.changed
        new_rows = [(*new, *kind.row(changed[key])) for key, new in created.items()]
        self._insert(connection, kind.table, kind.names, new_rows)
        self._change(connection, kind, [(*kind.row(one), key) for key, one in changed.items() if key not in created])

    def saw(self, ends: Mapping[int, int]) -> None:
        """Note where partitions ended when they were read to their ends."""
        with self._database.begin() as connection:
            for partition, end in ends.items():
                here = (PROJECTION.c.topic == self._topic) & (PROJECTION.c.partition == partition)
                connection.execute(PROJECTION.update().where(here).values(seen_offset=end))

    def _insert(
        self, connection: Connection, table: Table, columns: Sequence[str], rows: Sequence[tuple[Any, ...]]
    ) -> None:
        names = ", ".join(columns)
        if self._database.is_sqlite:
            marks = ", ".join("?" * len(columns))
            execute(connection, f"INSERT INTO {table.name} ({names}) VALUES ({marks})", rows)  # noqa: S608 - our tables
        elif rows:
            source = _rows_of_document([table.c[name] for name in columns])
            connection.exec_driver_sql(f"INSERT INTO {table.name} ({names}) {source}", _document(rows))

    def _change(self, connection: Connection, kind: _Kind, rows: Sequence[tuple[Any, ...]]) -> None:
        table, names = kind.table.name, (*kind.changing, *_OPEN, kind.key)
        if self._database.is_sqlite:
            assignments = ", ".join(f"{name} = ?" for name in names[:-1])
            execute(connection, f"UPDATE {table} SET {assignments} WHERE {kind.key} = ?", rows)  # noqa: S608 - our columns
        elif rows:
            assignments = ", ".join(f"{name} = new.{name}" for name in names[:-1])
            source = _rows_of_document([kind.table.c[name] for name in names])
            connection.exec_driver_sql(
                f"UPDATE {table} SET {assignments} FROM ({source}) AS new({', '.join(names)})"  # noqa: S608 - our columns
                f" WHERE {table}.{kind.key} = new.{kind.key}",
                _document(rows),
            )


def _rows_of_document(columns: Sequence[Column[Any]]) -> str:
    """Return a SELECT of the rows in one JSON parameter: PostgreSQL's driver takes 20 us a row for anything else."""
    values = ", ".join(f"(r ->> {n})::{_POSTGRES_TYPES[str(column.type)]}" for n, column in enumerate(columns))
    return f"SELECT {values} FROM jsonb_array_elements(%s::jsonb) AS r"  # noqa: S608 - our columns


def _document(rows: Sequence[tuple[Any, ...]]) -> tuple[str]:
    return (orjson.dumps([tuple(row) for row in rows]).decode(),)


def _names(table: Table) -> list[str]:
    return [column.name for column in table.columns]


assert [field.name for field in fields(Order)][: -len(_OPEN)] == list(_CHANGING)
assert set(_names(ORDERS)) == set(_ORDERS.names)
assert set(_names(SAGAS)) == set(_SAGAS.names)
assert set(_names(ORDER_EVENTS)) == set(EventRow._fields)
