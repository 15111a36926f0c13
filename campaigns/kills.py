"""Kill -9 of one process after the other, and how long each takes to be at work again."""

from __future__ import annotations

import json
import os
import random
import signal
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from campaigns.installation import Installation
from campaigns.observer import Observer

APART_S = 11.0
"""Seconds between two deaths of one process: the supervisor takes deaths in quick succession for a fault and waits."""

_RECOVERY_S = 45.0
_BROKER_RECOVERY_S = 150.0
_POLL_S = 0.01
_PARTICIPANTS = ("payment", "inventory", "shipping", "notification")
_SANDBOXES = ("psp", "carrier", "messages")
_ORCHESTRATOR = "orchestrator-"

MEASURED_BY = {
    "orchestrator": "a committed event on every partition of saga.events",
    "broker": "a committed event on every partition of saga.events, and a committed reply of every participant",
    "participant": "its next committed reply on saga.replies",
    "sandbox": "its health check answers",
    "gateway": "its readiness check answers",
    "projector": "an order posted after the kill can be read over HTTP",
    "reader": "its new process runs",
}
"""When a process of each kind counts as recovered; every time starts with the kill."""


@dataclass(frozen=True, slots=True)
class Kill:
    """One death: `recovery_ms` is None where the process was not at work again within 45 seconds (broker: 150)."""

    name: str
    kind: str
    at_s: float
    recovery_ms: float | None


def kind_of(name: str) -> str:
    """Return which kind of process a name of the process table stands for."""
    if name.startswith(_ORCHESTRATOR):
        return "orchestrator"
    if name in _PARTICIPANTS:
        return "participant"
    if name in _SANDBOXES:
        return "sandbox"
    return name if name in MEASURED_BY else "reader"


def targets(names: Sequence[str], count: int, draw: random.Random) -> list[str]:
    """Return whom to kill, `count` times in all: everybody at least twice, the rest goes to the orchestrators."""
    everybody = [*names, *names]
    orchestrators = [name for name in names if name.startswith(_ORCHESTRATOR)]
    more = [orchestrators[n % len(orchestrators)] for n in range(max(0, count - len(everybody)))]
    chosen = [*everybody, *more]
    draw.shuffle(chosen)
    return chosen[: max(count, len(names))]


class Killer:
    """Kills by process id and waits for the recovery. `say` is told of each."""

    def __init__(
        self, installation: Installation, observer: Observer, draw: random.Random, say: Callable[[str], None]
    ) -> None:
        self._installation = installation
        self._observer = observer
        self._draw = draw
        self._say = say
        self._started = time.monotonic()
        self._last_death: dict[str, float] = {}

    def run(self, names: Sequence[str]) -> Iterator[Kill]:
        """Kill all of them, one at a time, in the order given but for those that died just now."""
        left = list(names)
        while left:
            ready = [name for name in left if self._rested(name)]
            if not ready:
                time.sleep(0.2)
                continue
            left.remove(ready[0])
            time.sleep(self._draw.uniform(0.3, 2.0))
            yield self._kill(ready[0])

    def _rested(self, name: str) -> bool:
        return time.monotonic() - self._last_death.get(name, -APART_S) >= APART_S

    def _kill(self, name: str) -> Kill:
        pid = self._installation.process(name).pid
        os.kill(pid, signal.SIGKILL)
        killed_ms = time.time() * 1000
        recovery_ms = self._recovery(name, pid, killed_ms)
        self._last_death[name] = time.monotonic()
        kill = Kill(name, kind_of(name), time.monotonic() - self._started, recovery_ms)
        self._say(f"killed {name}: {'NOT AT WORK AGAIN' if recovery_ms is None else f'{recovery_ms / 1000:.2f} s'}")
        return kill

    def _recovery(self, name: str, pid: int, killed_ms: float) -> float | None:
        match kind_of(name):
            case "orchestrator":
                return self._observer.first_on_every_partition(killed_ms, _RECOVERY_S)
            case "broker":
                return self._everybody(killed_ms)
            case "participant":
                return self._observer.first_reply(name, killed_ms, _RECOVERY_S)
            case "sandbox" | "gateway":
                return _answers(self._health(name), killed_ms)
            case "projector":
                return self._projected(killed_ms)
            case _:
                return self._new_process(name, pid, killed_ms)

    def _health(self, name: str) -> str:
        addresses = self._installation.addresses
        return f"{addresses.gateway}/readyz" if name == "gateway" else f"{addresses.sandboxes[name]}/healthz"

    def _everybody(self, killed_ms: float) -> float | None:
        """Return when the orchestrator and each participant were at work again: the last of them counts."""
        deadline = time.monotonic() + _BROKER_RECOVERY_S
        times = [self._observer.first_on_every_partition(killed_ms, _BROKER_RECOVERY_S)]
        times += [
            self._observer.first_reply(one, killed_ms, max(0.0, deadline - time.monotonic())) for one in _PARTICIPANTS
        ]
        known = [at for at in times if at is not None]
        return max(known) if len(known) == len(times) else None

    def _projected(self, killed_ms: float) -> float | None:
        url = f"{self._installation.addresses.gateway}/v1/orders?limit=1"

        def there() -> bool:
            with urllib.request.urlopen(url, timeout=1.0) as answer:  # noqa: S310 - an address of our own installation
                newest = json.load(answer)["orders"][0]["created_at"]
            return datetime.fromisoformat(newest).timestamp() * 1000 > killed_ms

        return _until(there, killed_ms)

    def _new_process(self, name: str, pid: int, killed_ms: float) -> float | None:
        return _until(lambda: self._installation.process(name).pid != pid, killed_ms)


def _answers(url: str, killed_ms: float) -> float | None:
    def ok() -> bool:
        with urllib.request.urlopen(url, timeout=1.0) as answer:  # noqa: S310 - an address of our own installation
            return bool(answer.status == 200)

    return _until(ok, killed_ms)


def _until(condition: Callable[[], bool], killed_ms: float) -> float | None:
    """Return the milliseconds until the condition held; nobody answering is not holding yet."""
    deadline = time.monotonic() + _RECOVERY_S
    while time.monotonic() < deadline:
        try:
            if condition():
                return time.time() * 1000 - killed_ms
        except OSError:
            pass
        time.sleep(_POLL_S)
    return None
