"""`saga dev` as a process: one a directory, nothing left behind by a kill -9, a clean end on Ctrl-C."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from cli.failure import ExitCode
from cli.ports import free_ports, is_taken

ROOT = Path(__file__).parents[2]
START_S = 240.0
STOP_S = 120.0


class Dev:
    """One `saga dev` after another on the same directory and ports."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self.gateway, self.kafka = free_ports(2)
        self.process: subprocess.Popen[bytes] | None = None

    def command(self) -> list[str]:
        ports = ["--port", str(self.gateway), "--kafka-port", str(self.kafka)]
        return [sys.executable, "-m", "cli.app", "dev", "--data", str(self.data), *ports]

    def start(self) -> None:
        """Start it and wait until all its processes are ready."""
        with (self.data.parent / "output").open("wb") as output:
            self.process = subprocess.Popen(self.command(), cwd=ROOT, stdout=output, stderr=output)
        process = self.process
        wait_for(lambda: b"ready: gateway" in self.output() or process.poll() is not None, START_S)
        assert process.poll() is None, self.output().decode()

    def output(self) -> bytes:
        return (self.data.parent / "output").read_bytes()

    def pids(self) -> list[int]:
        state = json.loads((self.data / "dev.json").read_text())
        return [int(process["pid"]) for process in state["processes"].values()]


def wait_for(condition: Callable[[], bool], timeout_s: float) -> None:
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, "the condition never held"
        time.sleep(0.05)


def is_gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


@pytest.fixture
def dev(tmp_path: Path) -> Iterator[Dev]:
    """Give a `saga dev` that has not been started, and end what runs of it."""
    dev = Dev(tmp_path / "data")
    yield dev
    if dev.process is not None and dev.process.poll() is None:
        dev.process.kill()
        dev.process.wait()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux kills children with their parent")
def test_an_installation_survives_the_kill_of_its_supervisor_and_ends_cleanly(dev: Dev) -> None:
    dev.start()
    assert dev.process is not None
    second = subprocess.run(dev.command(), cwd=ROOT, capture_output=True, text=True, timeout=START_S, check=False)
    assert second.returncode == ExitCode.DATA_IN_USE
    assert f"process {dev.process.pid}" in second.stderr

    first = dev.pids()
    dev.process.kill()
    dev.process.wait()
    wait_for(lambda: all(is_gone(pid) for pid in first), STOP_S)

    dev.start()
    again = dev.pids()
    assert not set(first) & set(again)

    dev.process.send_signal(signal.SIGINT)
    assert dev.process.wait(STOP_S) == ExitCode.OK
    assert all(is_gone(pid) for pid in again)
    assert not is_taken(dev.gateway)
    assert not is_taken(dev.kafka)
    assert b"killed" not in dev.output()
