"""Orchestrator processes on a real broker, with every participant scripted by the test, and all that they wrote."""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import sys
import time
import uuid
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from confluent_kafka import Consumer, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import AdminClient

from cli.topics import create_topics
from schemas import topics
from schemas.codec import Codec
from services.deployment import KafkaDeployments
from tests.saga_story import order_data
from tests.scripted_participants import Reply, success

ROOT = Path(__file__).parents[2]
PATIENCE_S = 180.0
COMMANDS = frozenset(topic.name for topic in topics.ALL if topic.name.endswith(".commands"))
READ = (*COMMANDS, topics.EVENTS.name, topics.STATUS.name)
ENDS = frozenset({"saga.SagaCompleted", "saga.SagaRevoked", "saga.SagaSuspended"})

Answer = Callable[[str, dict[str, Any]], Reply | None]


@dataclass(slots=True)
class Fleet:
    """What one test runs and reads; `events` and `commands` hold what is committed, as far as it was pumped."""

    bootstrap: str
    directory: Path
    answer: Answer = success
    run: str = field(default_factory=lambda: uuid.uuid4().hex[:12])
    events: dict[str, list[tuple[str, dict[str, Any]]]] = field(default_factory=dict)
    commands: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    statuses: dict[str, tuple[str, str]] = field(default_factory=dict)
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)
    _codec: Codec = field(default_factory=Codec)
    _consumer: Consumer = field(init=False)
    _producer: Producer = field(init=False)

    def __post_init__(self) -> None:
        """Create the topics and read them from their beginnings on."""
        list(create_topics(self.bootstrap))
        self._producer = Producer({"bootstrap.servers": self.bootstrap, "partitioner": "murmur2_random"})
        self._consumer = Consumer(
            {
                "bootstrap.servers": self.bootstrap, "group.id": self.run, "isolation.level": "read_committed",
                "enable.auto.commit": False,
            }
        )  # fmt: skip
        wanted = [topic for topic in topics.ALL if topic.name in READ]
        self._consumer.assign(
            [TopicPartition(topic.name, number, 0) for topic in wanted for number in range(topic.partitions)]
        )

    def start(self, instance: str = "orchestrator-0", **more: str) -> subprocess.Popen[bytes]:
        """Start an orchestrator process, in place of an earlier one of the same instance."""
        settings = {
            "KAFKA_BOOTSTRAP_SERVERS": self.bootstrap,
            "SAGA_INSTANCE": instance,
            "SAGA_STATE_DIR": str(self.directory / "state"),
            "LOG_LEVEL": "WARNING",
            **more,
        }
        with (self.directory / f"{instance}.log").open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "orchestrator.app"], cwd=ROOT, env={**os.environ, **settings}, stderr=log
            )
        self.processes.append(process)
        return process

    def kill(self, process: subprocess.Popen[bytes]) -> None:
        """End a process as `kill -9` does."""
        process.kill()
        process.wait(PATIENCE_S)

    def forget_stores(self) -> None:
        """Delete the state directory."""
        shutil.rmtree(self.directory / "state")

    def begin(self, count: int, first: int = 0, total_minor: int = 5_000) -> list[str]:
        """Start this many orders and return their ids."""
        ids = [f"ord_{self.run}_{number}" for number in range(first, first + count)]
        for saga_id in ids:
            meta = {"saga_id": saga_id, "input_id": saga_id, "at": 1, "source": "/test"}
            data = json.dumps({**order_data(total_minor), "order_id": saga_id})
            fields = {"meta": meta, "definition": "order-fulfillment", "version": None, "data": data}
            self._produce(topics.INPUTS.name, saga_id, "saga.StartSaga", fields)
        assert self._producer.flush(PATIENCE_S) == 0
        return ids

    def begin_saga(self, definition: str, number: int, version: int | None = None, data: object = None) -> str:
        """Start a saga of another definition and return its id."""
        saga_id = f"sag_{self.run}_{number}"
        meta = {"saga_id": saga_id, "input_id": saga_id, "at": 1, "source": "/test"}
        fields = {"meta": meta, "definition": definition, "version": version, "data": json.dumps(data or {})}
        self._produce(topics.INPUTS.name, saga_id, "saga.StartSaga", fields)
        assert self._producer.flush(PATIENCE_S) == 0
        return saga_id

    def signal(self, saga_id: str, name: str) -> None:
        """Send a signal to a saga."""
        input_id = f"{saga_id}:{name}"
        meta = {"saga_id": saga_id, "input_id": input_id, "at": 1, "source": "/test"}
        fields = {"meta": meta, "name": name, "actor": "ann", "data": "{}"}
        self._produce(topics.INPUTS.name, saga_id, "saga.Signal", fields)
        assert self._producer.flush(PATIENCE_S) == 0

    def deploy(self, text: str) -> bool:
        """Deploy a definition. Returns false where it was there already."""
        deployments = KafkaDeployments(
            self.bootstrap, "test", self._codec, lambda: time.time_ns() // 1_000_000, random.random
        )
        return deployments.deploy(text, "test", "why").is_new

    def version_of(self, saga_id: str) -> int | None:
        """Return the version that a saga has started with, None while it has not."""
        told = self.events.get(saga_id)
        return None if told is None else int(told[0][1]["meta"]["version"])

    def reply(self, given: Reply) -> None:
        """Send a reply."""
        self._produce(topics.REPLIES.name, given[1]["meta"]["saga_id"], *given)
        self._producer.poll(0)

    def _produce(self, topic: str, saga_id: str, name: str, fields: dict[str, Any]) -> None:
        self._producer.produce(topic, self._codec.encode(name, fields), saga_id.encode())

    def pump(self) -> None:
        """Read what was committed since, and answer the commands in it."""
        for message in self._consumer.consume(500, 0.05):
            key, value = message.key(), message.value()
            if message.error() is None and value is not None and self.run in str(key):
                self._take(str(message.topic()), value)

    def _take(self, topic: str, value: bytes) -> None:
        if topic == topics.STATUS.name:
            status = json.loads(value)
            self.statuses[status["saga_id"]] = (status["lifecycle"], status["status"])
            return
        name, fields = self._codec.decode(value)
        if topic == topics.EVENTS.name:
            self.events.setdefault(fields["meta"]["saga_id"], []).append((name, fields))
            return
        self.commands.append((name, fields))
        given = self.answer(name, fields)
        if given is not None:
            self.reply(given)

    def pump_until(self, condition: Callable[[], bool], what: str) -> None:
        """Pump until something is so. Fails, naming it, when it takes too long."""
        deadline = time.monotonic() + PATIENCE_S
        while not condition():
            assert time.monotonic() < deadline, f"{what} did not happen within {PATIENCE_S} s; {self._progress()}"
            self.pump()

    def _progress(self) -> str:
        return f"{len(self.events)} sagas, {len(self.ended())} ended, {len(self.commands)} commands"

    def ended(self) -> list[str]:
        """Return the sagas that have ended."""
        return [saga_id for saga_id, told in self.events.items() if any(name in ENDS for name, _ in told)]

    def finish(self, ids: list[str]) -> None:
        """Pump until all of these have ended and say so on the status topic."""
        final = {"COMPLETED", "TRANSACTION_REVOKED", "MANUAL_INTERVENTION"}
        self.pump_until(
            lambda: set(ids) <= set(self.ended()) and all(self.statuses.get(one, ("", ""))[1] in final for one in ids),
            f"the end of {len(ids)} sagas",
        )

    def owners(self) -> Counter[str]:
        """Return how many partitions of the inputs each live member of the group owns; none while nobody can tell."""
        admin = AdminClient({"bootstrap.servers": self.bootstrap})
        [group] = admin.describe_consumer_groups(["orchestrator"], request_timeout=2.0).values()
        try:
            members = group.result(PATIENCE_S).members
        except KafkaException:
            # Asked for a group of which a new broker has not heard, the client waits for its whole time.
            return Counter()
        return Counter(
            str(member.group_instance_id)
            for member in members
            for where in member.assignment.topic_partitions
            if where.topic == topics.INPUTS.name
        )

    def assert_exactly_once(self, ids: list[str]) -> None:
        """Assert that each saga ended once, that its events have no gap or repeat, and that no command came twice."""
        for saga_id in ids:
            told = self.events[saga_id]
            assert [fields["meta"]["sequence"] for _, fields in told] == list(range(1, len(told) + 1))
            assert sum(name in ENDS for name, _ in told) == 1
            starts = sum(name == "saga.SagaStarted" for name, _ in told)
            assert starts == 1
        sent = Counter(fields["meta"]["command_id"] for _, fields in self.commands)
        assert [command_id for command_id, times in sent.items() if times > 1] == []
        scheduled = {
            fields["command_id"] for told in self.events.values() for name, fields in told if "StepScheduled" in name
        }
        assert set(sent) == scheduled

    def close(self) -> None:
        """End every process and client."""
        for process in self.processes:
            if process.poll() is None:
                process.terminate()
        for process in self.processes:
            try:
                process.wait(PATIENCE_S)
            except subprocess.TimeoutExpired:
                self.kill(process)
        self._producer.flush(PATIENCE_S)
        self._consumer.close()
