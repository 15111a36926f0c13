"""Processes of the read side on a real broker, and views of the topics from outside."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from confluent_kafka import Consumer, KafkaError, Message, TopicPartition

from schemas import topics
from services.migrate import migrate

PATIENCE_S = 120.0


class Reply(NamedTuple):
    """An HTTP answer with its JSON body."""

    status: int
    body: Any


def wait_until(condition: Callable[[], bool], what: str) -> None:
    """Wait for a condition. Raises AssertionError naming it after a deadline."""
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline, f"waited {PATIENCE_S:.0f} s in vain until {what}"
        time.sleep(0.02)


class Site:
    """Databases in a directory and processes over them."""

    def __init__(self, bootstrap: str, directory: Path) -> None:
        self.bootstrap = bootstrap
        self._directory = directory
        self._processes: list[subprocess.Popen[bytes]] = []
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        for service in ("gateway", "projector", "watchdog"):
            migrate(service, self.database(service))

    def database(self, service: str) -> str:
        """Return the address of a service's database."""
        return f"sqlite:///{self._directory / service}.db"

    def path(self, service: str) -> Path:
        """Return the file of a service's database."""
        return self._directory / f"{service}.db"

    def start(self, service: str, *arguments: str, **settings: str) -> subprocess.Popen[bytes]:
        """Start a process of a service."""
        environment: Mapping[str, str] = {
            **os.environ,
            "KAFKA_BOOTSTRAP_SERVERS": self.bootstrap,
            "DATABASE_URL": self.database(service),
            "READ_MODEL_URL": self.database("projector"),
            "PORT": str(self.port),
            "GATEWAY_AUTH": "off",
            **settings,
        }
        command = [sys.executable, "-m", f"services.{service}.app", *arguments]
        process = subprocess.Popen(command, env=environment)
        self._processes.append(process)
        return process

    def start_gateway(self, **settings: str) -> subprocess.Popen[bytes]:
        """Start a gateway and wait until it answers."""
        process = self.start("gateway", **settings)

        def answers() -> bool:
            assert process.poll() is None, "the gateway ended"
            try:
                return self.call("GET", "/healthz").status == 200
            except OSError:
                return False

        wait_until(answers, "the gateway answers")
        return process

    def call(
        self, method: str, path: str, body: object = None, key: str | None = None, raw: bytes | None = None
    ) -> Reply:
        """Make one request of the gateway. Raises OSError without a connection."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE_S)
        headers: Mapping[str, str] = {} if key is None else {"Idempotency-Key": key}
        text = raw if raw is not None else None if body is None else json.dumps(body).encode()
        try:
            connection.request(method, path, text, headers)
            answer = connection.getresponse()
            return Reply(answer.status, json.loads(answer.read()))
        except http.client.HTTPException as error:
            raise ConnectionError(str(error)) from error
        finally:
            connection.close()

    def end_offsets(self) -> dict[tuple[str, int], int]:
        """Return the end of every partition of every topic."""
        consumer = Consumer({"bootstrap.servers": self.bootstrap, "group.id": "a-test"})
        ends = {}
        for topic in topics.ALL:
            for partition in range(topic.partitions):
                _, end = consumer.get_watermark_offsets(TopicPartition(topic.name, partition), timeout=PATIENCE_S)
                ends[topic.name, partition] = end
        consumer.close()
        return ends

    def records(self, topic: topics.Topic, since: Mapping[tuple[str, int], int]) -> list[Message]:
        """Return the committed records of a topic from some offsets on to its end."""
        consumer = Consumer(
            {"bootstrap.servers": self.bootstrap, "group.id": "a-test", "enable.partition.eof": True}
            | {"enable.auto.commit": False, "isolation.level": "read_committed"}
        )
        consumer.assign([TopicPartition(topic.name, p, since[topic.name, p]) for p in range(topic.partitions)])
        found: list[Message] = []
        unfinished = set(range(topic.partitions))
        deadline = time.monotonic() + PATIENCE_S
        while unfinished:
            assert time.monotonic() < deadline, f"{topic.name} could not be read to its end"
            message = consumer.poll(0.5)
            if message is None:
                continue
            error = message.error()
            if error is None:
                found.append(message)
            elif error.code() == KafkaError._PARTITION_EOF:  # noqa: SLF001 - the client's own public name
                unfinished.discard(message.partition() or 0)
        consumer.close()
        return found

    def close(self) -> None:
        """End every process."""
        for process in self._processes:
            if process.poll() is None:
                process.kill()
            process.wait()


def kill(process: subprocess.Popen[bytes]) -> None:
    """End a process with SIGKILL."""
    process.send_signal(signal.SIGKILL)
    process.wait()


def terminate(process: subprocess.Popen[bytes]) -> int:
    """End a process with SIGTERM and return its exit code."""
    process.send_signal(signal.SIGTERM)
    return process.wait(timeout=PATIENCE_S)
