"""The hand-over path: which tasks exist, and what happens to them when partitions come and go.

It never shares code with the commit of the running loop: giving partitions up ends the transaction first, and a failure
to do so drops the work instead of keeping the partition.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence

from streams.commit import Committer
from streams.errors import Abortable, TaskMigrated
from streams.record import TopicPartition
from streams.restore import Restorer
from streams.task import Task, TaskState

_log = logging.getLogger(__name__)


class Handover:
    """Owns the tasks; the driver calls it from inside `poll`, when no record is being processed."""

    def __init__(self, committer: Committer, restorer: Restorer, make_task: Callable[[int], Task]) -> None:
        self._committer = committer
        self._restorer = restorer
        self._make_task = make_task
        self.tasks: dict[int, Task] = {}
        """All tasks that are not closed, by partition number."""

    def on_assigned(self, partitions: Sequence[TopicPartition]) -> None:
        """Take up suspended tasks that came back, close those that did not, create the new ones."""
        numbers = sorted({partition for _, partition in partitions})
        self._close([task for number, task in self.tasks.items() if number not in numbers])
        for number in numbers:
            if number not in self.tasks:
                self.tasks[number] = self._make_task(number)
        idle = {TaskState.CREATED, TaskState.SUSPENDED}
        self._restorer.add([self.tasks[number] for number in numbers if self.tasks[number].state in idle])

    def on_revoked(self, partitions: Sequence[TopicPartition]) -> None:
        """End the open transaction while the partitions are still ours, then suspend their tasks."""
        if self._committer.is_open:
            try:
                self._committer.commit(list(self.tasks.values()), _nothing)
            except (Abortable, TaskMigrated) as error:
                _log.warning("work dropped at hand-over: %s", error)
                self._committer.abort(list(self.tasks.values()))
        given = self._of(partitions)
        self._restorer.remove(given)
        for task in given:
            task.become(TaskState.SUSPENDED)

    def on_lost(self, partitions: Sequence[TopicPartition]) -> None:
        """Drop the uncommitted work and close the tasks: somebody else may own them already."""
        self._committer.abort(list(self.tasks.values()))
        lost = self._of(partitions)
        self._restorer.remove(lost)
        self._close(lost)

    def close(self) -> None:
        """Close every task."""
        self._close(list(self.tasks.values()))

    def _of(self, partitions: Sequence[TopicPartition]) -> list[Task]:
        numbers = {partition for _, partition in partitions}
        return [task for number, task in self.tasks.items() if number in numbers]

    def _close(self, tasks: Sequence[Task]) -> None:
        for task in tasks:
            del self.tasks[task.partition]
            task.close()


def _nothing() -> None:
    """The flush is over: at hand-over nothing else is to be told."""
