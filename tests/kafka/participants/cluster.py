"""Participants and sandboxes as processes on a real broker, and a client of their topics."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import time
import uuid
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from confluent_kafka import Consumer, KafkaError, KafkaException, Producer, TopicPartition

from schemas.cloudevents import headers
from schemas.codec import Codec
from schemas.topics import REPLIES
from services.migrate import migrate
from tests.contract.postgres import free_port

WAIT_S = 120.0
_NOT_YET = frozenset({KafkaError.NOT_LEADER_FOR_PARTITION, KafkaError._UNKNOWN_PARTITION})  # noqa: SLF001 - the client's public name


def now_ms() -> int:
    """Return the time."""
    return time.time_ns() // 1_000_000


@dataclass(slots=True)
class Cluster:
    """What one test runs. Close it."""

    bootstrap: str
    directory: Path
    codec: Codec = field(default_factory=Codec)
    run: str = field(default_factory=lambda: uuid.uuid4().hex[:12])
    environment: dict[str, str] = field(default_factory=dict)
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)
    replies: list[tuple[str, dict[str, Any], bytes]] = field(default_factory=list)
    _consumer: Consumer = field(init=False)
    _producer: Producer = field(init=False)

    def __post_init__(self) -> None:
        """Read replies from here on."""
        self._producer = Producer({"bootstrap.servers": self.bootstrap, "partitioner": "murmur2_random"})
        self._consumer = Consumer(
            {
                "bootstrap.servers": self.bootstrap, "group.id": self.run, "isolation.level": "read_committed",
                "enable.auto.commit": False,
            }
        )  # fmt: skip
        ends = []
        for number in range(REPLIES.partitions):
            where = TopicPartition(REPLIES.name, number)
            where.offset = self._end(where)
            ends.append(where)
        self._consumer.assign(ends)

    def _end(self, where: TopicPartition) -> int:
        """Return where a partition ends; one that was just made has no leader for a moment."""
        found: list[int] = []

        def ask() -> bool:
            try:
                found.append(self._consumer.get_watermark_offsets(where, 10)[1])
            except KafkaException as error:
                if error.args[0].code() not in _NOT_YET:
                    raise
            return bool(found)

        self.wait(ask, f"a leader of {where}")
        return found[0]

    def sandbox(self, name: str, setting: str) -> str:
        """Start a sandbox and return its address."""
        port = free_port()
        database = str(self.directory / f"{name}.sandbox.db")
        self.start(f"services.sandboxes.{name}", SANDBOX_DATABASE=database, PORT=str(port))
        self.environment[setting] = f"http://127.0.0.1:{port}"
        return self.environment[setting]

    def url(self, service: str) -> str:
        """Return the address of a migrated database."""
        url = f"sqlite:///{self.directory / service}.db"
        migrate(service, url)
        return url

    def rows(self, service: str, sql: str) -> list[tuple[Any, ...]]:
        """Read a service's database."""
        with closing(sqlite3.connect(f"file:{self.directory / service}.db?mode=ro", uri=True)) as connection:
            return connection.execute(sql).fetchall()

    def allocated(self, run: str) -> dict[str, list[tuple[str, int]]]:
        """Return states and quantities that inventory allocated to the orders of a run; others may be there too."""
        sql = f"SELECT saga_id, state, quantity FROM allocations WHERE saga_id LIKE 'ord_{run}_%'"  # noqa: S608 - our own id
        found: dict[str, list[tuple[str, int]]] = {}
        for saga_id, state, quantity in self.rows("inventory", sql):
            found.setdefault(saga_id, []).append((state, quantity))
        return found

    def start(self, module: str, **settings: str) -> subprocess.Popen[bytes]:
        """Start a module as a process of its own."""
        environment = {
            **os.environ, "KAFKA_BOOTSTRAP_SERVERS": self.bootstrap, "LOG_LEVEL": "WARNING",
            **self.environment, **settings,
        }  # fmt: skip
        process = subprocess.Popen([sys.executable, "-m", module], env=environment)
        self.processes.append(process)
        return process

    def saga(self, number: int) -> str:
        """Return a saga id of this run."""
        return f"ord_{self.run}_{number}"

    def send(self, topic: str, name: str, saga: str, step: str, n: int = 0, **fields: Any) -> None:
        """Produce a command."""
        token = f"{saga}:{step}"
        command_id = f"{token}:{n}"
        meta = {
            "saga_id": saga, "sequence": 1, "command_id": command_id, "token": token, "undoes": None, "step": step,
            "attempt": n, "issued_at": now_ms(), "deadline": now_ms() + 30_000,
        }  # fmt: skip
        value = self.codec.encode(name, {"meta": meta, "order_id": saga, **fields})
        about = headers(name, "test", command_id, saga, now_ms(), "test", "")
        self._producer.produce(topic, value, saga.encode(), headers=list(about))
        self._producer.flush(10)

    def answered(self) -> set[str]:
        """Return the commands answered so far."""
        for message in self._consumer.consume(1_000, 0.05):
            value = message.value()
            if message.error() is None and value is not None and self.run in str(message.key()):
                name, fields = self.codec.decode(value)
                self.replies.append((name, fields, value))
        return {fields["meta"]["command_id"] for _, fields, _ in self.replies}

    def wait(self, condition: Callable[[], bool], what: str) -> None:
        """Wait for a condition. Raises TimeoutError naming it."""
        deadline = time.monotonic() + WAIT_S
        while not condition():
            if time.monotonic() > deadline:
                raise TimeoutError(what)
            time.sleep(0.02)

    def close(self) -> None:
        """End everything."""
        for process in reversed(self.processes):
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
        for process in self.processes:
            process.wait(20)
        self._consumer.close()
