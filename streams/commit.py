"""The commit path: one Kafka transaction over all tasks, and the stores only after it."""

from __future__ import annotations

import struct
import time
from collections.abc import Callable, Iterable

from streams.driver import Driver
from streams.logs import WriteLines
from streams.record import Headers, TopicPartition
from streams.stats import Counters
from streams.store import NO_DUE, Entry, StorePosition
from streams.task import Task

DUE_HEADER = "due"
"""Header of a changelog record: the due time, 8 bytes big endian, so that a restore decodes no value."""
_DUE = struct.Struct(">Q")


def changelog_headers(entry: Entry | None) -> Headers:
    """Return the headers of an entry's changelog record."""
    return [] if entry is None or entry.due_ms == NO_DUE else [(DUE_HEADER, _DUE.pack(entry.due_ms))]


def changelog_entry(value: bytes | None, headers: Headers) -> Entry | None:
    """Return the entry that a changelog record stands for; None is a tombstone."""
    if value is None:
        return None
    for name, due in headers:
        if name == DUE_HEADER:
            return Entry(value, _DUE.unpack(due)[0])
    return Entry(value, NO_DUE)


class Committer:
    """Opens, commits and aborts the transaction that the tasks share."""

    def __init__(self, driver: Driver, changelog_topic: str, counters: Counters, write_lines: WriteLines) -> None:
        """Work for a driver; `write_lines` is handed what committed transactions tell the log."""
        self._driver = driver
        self._write_lines = write_lines
        self._changelog_topic = changelog_topic
        self._counters = counters
        self._open = False
        self.size = 0
        """Records and timers in the open transaction."""

    @property
    def is_open(self) -> bool:
        """Whether a transaction is open."""
        return self._open

    def open(self) -> None:
        """Open the transaction if none is. Raises Abortable, Fatal."""
        if not self._open:
            self._driver.begin()
            self._open = True

    def commit(self, tasks: Iterable[Task], flushed: Callable[[], None]) -> None:
        """Flush the processors, write the changelog, commit, then write the stores.

        `flushed` is called when the last processor has returned: what fails after it is not a processor's fault.
        Raises Abortable and TaskMigrated (nothing happened), Fatal.
        """
        if not self._open:
            return
        started = time.perf_counter()
        touched = [task for task in tasks if task.touched]
        for task in touched:
            task.processor.flush(task.context)
        flushed()
        offsets: dict[TopicPartition, int] = {}
        for task in touched:
            self._write_changelog(task)
            offsets.update(task.changed_offsets())
        written = self._driver.commit(offsets)
        self._open = False
        self._tell(touched)
        for task in touched:
            self._apply(task, written.get(TopicPartition(self._changelog_topic, task.partition)))
        self._counters.committed(self.size, (time.perf_counter() - started) * 1_000)
        self.size = 0

    def _write_changelog(self, task: Task) -> None:
        produce, topic, partition = self._driver.produce, self._changelog_topic, task.partition
        for key, entry in task.context.writes.items():
            produce(topic, key, None if entry is None else entry.value, changelog_headers(entry), partition)
        self._counters.changelog_records += len(task.context.writes)

    def _tell(self, tasks: Iterable[Task]) -> None:
        lines = b"".join([task.context.lines for task in tasks])
        if lines:
            self._write_lines(lines)

    def _apply(self, task: Task, last_written: int | None) -> None:
        before = task.store.position()
        task.store.apply(
            task.context.writes,
            StorePosition(
                before.changelog_id,
                before.changelog_offset if last_written is None else last_written + 1,
                task.changed_offsets(),
            ),
            task.context.previous_due,
        )
        task.settle(task.positions)

    def abort(self, tasks: Iterable[Task]) -> None:
        """Abort, rewind, and let the touched tasks start again from what is committed. Raises Fatal."""
        self._open = False
        self.size = 0
        self._driver.abort()
        for task in tasks:
            if task.touched:
                task.renew()
