"""The participant of the 4-step saga: the product's own shell over SQLite, with an effect of one inserted row."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from alembic.migration import MigrationContext
from alembic.operations import Operations

from services.participant.command import Command
from services.participant.database import Database, execute
from services.participant.handlers import Local, Service
from services.participant.job import FeedPage, JobDone
from services.participant.migration_1 import create_shell_tables
from services.participant.outcome import Done, Outcome
from services.participant.process import Parts, run

TOPIC = "bench.commands"
REVISION = "bench_0001"
COMMANDS = ("bench.First", "bench.Second", "bench.Third", "bench.Fourth", "bench.Undo")
"""What `benchmarks/definitions/four-steps.yaml` sends."""
ENTRIES = sa.Table(
    "entries",
    sa.MetaData(),
    sa.Column("token", sa.String, primary_key=True),
    sa.Column("type", sa.String, nullable=False),
    sa.Column("account", sa.String, nullable=False),
)


@dataclass(slots=True)
class Entries:
    """The rows one batch adds."""

    added: list[tuple[str, str, str]] = field(default_factory=list)


def prepare(url: str) -> None:
    """Create the tables of a new database with the product's own migration."""
    database = Database(url)
    with database.begin() as connection:
        with Operations.context(MigrationContext.configure(connection)):
            create_shell_tables()
        ENTRIES.create(connection)
        connection.exec_driver_sql("CREATE TABLE alembic_version (version_num VARCHAR(32) PRIMARY KEY)")
        connection.exec_driver_sql("INSERT INTO alembic_version VALUES (?)", (REVISION,))
    database.close()


def _check(_fields: Mapping[str, Any]) -> str | None:
    return None


def _enter(command: Command, entries: Entries) -> Outcome:
    entries.added.append((command.meta["token"], command.name, command.fields["account"]))
    return Done("saga.GenericReply", {"data": '{"entered":1}'})


def _load(_connection: sa.Connection, _commands: Sequence[Command], _ended: Sequence[JobDone | FeedPage]) -> Entries:
    return Entries()


def build(_environment: Mapping[str, str], database: Database) -> Parts[Entries]:
    """Return the participant over its database."""
    insert = database.sql(sa.insert(ENTRIES))

    def save(connection: sa.Connection, entries: Entries) -> None:
        execute(connection, insert, entries.added)

    handlers = dict.fromkeys(COMMANDS, Local(_check, _enter))
    return Parts(Service("bench", TOPIC, REVISION, handlers, _load, save))


if __name__ == "__main__":
    sys.exit(run("bench", os.environ, build))
