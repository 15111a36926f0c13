"""A small counting application and the topics it runs on, for tests of the runtime on either log."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence

from streams.memory_store import MemoryStore
from streams.processor import Context
from streams.record import Record
from streams.runtime import Runtime
from streams.runtime_config import RuntimeConfig
from streams.stats import Stats
from streams.store import StateStore
from tests.contract.streams_cluster import Cluster, wait_until


class Bug(Exception):
    """Raised by the application under test."""


class Counting:
    """Counts `add` by key and forwards the count; `in <ms>` sets a timer that forwards `fired`; bugs on demand."""

    def __init__(self, out: str) -> None:
        self._out = out
        self._cached: dict[bytes, bytes] = {}
        self._breaks_flush = False

    def process(self, record: Record, now_ms: int, context: Context) -> None:
        assert record.key is not None
        assert record.value is not None
        count = self._cached.get(record.key) or context.get(record.key) or b"0"
        match record.value.split():
            case [b"add"]:
                self._cached[record.key] = count = b"%d" % (int(count) + 1)
                context.put(record.key, count)
                context.forward(self._out, record.key, count, [])
            case [b"in", delay]:
                context.put(record.key, b"waiting", now_ms + int(delay))
            case [b"bug-after-add"]:
                context.put(record.key, b"999")
                context.forward(self._out, record.key, b"999", [])
                raise Bug("told to fail")
            case [b"flush-bug"]:
                self._breaks_flush = True
            case [b"delete"]:
                self._cached.pop(record.key, None)
                context.delete(record.key)
            case _:
                context.dead_letter(record, "UNKNOWN", "no such command")

    def bury(self, record: Record, code: str, detail: str, now_ms: int, context: Context) -> None:  # noqa: ARG002 - as in the contract
        context.dead_letter(record, code, detail)

    def fire(self, key: bytes, now_ms: int, context: Context) -> None:
        if key.startswith(b"bad"):
            raise Bug(f"timer at {now_ms}")
        if key.startswith(b"idle"):
            return
        context.forward(self._out, key, b"fired", [])
        context.delete(key)

    def flush(self, context: Context) -> None:
        if self._breaks_flush:
            raise Bug(f"flush of {context.partition}")


class App:
    """The application's topics and its instances; `stores` are what the disk of each instance holds."""

    def __init__(self, cluster: Cluster, partitions: int = 2) -> None:
        self.cluster = cluster
        self.input, self.out, self.dead = cluster.topic(partitions), cluster.topic(1), cluster.topic(1)
        self.changelog = cluster.topic(partitions)
        self.stores: dict[tuple[str, int], MemoryStore] = {}
        self.stats: list[Stats] = []
        self.running: list[Runtime] = []
        self._name = uuid.uuid4().hex

    def config(self, **bounds: int) -> RuntimeConfig:
        return RuntimeConfig(
            (self.input,), self.changelog, self.dead, poll_timeout_ms=20, stats_interval_ms=1, **bounds
        )

    def store(self, instance: str, partition: int) -> StateStore:
        return self.stores.setdefault((instance, partition), MemoryStore())

    def start(self, instance: str = "a", config: RuntimeConfig | None = None) -> Runtime:
        """Start an instance and step it until its tasks run. An earlier one of the same name counts as dead."""
        runtime = Runtime(
            self.cluster.driver(self._name, f"{instance}-{self._name}", self.changelog),
            config or self.config(),
            lambda _: Counting(self.out),
            lambda partition: self.store(instance, partition),
            self.cluster.clock_ms,
            self.stats.append,
            lambda _: self.cluster.pass_time(),
        )
        runtime.start()
        self.running = [runtime]
        self.step_until(lambda: runtime.is_restored)
        return runtime

    def send(self, *commands: tuple[str, str]) -> None:
        for key, value in commands:
            self.cluster.produce(self.input, key.encode(), value.encode(), [("trace", b"t")])

    def step_until(self, condition: Callable[[], bool]) -> None:
        def step() -> None:
            for runtime in self.running:
                self.cluster.pass_time()
                runtime.run_once()

        wait_until(condition, step)

    def outputs(self) -> Sequence[tuple[str, str]]:
        return [((r.key or b"").decode(), (r.value or b"").decode()) for r in self.cluster.records(self.out)]

    def dead_letters(self, at_least: int = 0) -> Sequence[Record]:
        return self.cluster.records(self.dead, at_least)

    def changed(self) -> Mapping[bytes | None, bytes | None]:
        """Return what the changelog comes to."""
        return {record.key: record.value for record in self.cluster.records(self.changelog)}

    def state(self, instance: str = "a") -> Mapping[bytes, bytes]:
        found: dict[bytes, bytes] = {}
        for (owner, _), store in self.stores.items():
            if owner == instance:
                found.update({key: entry.value for key, entry in store.scan(b"", 10_000)})
        return found

    def total(self, name: str) -> int:
        return sum(getattr(one, name) for one in self.stats)
