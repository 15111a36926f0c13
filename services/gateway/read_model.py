"""Reads the projector's database: orders, their histories, pages of orders, reports of days."""

from __future__ import annotations

import sqlite3
from typing import Any, NamedTuple, Protocol

from sqlalchemy import Engine, Select, and_, create_engine, or_, select
from sqlalchemy import column as sql_column
from sqlalchemy import table as sql_table
from sqlalchemy.engine import make_url
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import QueuePool

_POOL_SIZE = 5
_ORDER_COLUMNS = (
    "order_id",
    "reference",
    "customer_id",
    "currency",
    "total_minor",
    "lines",
    "created_at_ms",
    "updated_at_ms",
    "sequence",
    "lifecycle",
    "status",
    "reason",
    "warehouse_id",
    "tracking_number",
    "current_steps",
)
_SAGA_COLUMNS = (
    "saga_id",
    "definition",
    "version",
    "data",
    "started_at_ms",
    "updated_at_ms",
    "sequence",
    "lifecycle",
    "status",
    "reason",
    "current_steps",
)
_EVENT_COLUMNS = ("saga_id", "sequence", "at_ms", "type", "step", "lifecycle", "status", "attempt", "detail")
_ORDERS = sql_table("orders", *map(sql_column, _ORDER_COLUMNS))
_SAGAS = sql_table("sagas", *map(sql_column, _SAGA_COLUMNS))
_EVENTS = sql_table("order_events", *map(sql_column, _EVENT_COLUMNS))
_REPORTS = sql_table("reports", *map(sql_column, ("date", "saga_id", "at_ms", "report")))


Row = dict[str, Any]
"""A row by the names of its columns."""


class ReadModelUnavailable(Exception):
    """The read model does not answer, or is not there yet."""


class Page(NamedTuple):
    """Which orders are asked for: newest first, those older than `before` (created_at_ms, order_id), of `customers`."""

    limit: int
    status: str | None = None
    lifecycle: str | None = None
    before: tuple[int, str] | None = None
    customers: frozenset[str] | None = None


class ReadModel(Protocol):
    """What the gateway asks the read model. Every call blocks and raises ReadModelUnavailable."""

    def order(self, order_id: str) -> Row | None:
        """Return the row of an order."""

    def saga(self, saga_id: str) -> Row | None:
        """Return the row of a saga that is no order."""

    def events(self, order_id: str) -> list[Row]:
        """Return the events of an order or another saga, in their order."""

    def page(self, page: Page) -> list[Row]:
        """Return rows of orders."""

    def report(self, date: str) -> Row | None:
        """Return the row of a day's report."""

    def rows(self, query: Select[Any]) -> list[Row]:
        """Return what a query finds."""

    def check(self) -> None:
        """Raise ReadModelUnavailable when the database does not answer."""


class SqlReadModel:
    """The projector's database, opened for reading only."""

    def __init__(self, url: str) -> None:
        self._engine = _open(url)

    def order(self, order_id: str) -> Row | None:
        """Return the row of an order."""
        rows = self.rows(select(_ORDERS).where(_ORDERS.c.order_id == order_id))
        return rows[0] if rows else None

    def saga(self, saga_id: str) -> Row | None:
        """Return the row of a saga that is no order."""
        rows = self.rows(select(_SAGAS).where(_SAGAS.c.saga_id == saga_id))
        return rows[0] if rows else None

    def events(self, order_id: str) -> list[Row]:
        """Return the events of an order or another saga, in their order."""
        return self.rows(select(_EVENTS).where(_EVENTS.c.saga_id == order_id).order_by(_EVENTS.c.sequence))

    def page(self, page: Page) -> list[Row]:
        """Return rows of orders, newest first."""
        query = select(_ORDERS).order_by(_ORDERS.c.created_at_ms.desc(), _ORDERS.c.order_id.desc()).limit(page.limit)
        if page.status is not None:
            query = query.where(_ORDERS.c.status == page.status)
        if page.lifecycle is not None:
            query = query.where(_ORDERS.c.lifecycle == page.lifecycle)
        if page.customers is not None:
            query = query.where(_ORDERS.c.customer_id.in_(sorted(page.customers)))
        if page.before is not None:
            at_ms, order_id = page.before
            query = query.where(
                or_(
                    _ORDERS.c.created_at_ms < at_ms,
                    and_(_ORDERS.c.created_at_ms == at_ms, _ORDERS.c.order_id < order_id),
                )
            )
        return self.rows(query)

    def report(self, date: str) -> Row | None:
        """Return the row of a day's report."""
        rows = self.rows(select(_REPORTS).where(_REPORTS.c.date == date))
        return rows[0] if rows else None

    def check(self) -> None:
        """Raise ReadModelUnavailable when the database does not answer."""
        self.rows(select(_ORDERS.c.order_id).limit(1))

    def rows(self, query: Select[Any]) -> list[Row]:
        """Return what a query finds."""
        try:
            with self._engine.connect() as connection:
                return [dict(row._mapping) for row in connection.execute(query)]  # noqa: SLF001 - SQLAlchemy's public name
        except SQLAlchemyError as error:
            raise ReadModelUnavailable(str(error)) from error

    def close(self) -> None:
        """Close all connections."""
        self._engine.dispose()


def _open(url: str) -> Engine:
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite":
        return create_engine(url, pool_size=_POOL_SIZE, max_overflow=0, isolation_level="AUTOCOMMIT")
    path = parsed.database

    def connect() -> sqlite3.Connection:
        # mode=ro: an address that is wrong must be an error, not a new and empty database.
        return sqlite3.connect(f"file:{path}?mode=ro", uri=True, check_same_thread=False)

    return create_engine(url, creator=connect, poolclass=QueuePool, pool_size=_POOL_SIZE, max_overflow=0)
