"""The loop: restore, wait for records, fire timers, process, commit; one failure path back to what is committed."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Protocol

from streams.commit import Committer
from streams.context import TaskContext
from streams.driver import Driver
from streams.errors import Abortable, Fatal, StreamsError, TaskMigrated
from streams.handover import Handover
from streams.logs import WriteLines, discard
from streams.processor import ProcessorFactory
from streams.quarantine import Failure, Quarantine
from streams.record import Record, TopicPartition
from streams.restore import Restorer
from streams.round import BlamedFlush, BlamedTimer, Round
from streams.runtime_config import RuntimeConfig
from streams.stats import Counters, Standing, Stats
from streams.store import StoreFactory
from streams.task import Task, TaskState
from streams.watchdog import Watchdog

_log = logging.getLogger(__name__)


class Stop(Protocol):
    """What tells the loop to end, such as a threading.Event."""

    def is_set(self) -> bool:
        """Whether to end."""


class Runtime:
    """Runs one processor per assigned partition, exactly once, on any driver. One thread; can be stepped."""

    def __init__(
        self,
        driver: Driver,
        config: RuntimeConfig,
        processor_factory: ProcessorFactory,
        store_factory: StoreFactory,
        clock_ms: Callable[[], int],
        on_stats: Callable[[Stats], None] | None = None,
        sleep_s: Callable[[float], None] = time.sleep,
        write_lines: WriteLines = discard,
    ) -> None:
        """Run on a driver; `write_lines` is handed what processors told the log in a transaction that is committed."""
        self._driver = driver
        self._config = config
        self._processor_factory = processor_factory
        self._store_factory = store_factory
        self._clock_ms = clock_ms
        self._on_stats = on_stats
        self._sleep_s = sleep_s
        self._counters = Counters()
        self._committer = Committer(driver, config.changelog_topic, self._counters, write_lines)
        self._restorer = Restorer(driver, config.changelog_topic, self._counters)
        self._quarantine = Quarantine(config.timer_backoff_ms, config.timer_backoff_limit_ms)
        self._round = Round(config, self._committer, self._quarantine, self._counters, clock_ms)
        self._handover = Handover(self._committer, self._restorer, self._make_task)
        self._records: list[Record] = []
        self._next = 0
        self._aborts_in_a_row = 0
        self._probation = 0
        self._stats_since_ms = 0
        self._renewals_told = 0

    def start(self) -> None:
        """Join the group; tasks are restored by the rounds that follow. Raises Fatal."""
        self._stats_since_ms = self._clock_ms()
        self._driver.start(self._config.input_topics, self._handover)

    def run(self, stop: Stop) -> None:
        """Run until told to stop, then end cleanly. Raises Fatal."""
        watchdog = Watchdog(self._config.watchdog_s) if self._config.watchdog_s > 0 else None
        self.start()
        if watchdog is not None:
            watchdog.start()
        try:
            while not stop.is_set():
                self.run_once()
                if watchdog is not None:
                    watchdog.beat()
            self._commit_rest()
        finally:
            self.close()
            if watchdog is not None:
                watchdog.stop()

    def close(self) -> None:
        """Drop what is not committed, leave the group's client, close the stores."""
        try:
            self._driver.close()
        finally:
            self._handover.close()

    @property
    def is_restored(self) -> bool:
        """Whether every assigned task is running."""
        return all(task.state is TaskState.RUNNING for task in self._handover.tasks.values())

    @property
    def counters(self) -> Counters:
        """What was counted since the start; any thread may read it."""
        return self._counters

    @property
    def renewals(self) -> int:
        """How often the producer was replaced after a disturbed transaction."""
        return self._driver.renewals

    def standing(self) -> Standing:
        """Return what the loop has in hand; any thread may ask."""
        tasks = list(self._handover.tasks.values())
        return Standing(
            running=sum(task.state is TaskState.RUNNING for task in tasks),
            restoring=self._restorer.waiting,
            backlog=len(self._records) - self._next,
            quarantined=len(self._quarantine),
        )

    def run_once(self) -> None:
        """Do one round: at most one restore slice, one poll, one commit. Raises Fatal."""
        try:
            self._step()
        except (Abortable, TaskMigrated) as error:
            self._abort(str(error))
        except StreamsError:
            raise
        except Exception as error:  # noqa: BLE001 - a bug in a processor must stop only the record that shows it
            self._blame(error)
        self._tell_stats()

    def _step(self) -> None:
        restoring = self._restorer.step()
        if self._next >= len(self._records):
            self._poll(0.0 if restoring else self._poll_timeout_s())
        tasks = self._handover.tasks
        if not self._committer.is_open:
            self._round.fire_due(list(tasks.values()))
        self._next = self._round.process(tasks, self._records, self._next)
        drained = self._next >= len(self._records) and len(self._records) < self._round.limit
        if self._committer.is_open and (drained or self._round.is_full):
            self._commit()

    def _poll(self, timeout_s: float) -> None:
        self._next = 0
        self._records = self._driver.poll(timeout_s, self._round.limit)

    def _poll_timeout_s(self) -> float:
        if self._committer.is_open:
            return 0.0
        next_due_ms = min((task.context.next_due_ms for task in self._handover.tasks.values()), default=None)
        if next_due_ms is None:
            return self._config.poll_timeout_ms / 1_000
        return max(0, min(self._config.poll_timeout_ms, next_due_ms - self._clock_ms())) / 1_000

    def _commit(self) -> None:
        size = self._committer.size
        self._round.commit(list(self._handover.tasks.values()))
        self._aborts_in_a_row = 0
        if self._probation:
            self._probation = max(0, self._probation - size)
            if not self._probation:
                self._round.limit = self._config.max_records

    def _commit_rest(self) -> None:
        if self._committer.is_open:
            try:
                self._commit()
            except (Abortable, TaskMigrated) as error:
                _log.warning("work dropped at the end: %s", error)

    def _blame(self, error: Exception) -> None:
        """Quarantine what ran when a processor failed; what fails outside of processors is fatal."""
        blame = self._round.blame
        failure = Failure.of(error)
        match blame:
            case Record():
                self._quarantine.blame_record(blame, failure)
            case BlamedTimer(partition, key):
                self._quarantine.blame_timer(partition, key, failure)
            case BlamedFlush():
                self._blame_flush(failure)
            case None:
                raise Fatal(f"the runtime failed: {failure.detail}") from error
        _log.error("aborting, a processor failed on %s", _place(blame), exc_info=error)
        self._abort(failure.detail)

    def _blame_flush(self, failure: Failure) -> None:
        """Find the record that breaks a flush by giving each record of the transaction one of its own."""
        if self._committer.size > 1:
            self._probation = self._committer.size
            self._round.limit = 1
        elif self._next > 0 and self._records:
            self._quarantine.blame_record(self._records[self._next - 1], failure)

    def _abort(self, why: str) -> None:
        self._aborts_in_a_row += 1
        self._counters.aborts += 1
        if self._aborts_in_a_row > self._config.max_consecutive_aborts:
            raise Fatal(f"{self._aborts_in_a_row} aborts in a row, the last: {why}")
        _log.warning("transaction aborted: %s", why)
        self._records, self._next = [], 0
        self._committer.abort(list(self._handover.tasks.values()))
        self._round.forget(committed=False)
        if self._aborts_in_a_row > 1:
            backoff = self._config.abort_backoff_ms << min(self._aborts_in_a_row - 2, 20)
            self._sleep_s(min(backoff, self._config.abort_backoff_limit_ms) / 1_000)

    def _make_task(self, partition: int) -> Task:
        store = self._store_factory(partition)
        context = TaskContext(partition, store, self._driver, self._config.dead_letter_topic, self._counters)
        inputs = tuple(TopicPartition(topic, partition) for topic in self._config.input_topics)
        return Task(partition, inputs, store, context, self._processor_factory)

    def _tell_stats(self) -> None:
        now_ms = self._clock_ms()
        if self._on_stats is None or now_ms - self._stats_since_ms < self._config.stats_interval_ms:
            return
        renewals, standing = self._driver.renewals, self.standing()
        self._on_stats(
            Stats(
                interval_ms=now_ms - self._stats_since_ms,
                producer_renewals=renewals - self._renewals_told,
                tasks_running_now=standing.running,
                tasks_restoring_now=standing.restoring,
                backlog_now=standing.backlog,
                quarantined_now=standing.quarantined,
                **self._counters.interval(),
            )
        )
        self._renewals_told = renewals
        self._stats_since_ms = now_ms


def _place(blame: Record | BlamedTimer | BlamedFlush) -> str:
    match blame:
        case Record():
            return f"{blame.topic}/{blame.partition} offset {blame.offset}"
        case BlamedTimer(partition, key):
            return f"the timer of {key!r} in task {partition}"
        case BlamedFlush():
            return "flush"
