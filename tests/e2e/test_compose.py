"""The light compose stack as an outsider sees it: orders posted from the host, containers killed, the books proved."""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import shutil
import subprocess
import time
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from campaigns.load_run import Pace, Result, run_plan
from campaigns.plan import Mix, real_orders
from cli.ports import free_ports

ROOT = Path(__file__).parents[2]
ORDERS = 60
KILLED = ("orchestrator", "payment", "kafka", "gateway")
UP_TIMEOUT_S = 900
READY_TIMEOUT_S = 120
COMMAND_TIMEOUT_S = 180


def missing_engine() -> str | None:
    """Return why no compose stack can run here, or None."""
    if shutil.which("docker") is None:
        return "no docker command is on this machine"
    engine = subprocess.run(["docker", "info"], capture_output=True, text=True, check=False)
    if engine.returncode != 0:
        return f"no Docker engine answers: {(engine.stderr.strip().splitlines() or ['it said nothing'])[-1]}"
    version = subprocess.run(["docker", "compose", "version"], capture_output=True, check=False)
    if version.returncode != 0 and shutil.which("docker-compose") is None:
        return "neither `docker compose` nor docker-compose is installed"
    return None


NO_ENGINE = missing_engine()
pytestmark = pytest.mark.skipif(NO_ENGINE is not None, reason=str(NO_ENGINE))


@dataclass(frozen=True, slots=True)
class Stack:
    """A project of docker-compose.yml under its own name, with its own password and ports."""

    project: str
    environ: Mapping[str, str]
    gateway: str
    bootstrap: str

    @property
    def api_key(self) -> str:
        """The key that scripts/compose made when it first ran."""
        return (ROOT / ".secrets" / "api-key").read_text().strip()

    def compose(self, *arguments: str, timeout_s: float = COMMAND_TIMEOUT_S) -> str:
        """Run scripts/compose on the project and return what it printed."""
        done = subprocess.run(
            ["scripts/compose", "-p", self.project, *arguments],
            cwd=ROOT,
            env=dict(self.environ),
            capture_output=True,
            text=True,
            timeout=timeout_s,
            check=False,
        )
        assert done.returncode == 0, f"compose {' '.join(arguments)}:\n{(done.stdout + done.stderr)[-4000:]}"
        return done.stdout

    def kill(self, service: str) -> None:
        """Kill a service's container as `docker kill` does, and start it again as an operator would.

        Docker's restart policy leaves a container alone that somebody killed by hand.
        """
        container = self.compose("ps", "-q", service).strip()
        subprocess.run(["docker", "kill", container], check=True, capture_output=True)
        subprocess.run(["docker", "start", container], check=True, capture_output=True)


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    """Bring the stack up; take it down with its volumes."""
    gateway, kafka = free_ports(2)
    environ = {
        **os.environ,
        "POSTGRES_PASSWORD": secrets.token_hex(16),
        "GATEWAY_PORT": str(gateway),
        "KAFKA_PORT": str(kafka),
    }
    stack = Stack(f"sagaline-test-{secrets.token_hex(3)}", environ, f"http://127.0.0.1:{gateway}", f"localhost:{kafka}")
    try:
        stack.compose("up", "-d", "--build", timeout_s=UP_TIMEOUT_S)
        wait_until_ready(stack)
        yield stack
    finally:
        stack.compose("down", "--volumes", "--timeout", "5")


def wait_until_ready(stack: Stack) -> None:
    """Wait until the gateway takes orders."""
    deadline = time.monotonic() + READY_TIMEOUT_S
    while True:
        try:
            with urllib.request.urlopen(f"{stack.gateway}/readyz", timeout=5) as answer:  # noqa: S310 - our own address
                assert answer.status == 200
                return
        except OSError:
            assert time.monotonic() < deadline, stack.compose("ps") + stack.compose("logs", "--tail", "20")
            time.sleep(0.5)


def test_orders_from_outside_end_right_while_containers_are_killed(stack: Stack) -> None:
    result = asyncio.run(load_and_kill(stack, KILLED))

    assert len(result.accepted) == ORDERS
    assert result.unfinished == ()
    verdict = json.loads(
        stack.compose("run", "--rm", "tools", "saga", "verify", "--ended", "--wait", "60", "--output", "json")
    )
    assert verdict["holds"], verdict
    assert sum(verdict["outcomes"].values()) == ORDERS


def test_the_processes_do_not_run_as_root(stack: Stack) -> None:
    assert stack.compose("exec", "-T", "orchestrator", "id", "-u").strip() != "0"


async def load_and_kill(stack: Stack, services: Sequence[str]) -> Result:
    """Post real orders from the host; each time some more of them have moved, kill the next container."""
    moved: set[str] = set()
    waiting = list(services)
    kills: list[asyncio.Task[None]] = []

    def on_move(order_id: str) -> None:
        moved.add(order_id)
        if waiting and len(moved) >= (len(services) - len(waiting) + 1) * ORDERS // (len(services) + 2):
            kills.append(asyncio.create_task(asyncio.to_thread(stack.kill, waiting.pop(0))))

    plan = real_orders(ORDERS, 7, Mix(latest_cancel_s=2.0), "compose")
    pace = Pace(rate=4.0, wait_s=180.0)
    result = await run_plan(
        stack.bootstrap, stack.gateway, plan, pace, lambda status: on_move(status.order_id), stack.api_key
    )
    await asyncio.gather(*kills)
    assert waiting == [], "too few orders moved to kill every container among them"
    return result
