"""SQLite's log beside the gateway: what is committed reaches the database itself, though no commit copies it."""

from __future__ import annotations

import shutil
import sqlite3
import time
from contextlib import closing
from pathlib import Path

import pytest

from services.gateway.checkpoints import Checkpoints
from services.participant.database import open_engine

PATIENCE_S = 60.0


def _held_without_log(database: Path) -> int:
    """Return how many rows the database has where its log is lost."""
    alone = database.with_name("alone.db")
    shutil.copyfile(database, alone)
    with closing(sqlite3.connect(alone)) as connection:
        [(found,)] = connection.execute("SELECT count(*) FROM sqlite_master")
        return int(connection.execute("SELECT count(*) FROM kept").fetchone()[0]) if found else 0


def test_what_is_committed_is_copied_out_of_the_log_while_a_writer_goes_on(tmp_path: Path) -> None:
    database = tmp_path / "gateway.db"
    checkpoints = Checkpoints(open_engine(f"sqlite:///{database}"), every_s=0.01)
    with closing(sqlite3.connect(database, isolation_level=None)) as writer:
        writer.execute("PRAGMA journal_mode=WAL")
        writer.execute("PRAGMA wal_autocheckpoint=0")
        writer.execute("CREATE TABLE kept (number INTEGER)")
        writer.execute("INSERT INTO kept VALUES (1)")
        assert _held_without_log(database) == 0
        writer.execute("BEGIN IMMEDIATE")
        writer.execute("INSERT INTO kept VALUES (2)")

        checkpoints.start()
        deadline = time.monotonic() + PATIENCE_S
        while _held_without_log(database) < 1:
            assert time.monotonic() < deadline
        writer.execute("COMMIT")
        while _held_without_log(database) < 2:
            assert time.monotonic() < deadline
        checkpoints.stop()


def test_a_database_that_cannot_be_copied_is_told_of_and_tried_again(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    database = tmp_path / "gateway.db"
    database.write_bytes(b"no database at all, but long enough to be read as one" * 100)
    checkpoints = Checkpoints(open_engine(f"sqlite:///{database}"), every_s=0.001)

    checkpoints.start()
    deadline = time.monotonic() + PATIENCE_S
    while caplog.messages.count("the database's log was not copied") < 2:
        assert time.monotonic() < deadline
    checkpoints.stop()
