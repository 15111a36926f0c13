"""A participant's database: SQLite or PostgreSQL behind the same statements, and what its errors mean."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import orjson
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import (
    ArgumentError,
    DBAPIError,
    IntegrityError,
    NoSuchModuleError,
)
from sqlalchemy.sql import ClauseElement

BUSY_TIMEOUT_MS = 10_000
_POOL_SIZE = 2
_PRAGMAS = (
    "journal_mode=WAL",
    "synchronous=NORMAL",
    f"busy_timeout={BUSY_TIMEOUT_MS}",
    "wal_autocheckpoint=8000",
    "cache_size=-32000",
    "temp_store=MEMORY",
)
"""The fewer checkpoints, the less each row costs, and the longer the commit waits that makes one."""
_SQLITE_POOL_SIZE = 2
"""One for `begin`, one for `apart`: more would only wait for each other, SQLite has one writer at a time."""
_POSTGRES_RACES = frozenset({"40001", "40P01"})


class Conflict(Exception):
    """Another replica wrote the same rows first: the transaction is rolled back, do it again."""


class Unwell(Exception):
    """The database cannot do its work: this process cannot either."""


class Unmigrated(Exception):
    """The database does not have the tables this program needs."""


class Unusable(Exception):
    """The address names no database this program can use."""


class Database:
    """One engine. Statements are compiled once and run with positional rows, which halves the cost of a row."""

    def __init__(self, url: str) -> None:
        """Connect lazily. Raises Unusable for an address that is neither SQLite nor PostgreSQL."""
        self.engine = open_engine(url)
        self._dbapi: Any = self.engine.dialect.loaded_dbapi
        self._connection: Connection | None = None
        self.is_sqlite = self.engine.dialect.name == "sqlite"

    def sql(self, statement: ClauseElement) -> str:
        """Return a statement of SQLAlchemy Core as text of this database, with positional parameters."""
        return str(statement.compile(dialect=self.engine.dialect))

    def select_by(self, columns: str, table: str, key: str, lock_by: str = "") -> str:
        """Return a SELECT of the rows whose `key` is among one parameter made by `keys`, locked in order of `lock_by`.

        SQLite has one writer at a time and needs no row locks.
        """
        chosen = f"SELECT {columns} FROM {table} WHERE {key}"  # noqa: S608 - names from our own code, never data
        if self.is_sqlite:
            return f"{chosen} IN (SELECT value FROM json_each(?))"  # noqa: S608 - as above
        return f"{chosen} = ANY(%s)" + (f" ORDER BY {lock_by} FOR UPDATE" if lock_by else "")

    def keys(self, values: Sequence[str]) -> tuple[Any]:
        """Return the one parameter of a statement made by `select_by`."""
        return (orjson.dumps(values).decode(),) if self.is_sqlite else (list(values),)

    @contextmanager
    def begin(self) -> Iterator[Connection]:
        """Run one transaction. Raises Conflict when another replica was faster, Unwell for any other trouble.

        All these transactions share one connection that is never given back, so they belong to one thread; others
        use `apart`.
        """
        with self._translated():
            if self._connection is None:
                self._connection = self.engine.connect()
            with self._connection.begin():
                yield self._connection

    @contextmanager
    def apart(self) -> Iterator[Connection]:
        """Run one transaction on a connection of its own, from any thread. Raises as `begin` does."""
        with self._translated(), self.engine.begin() as connection:
            yield connection

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except (IntegrityError, self._dbapi.IntegrityError) as error:
            raise Conflict(str(error)) from error
        except (DBAPIError, self._dbapi.Error) as error:
            cause = getattr(error, "orig", error)
            if getattr(cause, "sqlstate", None) in _POSTGRES_RACES:
                raise Conflict(str(cause)) from error
            raise Unwell(str(cause)) from error

    def require(self, revision: str) -> None:
        """Raise Unmigrated unless the database is at `revision`."""
        try:
            with self.apart() as connection:
                found = [row[0] for row in fetch(connection, "SELECT version_num FROM alembic_version", ())]
        except Unwell as error:
            raise Unmigrated(f"the database has no schema, or cannot be reached ({error})") from error
        if found != [revision]:
            raise Unmigrated(f"the database is at {', '.join(found) or 'no revision'}, this program needs {revision}")

    def close(self) -> None:
        """Close all connections."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        self.engine.dispose()


def execute(connection: Connection, sql: str, rows: Sequence[tuple[Any, ...]]) -> int:
    """Run one statement for many rows, and return how many rows it touched; nothing for no rows.

    This and `fetch` go to the driver itself: SQLAlchemy's own way costs 50 us a statement.
    """
    if not rows:
        return 0
    cursor = connection.connection.cursor()
    try:
        if len(rows) == 1:
            cursor.execute(sql, rows[0])
        else:
            cursor.executemany(sql, rows)
        return int(cursor.rowcount)
    finally:
        cursor.close()


def fetch(connection: Connection, sql: str, parameters: tuple[Any, ...]) -> list[tuple[Any, ...]]:
    """Return all rows of a SELECT."""
    cursor = connection.connection.cursor()
    try:
        cursor.execute(sql, parameters)
        return list(cursor.fetchall())
    finally:
        cursor.close()


def open_engine(url: str) -> Engine:
    """Return an engine with the settings both databases need here. Raises Unusable."""
    try:
        backend = make_url(url).get_backend_name()
        if backend == "sqlite":
            engine = create_engine(
                url, pool_size=_SQLITE_POOL_SIZE, max_overflow=0, connect_args={"check_same_thread": False}
            )
            event.listen(engine, "connect", _tune_sqlite)
            event.listen(engine, "begin", _begin_immediate)
            return engine
        if backend == "postgresql":
            return create_engine(url, pool_size=_POOL_SIZE, max_overflow=0, paramstyle="format")
    except (ArgumentError, NoSuchModuleError, ModuleNotFoundError) as error:
        raise Unusable(f"DATABASE_URL: {error}") from error
    raise Unusable(f"DATABASE_URL names a {backend} database; use sqlite:///path or postgresql+psycopg://...")


def _tune_sqlite(connection: Any, _record: object) -> None:
    connection.isolation_level = None
    for pragma in _PRAGMAS:
        connection.execute(f"PRAGMA {pragma}").close()


def _begin_immediate(connection: Connection) -> None:
    connection.connection.cursor().execute("BEGIN IMMEDIATE")
