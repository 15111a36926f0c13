"""The tables of tasks, and what one batch of commands knows and changes of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, NamedTuple

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Integer,
    MetaData,
    String,
    Table,
    bindparam,
    delete,
    insert,
    update,
)

from services.participant.command import Command
from services.participant.database import Database, execute, fetch
from services.participant.job import FeedPage, JobDone

REVISION = "tasks_0001"
METADATA = MetaData()
EXTRACTED = Table(
    "extracted",
    METADATA,
    Column("batch", String, primary_key=True),
    Column("n", Integer, primary_key=True),
    Column("sku", String, nullable=False),
    Column("quantity", BigInteger, nullable=False),
    Column("unit_price_minor", BigInteger, nullable=False),
)


def _sums(name: str) -> Table:
    return Table(
        name,
        METADATA,
        Column("batch", String, primary_key=True),
        Column("sku", String, primary_key=True),
        Column("quantity", BigInteger, nullable=False),
        Column("amount_minor", BigInteger, nullable=False),
    )


TRANSFORMED = _sums("transformed")
LOADED = _sums("loaded")
RESERVATIONS = Table(
    "reservations",
    METADATA,
    Column("token", String, primary_key=True),
    Column("saga_id", String, nullable=False),
    Column("resource", String, nullable=False),
    Column("quantity", BigInteger, nullable=False),
    Column("state", String, nullable=False),
)


class Tables(StrEnum):
    """The tables of the pipeline, in the order of its stages."""

    EXTRACTED = "extracted"
    TRANSFORMED = "transformed"
    LOADED = "loaded"


class Sum(NamedTuple):
    """What was sold of one article."""

    sku: str
    quantity: int
    amount_minor: int


@dataclass(slots=True)
class Work:
    """What one batch of commands knows of the pipeline's batches and of reservations, and what it changes."""

    extracted: dict[str, list[tuple[str, int, int]]] = field(default_factory=dict)
    transformed: dict[str, list[Sum]] = field(default_factory=dict)
    loaded: set[str] = field(default_factory=set)
    added: dict[Tables, list[tuple[Any, ...]]] = field(default_factory=dict)
    removed: dict[Tables, list[tuple[str]]] = field(default_factory=dict)
    reserved: list[tuple[Any, ...]] = field(default_factory=list)
    released: list[tuple[str, str]] = field(default_factory=list)
    """New state and token."""

    def add(self, table: Tables, rows: Sequence[tuple[Any, ...]]) -> None:
        """Note new rows."""
        self.added.setdefault(table, []).extend(rows)

    def remove(self, table: Tables, batch: str) -> None:
        """Note that a batch goes; rows that are added in the same batch of commands go with it."""
        self.added[table] = [row for row in self.added.get(table, ()) if row[0] != batch]
        self.removed.setdefault(table, []).append((batch,))


class TaskTables:
    """Loads and saves what a batch of commands touches."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._extracted = database.select_by("batch, sku, quantity, unit_price_minor", "extracted", "batch")
        self._transformed = database.select_by("batch, sku, quantity, amount_minor", "transformed", "batch")
        self._loaded = database.select_by("batch", "loaded", "batch")
        tables = {Tables.EXTRACTED: EXTRACTED, Tables.TRANSFORMED: TRANSFORMED, Tables.LOADED: LOADED}
        self._add = {name: database.sql(insert(table)) for name, table in tables.items()}
        self._remove = {
            name: database.sql(delete(table).where(table.c.batch == bindparam("which")))
            for name, table in tables.items()
        }
        self._reserve = database.sql(insert(RESERVATIONS))
        by_token = RESERVATIONS.c.token == bindparam("which")
        self._release = database.sql(update(RESERVATIONS).where(by_token).values(state=bindparam("after")))

    def load(self, connection: Connection, commands: Sequence[Command], _ended: Sequence[JobDone | FeedPage]) -> Work:
        """Read the batches that commands name."""
        work = Work()
        named = dict.fromkeys(
            batch
            for command in commands
            if isinstance(batch := command.fields.get("batch"), str) and batch.isprintable()
        )
        if named:
            keys = self._database.keys(list(named))
            for batch, *row in fetch(connection, self._extracted, keys):
                work.extracted.setdefault(batch, []).append((row[0], row[1], row[2]))
            for batch, *row in fetch(connection, self._transformed, keys):
                work.transformed.setdefault(batch, []).append(Sum(*row))
            work.loaded.update(row[0] for row in fetch(connection, self._loaded, keys))
        return work

    def save(self, connection: Connection, work: Work) -> None:
        """Write the changes."""
        for table in Tables:
            execute(connection, self._remove[table], work.removed.get(table, ()))
            execute(connection, self._add[table], work.added.get(table, ()))
        execute(connection, self._reserve, work.reserved)
        execute(connection, self._release, work.released)
