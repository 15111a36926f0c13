"""Runs a table of processes: starts each after what it needs, restarts a dead one at once, stops all in order."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from cli.log_files import keep_small
from cli.tethered import tethered

STABLE_AFTER_S = 10.0
FIRST_BACKOFF_S = 0.5
LONGEST_BACKOFF_S = 10.0
READY_POLL_S = 0.05
READY_TIMEOUT_S = 90.0
STOP_TIMEOUT_S = 12.0
LOG_LOOK_S = 2.0
"""How often the size of the logs is looked at."""

Report = Callable[[str], None]


def last_line(log: Path) -> str:
    """Return the last line of a log file, cut to 300 characters."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - 4096))
            lines = file.read().decode("utf-8", "replace").strip().splitlines()
    except FileNotFoundError:
        return "(no log)"
    return lines[-1][:300] if lines else "(nothing)"


@dataclass(frozen=True, slots=True)
class Step:
    """Something done once before others may start, in a thread of the supervisor. A Failure stops everything."""

    name: str
    run: Callable[[], None]
    after: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Process:
    """One operating-system process that is kept alive.

    `ready` is asked in a thread until it says yes; without it a process is ready when it is started.
    `explain` finds in its log file why it died.
    `stop_rank`: processes are stopped from the lowest rank to the highest, equal ranks together.
    """

    name: str
    command: tuple[str, ...]
    environ: Mapping[str, str]
    after: tuple[str, ...] = ()
    ready: Callable[[], bool] | None = None
    explain: Callable[[Path], str] = last_line
    stop_rank: int = 0


@dataclass(frozen=True, slots=True)
class Status:
    """What the supervisor knows about one process; `started_ms` is milliseconds since the epoch."""

    pid: int
    started_ms: int
    restarts: int
    ready: bool
    log: str


@dataclass(slots=True)
class _Running:
    """The changing part of one process: its current child and its history of deaths."""

    ready: asyncio.Event = field(default_factory=asyncio.Event)
    child: asyncio.subprocess.Process | None = None
    started: float = 0.0
    started_ms: int = 0
    restarts: int = 0
    quick_deaths: int = 0
    status: Status | None = None


def restart_delay(quick_deaths: int) -> float:
    """Return the seconds to wait before a restart: none after the first quick death, then doubling up to 10 s."""
    if quick_deaths <= 1:
        return 0.0
    return float(min(LONGEST_BACKOFF_S, FIRST_BACKOFF_S * 2 ** min(quick_deaths - 2, 10)))


