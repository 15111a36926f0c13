"""The supervisor with real child processes: restarts, order, clean stops, and nothing left behind by a kill -9."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from cli.failure import Failure
from cli.supervisor import Process, Status, Step, Supervisor, check_table, restart_delay

SLEEP = "import time; time.sleep(600)"
DEADLINE_S = 60.0


@dataclass
class Scene:
    """A supervisor under test, what it reported, and what it published last."""

    logs: Path
    lines: list[str] = field(default_factory=list)
    running: Mapping[str, Status] = field(default_factory=dict)

    def supervisor(self, *table: Step | Process) -> Supervisor:
        return Supervisor(table, self.logs, self.lines.append, self.publish)

    def publish(self, running: Mapping[str, Status]) -> None:
        self.running = running


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    return Scene(tmp_path / "logs")


def python(
    name: str,
    code: str,
    *,
    after: tuple[str, ...] = (),
    ready: Callable[[], bool] | None = None,
    stop_rank: int = 0,
) -> Process:
    return Process(name, (sys.executable, "-c", code), os.environ, after=after, ready=ready, stop_rank=stop_rank)


async def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + DEADLINE_S
    while not condition():
        assert time.monotonic() < deadline, "the condition never held"
        await asyncio.sleep(0.01)


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return not Path(f"/proc/{pid}/stat").exists() or ") Z " not in Path(f"/proc/{pid}/stat").read_text()


def test_a_killed_process_is_started_again_and_published_with_its_new_pid(scene: Scene) -> None:
    async def play() -> tuple[Status, Status]:
        supervisor = scene.supervisor(python("worker", SLEEP))
        run = asyncio.create_task(supervisor.run())
        await until(lambda: "worker" in scene.running)
        first = scene.running["worker"]
        os.kill(first.pid, signal.SIGKILL)
        await until(lambda: scene.running["worker"].pid != first.pid)
        second = scene.running["worker"]
        supervisor.stop()
        await run
        return first, second

    first, second = asyncio.run(play())

    assert (first.restarts, second.restarts) == (0, 1)
    assert any("signal 9" in line and "at once" in line for line in scene.lines)
    assert not is_alive(second.pid)


def test_a_process_that_keeps_dying_is_tried_again_after_growing_pauses_and_its_last_words_are_shown(
    scene: Scene,
) -> None:
    async def play() -> None:
        supervisor = scene.supervisor(python("broken", "raise SystemExit('no such setting')"))
        run = asyncio.create_task(supervisor.run())
        await until(lambda: any("in 1.0 s" in line for line in scene.lines))
        supervisor.stop()
        await run

    asyncio.run(play())

    assert any("exit code 1: no such setting" in line for line in scene.lines)


def test_pauses_between_restarts_grow_to_a_bound() -> None:
    assert [restart_delay(deaths) for deaths in range(1, 9)] == [0.0, 0.5, 1.0, 2.0, 4.0, 8.0, 10.0, 10.0]


def test_a_process_starts_after_the_step_it_waits_for_and_readiness_is_announced_once_for_all(scene: Scene) -> None:
    seen: list[str] = []

    def answer() -> bool:
        seen.append("asked")
        return True

    async def play() -> None:
        supervisor = scene.supervisor(
            Step("prepare", lambda: seen.append("prepared")),
            python("worker", SLEEP, after=("prepare",), ready=answer),
        )

        def announce() -> None:
            seen.append("ready")
            supervisor.stop()

        await supervisor.run(announce)

    asyncio.run(play())

    assert seen == ["prepared", "asked", "ready"]


def test_processes_stop_in_the_order_of_their_ranks(scene: Scene, tmp_path: Path) -> None:
    order = tmp_path / "order"
    note = (
        "import signal, sys, time\n"
        f"def end(*_): open({str(order)!r}, 'a').write(NAME); sys.exit(0)\n"
        "signal.signal(signal.SIGTERM, end)\n"
        "print('up', flush=True)\n"
        "time.sleep(600)\n"
    )

    def up(name: str) -> Callable[[], bool]:
        return lambda: (scene.logs / f"{name}.log").read_text().startswith("up")

    def noted(name: str, rank: int) -> Process:
        return python(name, note.replace("NAME", repr(name + " ")), ready=up(name), stop_rank=rank)

    async def play() -> None:
        supervisor = scene.supervisor(noted("broker", 9), noted("gateway", 0), noted("worker", 5))
        await supervisor.run(supervisor.stop)

    asyncio.run(play())

    assert order.read_text().split() == ["gateway", "worker", "broker"]


def test_a_failed_step_stops_what_runs_and_is_raised(scene: Scene) -> None:
    def fail() -> None:
        raise Failure("the disk is full", "free some space")

    async def play() -> None:
        await scene.supervisor(python("worker", SLEEP), Step("prepare", fail)).run()

    with pytest.raises(Failure, match="the disk is full"):
        asyncio.run(play())

    assert not any(is_alive(status.pid) for status in scene.running.values())


def test_a_table_that_waits_for_something_below_is_refused() -> None:
    with pytest.raises(ValueError, match="a waits for b"):
        check_table([python("a", SLEEP, after=("b",)), python("b", SLEEP)])


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux kills children with their parent")
def test_a_kill_of_the_supervisor_leaves_no_process_behind(tmp_path: Path) -> None:
    program = f"""
import asyncio, os, sys
from pathlib import Path
from cli.supervisor import Process, Supervisor
worker = Process("worker", (sys.executable, "-c", "import time; time.sleep(600)"), os.environ)
def publish(running):
    print(running["worker"].pid, flush=True)
asyncio.run(Supervisor([worker], Path({str(tmp_path)!r}), lambda _: None, publish).run())
"""
    supervisor = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    assert supervisor.stdout is not None
    worker = int(supervisor.stdout.readline())
    assert is_alive(worker)

    supervisor.kill()
    supervisor.wait()

    asyncio.run(until(lambda: not is_alive(worker)))
    supervisor.stdout.close()
