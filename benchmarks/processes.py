"""The processes of a subject: started tied to this one, watched, stopped in order."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from cli.failure import Failure
from cli.supervisor import Process, last_line
from cli.tethered import tethered

READY_S = 60.0
STOP_S = 12.0


@dataclass(frozen=True, slots=True)
class Child:
    """A process that runs."""

    process: Process
    popen: subprocess.Popen[bytes]
    log: Path


def python(name: str, command: Sequence[str], environ: Mapping[str, str], stop_rank: int = 0) -> Process:
    """Return a process that runs a module with further environment variables."""
    return Process(name, (sys.executable, "-m", *command), {**os.environ, **environ}, stop_rank=stop_rank)


class Processes:
    """A context manager over the processes of one subject."""

    def __init__(self, table: Sequence[Process], directory: Path, profiles: Path | None) -> None:
        """Take the table in order of starting, the directory of logs and, to profile them, that of the profiles."""
        self._table = table
        self._directory = directory
        self._profiles = profiles
        self._children: list[Child] = []

    def __enter__(self) -> Self:
        self._directory.mkdir(parents=True, exist_ok=True)
        with ExitStack() as on_failure:
            on_failure.callback(self._stop)
            for process in self._table:
                self._start(process)
            self._wait_until_ready()
            on_failure.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop()

    def _start(self, process: Process) -> None:
        log = self._directory / f"{process.name}.log"
        with log.open("ab") as output:
            popen = subprocess.Popen(
                tethered(self._command(process)),
                env=dict(process.environ),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        self._children.append(Child(process, popen, log))

    def _stop(self) -> None:
        for rank in sorted({child.process.stop_rank for child in self._children}):
            stopped = [child for child in self._children if child.process.stop_rank == rank]
            for child in stopped:
                child.popen.terminate()
            deadline = time.monotonic() + STOP_S
            for child in stopped:
                try:
                    child.popen.wait(max(0.0, deadline - time.monotonic()))
                except subprocess.TimeoutExpired:
                    child.popen.kill()
                    child.popen.wait()

    @property
    def pids(self) -> Mapping[str, int]:
        """Process ids by name."""
        return {child.process.name: child.popen.pid for child in self._children}

    def require_alive(self) -> None:
        """Raise Failure when one has died."""
        for child in self._children:
            code = child.popen.poll()
            if code is not None:
                raise Failure(
                    f"{child.process.name} ended with {code} in the middle: {last_line(child.log)}",
                    f"Run again with --keep and read {child.log}.",
                )

    def _command(self, process: Process) -> Sequence[str]:
        interpreter, flag, *module = process.command
        if self._profiles is None or flag != "-m":
            return process.command
        self._profiles.mkdir(parents=True, exist_ok=True)
        return [interpreter, "-m", "cProfile", "-o", str(self._profiles / f"{process.name}.prof"), flag, *module]

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + READY_S
        for child in self._children:
            while child.process.ready is not None and not child.process.ready():
                self.require_alive()
                if time.monotonic() > deadline:
                    raise Failure(
                        f"{child.process.name} was not ready within {READY_S:.0f} s: {last_line(child.log)}",
                        f"Run again with --keep and read {child.log}.",
                    )
                time.sleep(0.05)
