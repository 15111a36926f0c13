"""The load generator: starts sagas by rate or in a closed loop, sees them end, reads CPU times as it goes."""

from __future__ import annotations

import json
import os
import sys
import time
from collections import Counter
from dataclasses import asdict, dataclass, field
from enum import Enum, auto
from typing import Any

from confluent_kafka import Message, Producer

from benchmarks.cpu import cpu_ms
from benchmarks.figures import spread
from benchmarks.following import batch, follow
from benchmarks.plan import GeneratorOrder, Load, generator_order

LONGEST_WAIT_S = 0.05
DRAIN_S = 12.0
FLUSH_S = 5.0
PARTITIONS = 4
TRACE = b"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


class Phase(Enum):
    """Where the load is."""

    WARMING = auto()
    MEASURING = auto()
    DRAINING = auto()


@dataclass(slots=True)
class Window:
    """What is counted between its edges; times in seconds since the epoch."""

    begin: float = 0.0
    end: float = 0.0
    cpu_before: dict[str, float] = field(default_factory=dict)
    cpu_after: dict[str, float] = field(default_factory=dict)
    end_to_end_ms: list[float] = field(default_factory=list)


class Starter:
    """Produces start records from one encoded template: the saga id is all that differs."""

    def __init__(self, order: GeneratorOrder) -> None:
        self._producer = Producer(
            {
                "bootstrap.servers": order.bootstrap,
                "client.id": "bench-generator",
                "partitioner": "murmur2_random",
                "acks": "all",
                "linger.ms": 0 if order.load.in_flight == 1 else 2,
                "compression.type": "lz4",
                "socket.nagle.disable": True,
            }
        )
        self._topic = order.start_topic
        self._template = bytes.fromhex(order.value)
        self._placeholder = order.placeholder.encode()
        self._digits = len(order.placeholder) - len(order.saga_prefix)
        self._prefix = order.saga_prefix
        self.started = 0

    def start(self, now: float) -> bytes:
        """Start the next saga and return its key."""
        self.started += 1
        key = f"{self._prefix}{self.started:0{self._digits}d}".encode()
        value = self._template.replace(self._placeholder, key)
        headers = [("causationid", key), ("traceparent", TRACE)]
        self._producer.produce(self._topic, value, key, timestamp=int(now * 1_000), headers=headers)  # type: ignore[arg-type]  # list is invariant
        return key

    def serve(self) -> None:
        """Let the client do its part."""
        self._producer.poll(0)

    def flush(self) -> int:
        """Wait for what is under way; return how much was not written."""
        return self._producer.flush(FLUSH_S)


class Generator:
    """One load. Nothing here runs beside anything else: one thread starts and sees ends."""

    def __init__(self, order: GeneratorOrder) -> None:
        self._order = order
        self._load: Load = order.load
        self._starter = Starter(order)
        self._ends = follow(order.bootstrap, "bench-generator", [order.end_topic], PARTITIONS)
        self._completed = order.completed.encode()
        self._failed = tuple(mark.encode() for mark in order.failed)
        self._in_flight: dict[bytes, float] = {}
        self._phase = Phase.WARMING
        self._window = Window()
        self._pids = {**order.pids, "bench.generator": os.getpid()}
        self._begin = 0.0
        self._next_start = 0.0
        self._ended = 0
        self._failures: Counter[str] = Counter()

    def run(self) -> dict[str, object]:
        """Run the load and return its figures. It takes `Load.limit_s` and DRAIN_S at most."""
        begin = self._begin = time.time()
        self._next_start = begin
        over = begin + self._load.limit_s
        while self._phase is not Phase.DRAINING or (self._in_flight and time.time() < over):
            wait_s = LONGEST_WAIT_S
            if self._phase is not Phase.DRAINING:
                wait_s = self._start_due(time.time())
                self._starter.serve()
            messages = batch(self._ends, wait_s)
            now = time.time()
            self._take(messages, now)
            if self._turn(now, begin, over):
                over = now + DRAIN_S
        unwritten = self._starter.flush()
        self._ends.close()
        return self._figures(unwritten)

    def _start_due(self, now: float) -> float:
        """Start what is due and return how long to wait for ends, in seconds."""
        if self._load.rate:
            while self._next_start <= now:
                self._in_flight[self._starter.start(now)] = now
                self._next_start += 1 / self._load.rate
            return max(0.0, min(LONGEST_WAIT_S, self._next_start - time.time()))
        ramp_s = self._load.ramp_s
        share = min(1.0, (now - self._begin) / ramp_s) if ramp_s else 1.0
        for _ in range(int(self._load.in_flight * share) - len(self._in_flight)):
            self._in_flight[self._starter.start(now)] = now
        return LONGEST_WAIT_S

    def _take(self, messages: list[Message], now: float) -> None:
        measuring = self._phase is Phase.MEASURING
        in_flight, completed = self._in_flight, self._completed
        for message in messages:
            value: Any = message.value() or b""
            key: Any = message.key()
            if completed in value:
                started = in_flight.pop(key, None)
                if started is not None:
                    self._ended += 1
                    if measuring:
                        self._window.end_to_end_ms.append((now - started) * 1_000)
            elif any(mark in value for mark in self._failed) and in_flight.pop(key, None) is not None:
                self._failures[str(json.loads(value).get("reason"))] += 1

    def _turn(self, now: float, begin: float, over: float) -> bool:
        """Go on to the next phase when it is time; tell whether starting is over."""
        load, window = self._load, self._window
        if self._phase is Phase.WARMING and self._ended >= load.warm_up_sagas and now >= begin + load.warm_up_s:
            self._phase = Phase.MEASURING
            window.cpu_before = cpu_ms(self._pids)
            window.begin = now
            return False
        if self._phase is Phase.DRAINING:
            return False
        full = now >= window.begin + load.window_s if load.window_s else len(window.end_to_end_ms) >= load.sagas
        if now < over and not (self._phase is Phase.MEASURING and full):
            return False
        if self._phase is Phase.MEASURING:
            window.cpu_after = cpu_ms(self._pids)
            window.end = now
        self._phase = Phase.DRAINING
        return True

    def _figures(self, unwritten: int) -> dict[str, object]:
        window = self._window
        cpu = {name: after - window.cpu_before[name] for name, after in window.cpu_after.items()}
        return {
            "started": self._starter.started,
            "failed": dict(self._failures),
            "unfinished": len(self._in_flight) + unwritten,
            "completed_in_window": len(window.end_to_end_ms),
            "begin_ms": window.begin * 1_000,
            "end_ms": window.end * 1_000,
            "end_to_end": asdict(spread(window.end_to_end_ms)),
            "cpu_ms": cpu,
        }


def main() -> int:
    """Read the order from standard input, write the figures to standard output."""
    print(json.dumps(Generator(generator_order(sys.stdin.read())).run()))  # noqa: T201 - the answer to the caller
    return 0


if __name__ == "__main__":
    sys.exit(main())