class Supervisor:
    """Keeps a table of processes alive until it is told to stop. One use; everything runs on one event loop."""

    def __init__(
        self,
        table: Sequence[Step | Process],
        logs: Path,
        report: Report,
        publish: Callable[[Mapping[str, Status]], None] = lambda _: None,
    ) -> None:
        """Take the table, the directory of log files, where to tell news, and who is told of each (re)start."""
        self._table = tuple(table)
        self._logs = logs
        self._report = report
        self._publish = publish
        self._running = {entry.name: _Running() for entry in table}
        self._stopping = asyncio.Event()
        self._killing = False

    async def run(self, when_ready: Callable[[], None] = lambda: None) -> None:
        """Start everything, keep it alive until `stop`, then stop it. Raises Failure when a step or start-up fails."""
        check_table(self._table)
        self._logs.mkdir(parents=True, exist_ok=True)
        tasks = [asyncio.create_task(self._enter(entry), name=entry.name) for entry in self._table]
        tasks.append(asyncio.create_task(self._announce(when_ready)))
        tasks.append(asyncio.create_task(self._keep_logs_small()))
        tasks.append(asyncio.create_task(self._until_stopped()))
        pending = set(tasks)
        try:
            while not self._stopping.is_set():
                done, pending = await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    task.result()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await self._stop_all()

    def stop(self) -> None:
        """Begin to stop; a second call kills what is still running."""
        if self._stopping.is_set():
            self._killing = True
            for running in self._running.values():
                _signal(running.child, signal.SIGKILL)
        self._stopping.set()

    async def _announce(self, when_ready: Callable[[], None]) -> None:
        for running in self._running.values():
            await running.ready.wait()
        when_ready()

    async def _keep_logs_small(self) -> None:
        while True:
            await asyncio.sleep(LOG_LOOK_S)
            for process in self._table:
                await asyncio.to_thread(keep_small, self._log_file(process.name))

    async def _until_stopped(self) -> None:
        await self._stopping.wait()

    async def _enter(self, entry: Step | Process) -> None:
        for name in entry.after:
            await self._running[name].ready.wait()
        match entry:
            case Step():
                started = time.monotonic()
                await asyncio.to_thread(entry.run)
                self._report(f"{entry.name}: done in {time.monotonic() - started:.1f} s")
                self._running[entry.name].ready.set()
            case Process():
                await self._keep_alive(entry)

    async def _keep_alive(self, process: Process) -> None:
        running = self._running[process.name]
        while True:
            await self._start(process, running)
            child = running.child
            assert child is not None
            watch = asyncio.create_task(self._watch_ready(process, running))
            try:
                code = await child.wait()
            finally:
                watch.cancel()
            lived = time.monotonic() - running.started
            running.quick_deaths = 1 if lived >= STABLE_AFTER_S else running.quick_deaths + 1
            running.restarts += 1
            delay = restart_delay(running.quick_deaths)
            log = self._log_file(process.name)
            when = f"in {delay:.1f} s" if delay else "at once"
            why = _death(code) if code < 0 else f"{_death(code)}: {process.explain(log)}"
            self._report(f"{process.name}: died after {lived:.1f} s ({why}); restarting {when}; log: {log}")
            await asyncio.sleep(delay)

    async def _start(self, process: Process, running: _Running) -> None:
        log = self._log_file(process.name)
        keep_small(log)
        with log.open("ab") as output:
            running.child = await asyncio.create_subprocess_exec(
                *tethered(process.command),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env=dict(process.environ),
                # The terminal's Ctrl-C goes to the supervisor alone, which stops the others in order.
                start_new_session=True,
            )
        running.started = time.monotonic()
        running.started_ms = time.time_ns() // 1_000_000
        self._tell(process, running, ready=process.ready is None)
        if process.ready is None:
            running.ready.set()

    async def _watch_ready(self, process: Process, running: _Running) -> None:
        """Ask the process whether it is ready until it is; a process that never becomes ready is reported once."""
        if process.ready is None:
            return
        deadline = running.started + READY_TIMEOUT_S
        while not await asyncio.to_thread(process.ready):
            if time.monotonic() > deadline:
                self._report(
                    f"{process.name}: not ready after {READY_TIMEOUT_S:.0f} s; log: {self._log_file(process.name)}"
                )
                return
            await asyncio.sleep(READY_POLL_S)
        self._tell(process, running, ready=True)
        self._report(f"{process.name}: ready after {time.monotonic() - running.started:.1f} s")
        running.ready.set()

    def _tell(self, process: Process, running: _Running, *, ready: bool) -> None:
        assert running.child is not None
        running.status = Status(
            pid=running.child.pid,
            started_ms=running.started_ms,
            restarts=running.restarts,
            ready=ready,
            log=str(self._log_file(process.name)),
        )
        self._publish({name: state.status for name, state in self._running.items() if state.status is not None})

    async def _stop_all(self) -> None:
        processes = [entry for entry in self._table if isinstance(entry, Process)]
        for rank in sorted({process.stop_rank for process in processes}):
            children = {
                process.name: child
                for process in processes
                if process.stop_rank == rank and (child := self._running[process.name].child) is not None
            }
            await asyncio.gather(*(self._stop_one(name, child) for name, child in children.items()))

    async def _stop_one(self, name: str, child: asyncio.subprocess.Process) -> None:
        _signal(child, signal.SIGKILL if self._killing else signal.SIGTERM)
        try:
            await asyncio.wait_for(child.wait(), STOP_TIMEOUT_S)
        except TimeoutError:
            self._report(f"{name}: did not stop within {STOP_TIMEOUT_S:.0f} s; killed")
            _signal(child, signal.SIGKILL)
            await child.wait()

    def _log_file(self, name: str) -> Path:
        return self._logs / f"{name}.log"


def check_table(table: Sequence[Step | Process]) -> None:
    """Raise ValueError when a name is used twice, is unknown in an `after`, or comes before what it waits for."""
    seen: set[str] = set()
    for entry in table:
        if entry.name in seen:
            raise ValueError(f"{entry.name} is in the table twice")
        missing = [name for name in entry.after if name not in seen]
        if missing:
            raise ValueError(f"{entry.name} waits for {missing[0]}, which is not above it in the table")
        seen.add(entry.name)


def _signal(child: asyncio.subprocess.Process | None, number: signal.Signals) -> None:
    if child is not None and child.returncode is None:
        try:
            os.kill(child.pid, number)
        except ProcessLookupError:
            return


def _death(code: int) -> str:
    if code >= 0:
        return f"exit code {code}"
    return f"signal {-code}"
