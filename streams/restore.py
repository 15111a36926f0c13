"""Brings stores up to their changelogs, a slice at a time, before their tasks run.

A warm standby belongs beside this module: the same slices applied to stores of partitions that are not owned,
promoted through `TaskState.RESTORING` like any other store.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence

from streams.commit import changelog_entry
from streams.driver import Driver
from streams.errors import Fatal, TaskCorrupted
from streams.record import Record, TopicPartition
from streams.stats import Counters
from streams.store import Entry, StorePosition
from streams.task import Task, TaskState

_log = logging.getLogger(__name__)


class Restorer:
    """Restores the tasks handed to it one after the other."""

    def __init__(self, driver: Driver, changelog_topic: str, counters: Counters) -> None:
        self._driver = driver
        self._topic = changelog_topic
        self._counters = counters
        self._waiting: list[Task] = []
        self._batches: Iterator[Sequence[Record]] | None = None
        self._changelog_id = ""
        self._wiped: set[int] = set()

    @property
    def waiting(self) -> int:
        """How many tasks are not restored yet."""
        return len(self._waiting)

    def add(self, tasks: Sequence[Task]) -> None:
        """Queue tasks, their inputs paused. Raises Fatal."""
        if not tasks:
            return
        self._changelog_id = self._driver.topic_id(self._topic)
        committed = self._driver.committed([where for task in tasks for where in task.inputs])
        for task in tasks:
            task.become(TaskState.RESTORING)
            task.settle({where.topic: committed.get(where, 0) for where in task.inputs})
            task.renew()
            self._driver.pause(task.inputs)
            self._waiting.append(task)

    def remove(self, tasks: Sequence[Task]) -> None:
        """Stop restoring tasks that were given up."""
        if self._waiting and self._waiting[0] in tasks:
            self._batches = None
        self._waiting = [task for task in self._waiting if task not in tasks]

    def step(self) -> bool:
        """Apply one slice of the first waiting task; false when nothing waits. Raises Fatal."""
        if not self._waiting:
            return False
        task = self._waiting[0]
        try:
            self._advance(task)
        except TaskCorrupted as error:
            self._wipe(task, error)
        return True

    def _advance(self, task: Task) -> None:
        if self._batches is None:
            self._check(task)
            where = TopicPartition(self._topic, task.partition)
            self._batches = self._driver.read_committed(where, task.store.position().changelog_offset)
        batch = next(self._batches, None)
        if batch is None:
            self._finish(task)
        elif batch:
            self._apply(task, batch)

    def _check(self, task: Task) -> None:
        """The store is written after the commit, so it can be behind the group's offsets and never ahead of them."""
        position = task.store.position()
        if position.changelog_id not in {"", self._changelog_id}:
            raise TaskCorrupted(f"store {task.partition} belongs to another incarnation of {self._topic}")
        for where, offset in position.input_offsets.items():
            if offset > task.committed.get(where.topic, offset):
                raise TaskCorrupted(
                    f"store {task.partition} is at {where.topic} offset {offset}, "
                    f"the group only at {task.committed[where.topic]}"
                )

    def _apply(self, task: Task, batch: Sequence[Record]) -> None:
        writes: dict[bytes, Entry | None] = {
            record.key: changelog_entry(record.value, record.headers) for record in batch if record.key is not None
        }
        task.store.apply(writes, StorePosition(self._changelog_id, batch[-1].offset + 1, {}), {})
        self._counters.restored_records += len(batch)

    def _finish(self, task: Task) -> None:
        offset = task.store.position().changelog_offset
        inputs = {TopicPartition(topic, task.partition): at for topic, at in task.committed.items()}
        task.store.apply({}, StorePosition(self._changelog_id, offset, inputs), {})
        self._batches = None
        self._waiting.pop(0)
        self._wiped.discard(task.partition)
        task.context.next_due_ms = 0
        task.become(TaskState.RUNNING)
        self._driver.resume(task.inputs)

    def _wipe(self, task: Task, error: TaskCorrupted) -> None:
        if task.partition in self._wiped:
            raise Fatal(f"a new store contradicts its changelog, too: {error}") from error
        _log.warning("wiping and restoring: %s", error)
        self._counters.corrupted_stores += 1
        self._wiped.add(task.partition)
        self._batches = None
        task.store.wipe()
