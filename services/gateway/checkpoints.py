"""Copies what SQLite's log holds into the database beside the writer, so that no commit has to do all of it."""

from __future__ import annotations

import logging
import sqlite3
import threading

from sqlalchemy import Engine

EVERY_S = 0.5
_log = logging.getLogger(__name__)


class Checkpoints:
    """A thread with a connection of its own; it holds up neither writers nor readers, nor waits for them.

    The writer's own checkpoints go on as they are set: they find little left to copy, and begin the log anew.
    """

    def __init__(self, engine: Engine, every_s: float = EVERY_S) -> None:
        """Look after the file of an engine for SQLite."""
        self._path = str(engine.url.database)
        self._every_s = every_s
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._work, name="checkpoints", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End the thread and close its connection."""
        self._ended.set()
        self._thread.join()

    def _work(self) -> None:
        connection = sqlite3.connect(self._path, isolation_level=None)
        try:
            while not self._ended.wait(self._every_s):
                self._copy(connection)
        finally:
            connection.close()

    def _copy(self, connection: sqlite3.Connection) -> None:
        try:
            connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
        except sqlite3.Error as error:
            # The log only grows longer: the writer's own checkpoint is told of the same trouble, and acts on it.
            _log.warning("the database's log was not copied", extra={"why": str(error)})
