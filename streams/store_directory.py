"""Where an instance keeps its stores: a directory that no other process, running or stopped, holds open."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from streams.errors import Fatal
from streams.rocks_store import RocksStore
from streams.store import StateStore

MAX_SLOTS = 4
"""Processes of one instance that may hold stores at a time: one that runs, the others stopped and not yet dead."""


class StoreDirectory:
    """The first free slot under a directory, held by an advisory lock until the process ends.

    A stopped process keeps its locks, RocksDB's too. Its replacement takes the next slot and restores there instead of
    waiting for it.
    """

    def __init__(self, directory: Path) -> None:
        """Take a slot. Raises Fatal when all are held or the directory cannot be used."""
        for number in range(MAX_SLOTS):
            slot = directory / f"slot-{number}"
            try:
                slot.mkdir(parents=True, exist_ok=True)
                lock = os.open(slot / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC)
            except OSError as error:
                raise Fatal(f"{slot} cannot be used for stores: {error}") from error
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                os.close(lock)
                continue
            self._lock = lock
            self.path = slot
            return
        raise Fatal(f"{MAX_SLOTS} processes hold the stores under {directory} already")

    def open(self, partition: int) -> StateStore:
        """Open the store of a partition; a store factory."""
        return RocksStore(self.path / f"partition-{partition}")

    def release(self) -> None:
        """Let the slot go; its stores must be closed."""
        os.close(self._lock)
