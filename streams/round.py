"""The part of a transaction that runs processors: due timers first, then records, each blamed for what it breaks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from streams.commit import Committer
from streams.errors import Fatal
from streams.quarantine import Quarantine
from streams.record import Record
from streams.runtime_config import RuntimeConfig
from streams.stats import Counters
from streams.store import Due
from streams.task import Task, TaskState


@dataclass(frozen=True, slots=True)
class BlamedTimer:
    """A timer that was firing."""

    partition: int
    key: bytes


@dataclass(frozen=True, slots=True)
class BlamedFlush:
    """A flush: any record of the transaction may be at fault."""


Blame = Record | BlamedTimer | BlamedFlush | None
"""Which piece of work runs the code that is not ours; None while none does."""


class TimerNotClearedError(Exception):
    """`Processor.fire` returned without putting or deleting its key."""


class Round:
    """Runs processors over timers and records within the bounds of one transaction."""

    def __init__(
        self,
        config: RuntimeConfig,
        committer: Committer,
        quarantine: Quarantine,
        counters: Counters,
        clock_ms: Callable[[], int],
    ) -> None:
        self._config = config
        self._committer = committer
        self._quarantine = quarantine
        self._counters = counters
        self._clock_ms = clock_ms
        self._reported_records: list[Record] = []
        self._reported_timers: list[tuple[int, bytes]] = []
        self._deadline_ms = 0
        self.blame: Blame = None
        self.limit = config.max_records
        """Records and timers in this transaction."""

    @property
    def is_full(self) -> bool:
        """Whether the open transaction has reached one of its bounds."""
        return self._committer.size >= self.limit or (self._committer.is_open and self._clock_ms() >= self._deadline_ms)

    def _open(self) -> None:
        if not self._committer.is_open:
            self._committer.open()
            self._deadline_ms = self._clock_ms() + self._config.max_transaction_ms

    def fire_due(self, tasks: Sequence[Task]) -> None:
        """Fire what is due. Only at the start of a transaction: the due index shows committed state."""
        now_ms = self._clock_ms()
        for task in tasks:
            if task.state is TaskState.RUNNING and task.context.next_due_ms <= now_ms:
                self._fire_task(task, now_ms)

    def _fire_task(self, task: Task, now_ms: int) -> None:
        room = min(self._config.max_timers, self.limit - self._committer.size)
        if room <= 0:
            return
        horizon = now_ms + self._config.due_horizon_ms
        found = task.store.due_until(horizon, room)
        later = next((due.due_ms for due in found if due.due_ms > now_ms), None)
        if later is not None:
            task.context.next_due_ms = later
        else:
            task.context.next_due_ms = horizon if len(found) < room else now_ms
        for due in found:
            if due.due_ms <= now_ms:
                self._fire(task, due, now_ms)

    def _fire(self, task: Task, due: Due, now_ms: int) -> None:
        self._open()
        task.touched = True
        self._committer.size += 1
        self._counters.timers += 1
        where = (task.partition, due.key)
        failed = self._quarantine.timers.get(where) if self._quarantine.timers else None
        if failed is not None and not failed.reported:
            self._push_back(task, due, failed.failure.code, failed.failure.detail, failed.attempts)
            return
        self.blame = BlamedTimer(task.partition, due.key)
        task.processor.fire(due.key, now_ms, task.context)
        if due.key not in task.context.writes:
            raise TimerNotClearedError(f"due at {due.due_ms}")
        self.blame = None
        if failed is not None:
            self._quarantine.cleared(task.partition, due.key)

    def _push_back(self, task: Task, due: Due, code: str, detail: str, attempts: int) -> None:
        value = task.context.get(due.key)
        if value is None:
            raise Fatal(f"task {task.partition}: the due index names a key that is not stored")
        task.context.dead_letter(
            Record("timer", task.partition, -1, due.due_ms, due.key, value, []), f"TIMER_{code}", detail
        )
        task.context.put(due.key, value, self._quarantine.pushed_back_to(self._clock_ms(), attempts))
        self._reported_timers.append((task.partition, due.key))

    def process(self, tasks: dict[int, Task], records: Sequence[Record], start: int) -> int:
        """Process records from index `start` until a bound is reached; return the index of the next one."""
        if start >= len(records):
            return start
        self._open()
        clock_ms = self._clock_ms
        deadline = self._deadline_ms
        end = min(len(records), start + self.limit - self._committer.size)
        index = start
        while index < end:
            now_ms = clock_ms()
            if now_ms >= deadline and self._committer.size:
                break
            record = records[index]
            task = tasks.get(record.partition)
            if task is None or task.state is not TaskState.RUNNING:
                raise Fatal(f"a record of {record.topic}/{record.partition} came without a running task")
            index += 1
            if record.offset < task.positions.get(record.topic, 0):
                continue
            task.touched = True
            self._committer.size += 1
            self.blame = record
            if self._quarantine.records:
                self._process_or_bury(task, record, now_ms)
            else:
                task.processor.process(record, now_ms, task.context)
            self.blame = None
            task.positions[record.topic] = record.offset + 1
        return index

    def _process_or_bury(self, task: Task, record: Record, now_ms: int) -> None:
        failure = self._quarantine.records.get((record.topic, record.partition, record.offset))
        if failure is None:
            task.processor.process(record, now_ms, task.context)
            return
        self.blame = None
        task.processor.bury(record, failure.code, failure.detail, now_ms, task.context)
        self._reported_records.append(record)

    def commit(self, tasks: Sequence[Task]) -> None:
        """Commit what was done. Raises Abortable, TaskMigrated, Fatal."""
        self._counters.records += self._committer.size
        self.blame = BlamedFlush()
        self._committer.commit(tasks, self._flushed)
        self.forget(committed=True)

    def _flushed(self) -> None:
        self.blame = None

    def forget(self, *, committed: bool) -> None:
        """Start anew after a commit or an abort."""
        self.blame = None
        if committed:
            self._quarantine.release(self._reported_records, self._reported_timers)
        self._reported_records.clear()
        self._reported_timers.clear()
