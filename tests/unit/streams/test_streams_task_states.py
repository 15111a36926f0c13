"""The task states: only the transitions in the table are legal, and every state can end."""

from __future__ import annotations

import itertools

import pytest

from streams.context import TaskContext
from streams.errors import Fatal
from streams.memory_driver import MemoryDriver
from streams.memory_log import MemoryLog
from streams.memory_store import MemoryStore
from streams.processor import Context
from streams.record import Record, TopicPartition
from streams.stats import Counters
from streams.task import TRANSITIONS, Task, TaskState


class Idle:
    """Does nothing."""

    def process(self, record: Record, now_ms: int, context: Context) -> None:
        """Do nothing."""

    def bury(self, record: Record, code: str, detail: str, now_ms: int, context: Context) -> None:  # noqa: ARG002 - as in the contract
        context.dead_letter(record, code, detail)

    def fire(self, key: bytes, now_ms: int, context: Context) -> None:
        """Do nothing."""

    def flush(self, context: Context) -> None:
        """Do nothing."""


PATHS = {
    TaskState.CREATED: [],
    TaskState.RESTORING: [TaskState.RESTORING],
    TaskState.RUNNING: [TaskState.RESTORING, TaskState.RUNNING],
    TaskState.SUSPENDED: [TaskState.RESTORING, TaskState.SUSPENDED],
    TaskState.CLOSED: [TaskState.CLOSED],
}


def task_in(state: TaskState) -> Task:
    store = MemoryStore()
    driver = MemoryDriver(MemoryLog(lambda: 0), "group", "instance")
    context = TaskContext(0, store, driver, "dead", Counters())
    task = Task(0, (TopicPartition("in", 0),), store, context, lambda _: Idle())
    for step in PATHS[state]:
        task.become(step)
    return task


@pytest.mark.parametrize(("before", "after"), list(itertools.product(TaskState, TaskState)))
def test_only_transitions_in_the_table_are_possible(before: TaskState, after: TaskState) -> None:
    task = task_in(before)

    if after in TRANSITIONS[before]:
        task.become(after)
        assert task.state is after
    else:
        with pytest.raises(Fatal):
            task.become(after)
        assert task.state is before


def test_nothing_runs_without_a_restore_before_it() -> None:
    assert [before for before, after in TRANSITIONS.items() if TaskState.RUNNING in after] == [TaskState.RESTORING]
