"""The load generator: requests by the clock or one after the other, and the CPU of the servers meanwhile."""

from __future__ import annotations

import asyncio
import gc
import json
import os
import sys
from collections import Counter, deque
from dataclasses import asdict

import uvloop

from benchmarks.cpu import cpu_ms
from benchmarks.figures import spread
from benchmarks.gateway.connection import CUT, Connection
from benchmarks.gateway.plan import Order, read
from cli.ports import LOOPBACK

TICK_S = 0.001
DRAIN_S = 10.0
_ACCEPTED = 202


class Generator:
    """One load over keep-alive connections, in one thread; a request waits for a connection where all are busy."""

    def __init__(self, order: Order, loop: asyncio.AbstractEventLoop) -> None:
        self._load = order.load
        self._before, self._after = (part.encode() for part in order.request.split(order.placeholder))
        self._prefix = order.prefix
        self._port = order.port
        self._pids = {**order.pids, "bench.generator": os.getpid()}
        self._loop = loop
        self._idle: deque[Connection] = deque()
        self._due: deque[float] = deque()
        self._all: list[Connection] = []
        self._asked = 0
        self._under_way = 0
        self._measuring = False
        self._over = False
        self._took_ms: list[float] = []
        self._refused: Counter[str] = Counter()

    async def run(self) -> dict[str, object]:
        """Run the load and return its figures."""
        for _ in range(self._load.connections):
            _, connection = await self._loop.create_connection(lambda: Connection(self._answered), LOOPBACK, self._port)
            self._all.append(connection)
            self._idle.append(connection)
        gc.freeze()
        begin = self._loop.time()
        pacing = self._loop.create_task(self._pace(begin)) if self._load.rate else None
        if pacing is None:
            self._due.extend([begin] * self._load.connections)
            self._go()
        await asyncio.sleep(self._load.warm_up_s)
        before, opened = cpu_ms(self._pids), self._loop.time()
        self._measuring = True
        await asyncio.sleep(self._load.window_s)
        self._measuring = False
        after, closed = cpu_ms(self._pids), self._loop.time()
        self._over = True
        if pacing is not None:
            await pacing
        unanswered = await self._drain()
        return {
            "window_s": closed - opened,
            "accepted": len(self._took_ms),
            "took": asdict(spread(self._took_ms)),
            "refused": dict(self._refused),
            "unanswered": unanswered,
            "cpu_ms": {name: after[name] - before[name] for name in after},
        }

    async def _pace(self, begin: float) -> None:
        rate, due = self._load.rate, 0
        while not self._over:
            now = self._loop.time()
            while begin + due / rate <= now:
                self._due.append(begin + due / rate)
                due += 1
            self._go()
            await asyncio.sleep(TICK_S)

    def _go(self) -> None:
        """Send what is due on the connections that are free."""
        idle, due = self._idle, self._due
        while due and idle:
            connection = idle.popleft()
            if connection.is_open:
                self._asked += 1
                self._under_way += 1
                key = f"{self._prefix}{self._asked:08d}".encode()
                connection.ask(b"".join((self._before, key, self._after)), due.popleft())

    def _answered(self, connection: Connection, status: int) -> None:
        self._under_way -= 1
        now = self._loop.time()
        if status != _ACCEPTED:
            self._refused["no answer" if status == CUT else str(status)] += 1
        elif self._measuring:
            self._took_ms.append((now - connection.due) * 1_000)
        self._idle.append(connection)
        if self._over:
            return
        if not self._load.rate:
            self._due.append(now)
        if self._due:
            self._go()

    async def _drain(self) -> int:
        """Wait a bounded time for the answers under way; return how many never came."""
        deadline = self._loop.time() + DRAIN_S
        while self._under_way and self._loop.time() < deadline:  # noqa: ASYNC110 - a hundredth of a second is soon enough
            await asyncio.sleep(0.01)
        unanswered = self._under_way
        self._under_way = 0
        for connection in self._all:
            connection.close()
        return unanswered


def main() -> int:
    """Read the order from standard input, write the figures to standard output."""
    order = read(sys.stdin.read())

    async def whole() -> dict[str, object]:
        return await Generator(order, asyncio.get_running_loop()).run()

    print(json.dumps(uvloop.run(whole())))  # noqa: T201 - the answer to the caller
    return 0


if __name__ == "__main__":
    sys.exit(main())
