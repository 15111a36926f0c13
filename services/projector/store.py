"""Writes a batch of projected events and the position they lead to in one SQL transaction."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

import orjson
from sqlalchemy import Column, Connection, Table, delete, insert

from services.participant.database import Conflict, Database, execute
from services.projector.fold import EventRow, NewOrder, Order, Report
from services.projector.tables import METADATA, ORDER_EVENTS, ORDERS, PROJECTION, REPORTS, REVISION

_CHANGING = ("updated_at_ms", "sequence", "lifecycle", "status", "reason", "warehouse_id", "tracking_number")
_POSTGRES_TYPES = {"VARCHAR": "text", "TEXT": "text", "BIGINT": "bigint", "INTEGER": "integer"}


@dataclass(frozen=True, slots=True)
class Batch:
    """What one transaction writes: new and changed orders, events, reports, each partition's old and new position."""

    created: Sequence[NewOrder]
    orders: Mapping[str, Order]
    events: Sequence[EventRow]
    positions: Mapping[int, tuple[int, int]]
    reports: Collection[Report] = ()
    """One at most for each date; it takes the place of an earlier one."""


def _row(order: Order) -> tuple[Any, ...]:
    return (
        order.updated_at_ms,
        order.sequence,
        order.lifecycle,
        order.status,
        order.reason,
        order.warehouse_id,
        order.tracking_number,
        orjson.dumps(order.steps).decode(),
    )


def _order(row: Sequence[Any]) -> Order:
    *changing, steps = row
    return Order(**dict(zip(_CHANGING, changing, strict=True)), steps=tuple(orjson.loads(steps)))


class Store:
    """The read model's database. One process writes it; a second one is found out by the position."""

    def __init__(self, database: Database, topic: str) -> None:
        self._database = database
        self._topic = topic
        assignments = ", ".join(f"{name} = ?" for name in (*_CHANGING, "current_steps"))
        self._update = f"UPDATE orders SET {assignments} WHERE order_id = ?"  # noqa: S608 - names of our columns

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

    def orders(self, order_ids: Sequence[str]) -> dict[str, Order]:
        """Return those of the orders that the read model has."""
        columns = ", ".join(("order_id", *_CHANGING, "current_steps"))
        query = self._database.select_by(columns, "orders", "order_id")
        with self._database.begin() as connection:
            rows = connection.exec_driver_sql(query, self._database.keys(order_ids)).all()
        return {row[0]: _order(row[1:]) for row in rows}

    def write(self, batch: Batch) -> None:
        """Write everything or nothing. Raises Conflict when another projector has written these partitions."""
        with self._database.begin() as connection:
            for partition, (old, new) in batch.positions.items():
                moved = connection.execute(
                    PROJECTION.update()
                    .where(
                        PROJECTION.c.topic == self._topic,
                        PROJECTION.c.partition == partition,
                        PROJECTION.c.next_offset == old,
                    )
                    .values(next_offset=new)
                )
                if moved.rowcount != 1:
                    raise Conflict(f"partition {partition} is no longer at {old}: another projector writes here")
            fresh = {order.order_id for order in batch.created}
            self._insert(connection, ORDERS, [(*order, *_row(batch.orders[order.order_id])) for order in batch.created])
            self._change(
                connection,
                [(*_row(order), order_id) for order_id, order in batch.orders.items() if order_id not in fresh],
            )
            self._insert(connection, ORDER_EVENTS, batch.events)
            for report in batch.reports:
                connection.execute(delete(REPORTS).where(REPORTS.c.date == report.date))
                connection.execute(insert(REPORTS).values(tuple(report)))

    def clear(self) -> None:
        """Forget everything, positions included: the next run builds the read model anew. Raises Unmigrated."""
        self._database.require(REVISION)
        with self._database.begin() as connection:
            for table in METADATA.sorted_tables:
                connection.execute(delete(table))

    def _insert(self, connection: Connection, table: Table, rows: Sequence[tuple[Any, ...]]) -> None:
        names = ", ".join(_names(table))
        if self._database.is_sqlite:
            marks = ", ".join("?" * len(_names(table)))
            execute(connection, f"INSERT INTO {table.name} ({names}) VALUES ({marks})", rows)  # noqa: S608 - our tables
        elif rows:
            source = _rows_of_document(list(table.columns))
            connection.exec_driver_sql(f"INSERT INTO {table.name} ({names}) {source}", _document(rows))

    def _change(self, connection: Connection, rows: Sequence[tuple[Any, ...]]) -> None:
        if self._database.is_sqlite:
            execute(connection, self._update, rows)
        elif rows:
            names = (*_CHANGING, "current_steps", "order_id")
            assignments = ", ".join(f"{name} = new.{name}" for name in names[:-1])
            source = _rows_of_document([ORDERS.c[name] for name in names])
            connection.exec_driver_sql(
                f"UPDATE orders SET {assignments} FROM ({source}) AS new({', '.join(names)})"  # noqa: S608 - our columns
                " WHERE orders.order_id = new.order_id",
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


assert [field.name for field in fields(Order)][:-1] == list(_CHANGING)
assert _names(ORDERS) == [*NewOrder._fields, *_CHANGING, "current_steps"]
assert _names(ORDER_EVENTS) == list(EventRow._fields)
