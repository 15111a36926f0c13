"""Clients that repeat their orders at two gateways until each has a final answer, while gateways die."""

from __future__ import annotations

import asyncio
import http.client
import os
import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from cli.ports import LOOPBACK, free_ports
from cli.tethered import tethered

_PAUSE_S = 0.1
_PATIENCE = aiohttp.ClientTimeout(total=None, sock_connect=5.0, sock_read=15.0)
"""Waiting for one of the connections is no part of an attempt."""
_START_S = 60.0
_LOOK_S = 0.1
_CONNECTIONS = 400
_FINAL = frozenset({200, 202, 400, 422})


class NoEdge(Exception):
    """A gateway did not come up."""


class Edges:
    """Gateways of our own over the same databases: killed and started again by their process ids."""

    def __init__(self, settings: Mapping[str, str], count: int = 2) -> None:
        """Take what each of them finds in its environment, besides its port."""
        self._settings = settings
        self.ports = free_ports(count)
        self._processes: dict[int, subprocess.Popen[bytes]] = {}

    def __enter__(self) -> Edges:  # noqa: PYI034 - nobody derives from it
        for port in self.ports:
            self.start(port)
        return self

    def __exit__(self, *_: object) -> None:
        for process in self._processes.values():
            process.kill()
            process.wait()

    def start(self, port: int) -> None:
        """Start a gateway and wait until it answers. Raises NoEdge."""
        environ = {**os.environ, **self._settings, "PORT": str(port), "HOST": LOOPBACK}
        command = tethered([sys.executable, "-m", "services.gateway.app"])
        self._processes[port] = subprocess.Popen(command, env=environ, stdin=subprocess.DEVNULL)
        deadline = time.monotonic() + _START_S
        while not _answers(port):
            if self._processes[port].poll() is not None or time.monotonic() > deadline:
                raise NoEdge(f"the gateway on port {port} does not answer")
            time.sleep(0.05)

    def kill(self, port: int) -> None:
        """Kill a gateway with SIGKILL."""
        self._processes[port].kill()
        self._processes[port].wait()


def _answers(port: int) -> bool:
    connection = http.client.HTTPConnection(LOOPBACK, port, timeout=1.0)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


@dataclass(slots=True)
class Storm:
    """What came of it. `answers`: for each key, how often which (status, order id) was a client's final answer."""

    answers: dict[str, Counter[tuple[int, str]]] = field(default_factory=dict)
    attempts: Counter[str] = field(default_factory=Counter)
    unanswered: int = 0
    kills: int = 0

    @property
    def order_ids(self) -> set[str]:
        """Every order that some client was told of."""
        return {order_id for found in self.answers.values() for _, order_id in found}

    def faults(self) -> Sequence[str]:
        """Return what is wrong with the answers alone."""
        found = [f"{key}: {dict(told)}" for key, told in self.answers.items() if len(told) != 1]
        refused = [key for key, told in self.answers.items() if {status for status, _ in told} != {202}]
        found += [f"{key} was refused" for key in refused]
        if self.unanswered:
            found.append(f"{self.unanswered} clients have no final answer")
        if len(self.order_ids) != len(self.answers):
            found.append(f"{len(self.answers)} keys stand for {len(self.order_ids)} orders")
        return found


async def rage(
    edges: Edges,
    orders: Sequence[Mapping[str, Any]],
    clients: int,
    kills: int,
    seed: int,
    within_s: float,
    say: Callable[[str], None] = lambda _: None,
) -> Storm:
    """Have `clients` repeat the orders, each under the key of its order, while gateways are killed; bounded in time."""
    draw = random.Random(seed)  # noqa: S311 - the same seed must give the same storm
    storm = Storm()
    deadline = asyncio.get_running_loop().time() + within_s
    numbers = [number % len(orders) for number in range(clients)]
    draw.shuffle(numbers)
    storm.answers = {f"storm-{seed}-{number}": Counter() for number in range(len(orders))}
    connector = aiohttp.TCPConnector(limit=_CONNECTIONS)
    async with aiohttp.ClientSession(connector=connector, timeout=_PATIENCE) as session:
        tasks = [
            asyncio.create_task(
                _insist(session, edges.ports, storm, (f"storm-{seed}-{number}", orders[number]), turn, deadline)
            )
            for turn, number in enumerate(numbers)
        ]
        await _murder(edges, storm, tasks, kills, say)
        await asyncio.gather(*tasks)
    return storm


async def _murder(
    edges: Edges, storm: Storm, tasks: Sequence[asyncio.Task[None]], kills: int, say: Callable[[str], None]
) -> None:
    """Kill gateways in turn, each when a further part of the clients has its answer, and start them again."""
    for number in range(kills):
        wanted = len(tasks) * (number + 1) // (kills + 1)
        while sum(task.done() for task in tasks) < wanted:
            await asyncio.wait(tasks, timeout=_LOOK_S)
        port = edges.ports[number % len(edges.ports)]
        await asyncio.to_thread(edges.kill, port)
        storm.kills += 1
        say(f"killed the gateway on port {port}: {sum(task.done() for task in tasks)} clients have their answer")
        await asyncio.to_thread(edges.start, port)


async def _insist(
    session: aiohttp.ClientSession,
    ports: Sequence[int],
    storm: Storm,
    order: tuple[str, Mapping[str, Any]],
    turn: int,
    deadline: float,
) -> None:
    """Repeat one order at the gateways in turn until there is a final answer, or no time."""
    key, document = order
    loop = asyncio.get_running_loop()
    while loop.time() < deadline:
        url = f"http://{LOOPBACK}:{ports[turn % len(ports)]}/v1/orders"
        turn += 1
        try:
            async with session.post(url, json=document, headers={"Idempotency-Key": key}) as answer:
                body = await answer.json(content_type=None)
                storm.attempts[str(answer.status)] += 1
                if answer.status in _FINAL:
                    storm.answers[key][answer.status, str(body.get("order_id"))] += 1
                    return
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            storm.attempts[type(error).__name__] += 1
        await asyncio.sleep(_PAUSE_S)
    storm.unanswered += 1
