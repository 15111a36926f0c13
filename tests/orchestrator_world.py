"""An orchestrator on a log in memory: what it is sent, what it writes, its clock, its aborts and its restarts."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from orchestrator.definition_feed import DefinitionFeed
from orchestrator.definitions.arming import armings
from orchestrator.definitions.deployed import read_deployed
from orchestrator.definitions.registry import Registry, load
from orchestrator.metering import SagaCounts
from orchestrator.outbound import Outbound
from orchestrator.processor import SagaProcessor
from orchestrator.telemetry import Telemetry
from schemas import topics
from schemas.codec import Codec
from services.deployment import checked, deployed_of, plan, shipped
from streams.errors import Abortable
from streams.kafka_follower import EndNotReached
from streams.memory_driver import MemoryDriver
from streams.memory_log import MemoryLog
from streams.memory_store import MemoryStore
from streams.record import Record, TopicPartition
from streams.runtime import Runtime
from streams.runtime_config import RuntimeConfig
from tests.saga_story import NOON, order_data
from tests.scripted_participants import Reply, success

RETENTION_MS = 3_600_000
_SHIPPED = tuple(load(None, {}).versions())
OTHER_COMMANDS = "other.commands"
"""The commands of participants that only tests declare."""
COMMAND_TOPICS = (
    topics.INVENTORY_COMMANDS.name,
    topics.PAYMENT_COMMANDS.name,
    topics.SHIPPING_COMMANDS.name,
    topics.NOTIFICATION_COMMANDS.name,
    topics.TASKS_COMMANDS.name,
    OTHER_COMMANDS,
)
Answer = Callable[[str, Mapping[str, Any]], Reply | None]
"""Returns the reply to a command, given its message name and its fields; None: it does not answer."""


class _Driver(MemoryDriver):
    """The driver in memory, whose next commits can be made to fail."""

    failing_commits = 0

    def commit(self, offsets: Mapping[TopicPartition, int]) -> Mapping[TopicPartition, int]:
        if self.failing_commits > 0:
            self.failing_commits -= 1
            raise Abortable("as the test demands")
        return super().commit(offsets)


class DeployedInMemory:
    """Reads deployed definitions from the log in memory. `unreachable`: no broker answers."""

    def __init__(self, log: MemoryLog) -> None:
        self._log = log
        self._taken = 0
        self.unreachable = False

    def take(self) -> list[Record]:
        """Return what has come and was not returned before."""
        found = list(self._log.committed_records(topics.DEFINITIONS.name))[self._taken :]
        self._taken += len(found)
        return found

    def take_to_end(self, timeout_s: float) -> list[Record]:
        """Return all that is there and was not returned before."""
        if self.unreachable:
            raise EndNotReached(f"no broker answered for {timeout_s} s")
        return self.take()


class World:
    """One orchestrator with its topics. Time stands still unless a test moves it."""

    def __init__(self, registry: Callable[[], Registry] = lambda: Registry(_SHIPPED, {})) -> None:
        self.now = NOON
        self.codec = Codec()
        self.log = MemoryLog(lambda: self.now)
        for topic in topics.ALL:
            self.log.create_topic(topic.name, topic.partitions)
        self.log.create_topic(OTHER_COMMANDS, topics.INPUTS.partitions)
        self.load_registry = registry
        self.log_lines = bytearray()
        self._stores: dict[int, MemoryStore] = {}
        self._taken: set[str] = set()
        self._start()

    def logged(self, logger: str = "transition") -> list[dict[str, Any]]:
        """Return the lines that a logger wrote."""
        return [line for line in map(json.loads, self.log_lines.splitlines()) if line["logger"] == logger]

    def _start(self) -> None:
        self.driver = _Driver(self.log, "orchestrator", "orchestrator-0")
        outbound = Outbound(self.codec)
        self.counts = SagaCounts()
        self.registry = self.load_registry()
        self.source = DeployedInMemory(self.log)
        self.feed = DefinitionFeed(self.source, self.registry)
        self.feed.start(1.0)
        for topic, key, value, about in armings(self.codec, self.registry.versions(), "test", self.now):
            self.log.produce(topic, key, value, about)
        self.runtime = Runtime(
            self.driver,
            RuntimeConfig((topics.INPUTS.name, topics.REPLIES.name), topics.CHANGELOG.name, topics.DEAD_LETTERS.name),
            lambda _partition: SagaProcessor(
                self.registry, self.codec, outbound, RETENTION_MS, self.counts, Telemetry("orchestrator-0")
            ),
            lambda partition: self._stores.setdefault(partition, MemoryStore()),
            lambda: self.now,
            sleep_s=lambda _seconds: None,
            write_lines=self.log_lines.extend,
        )
        self.runtime.start()

    def restart(self, *, keep_stores: bool = True) -> None:
        """Let a new process take over from one that is never heard of again."""
        if not keep_stores:
            self._stores = {}
        self._start()

    def deploy(self, text: str) -> bool:
        """Deploy a definition as deployers do, records in one go. Returns false where it was there already."""
        known = dict(shipped())
        for record in self.records(topics.DEFINITIONS.name):
            held = read_deployed(record.key, record.value or b"")
            known[held.name, held.version] = held
        planned = plan(deployed_of(checked(text), self.now, "test", "why"), known, self.codec)
        if planned is None:
            return False
        deployed, armed = planned
        self.log.produce(topics.DEFINITIONS.name, deployed.key, deployed.value(), [])
        if armed is not None:
            self.log.produce(*armed)
        return True

    def settle(self) -> None:
        """Let the orchestrator handle everything that is there."""
        quiet = 0
        while quiet < 3:
            before = self._ends()
            self.runtime.run_once()
            quiet = quiet + 1 if self._ends() == before and self.runtime.is_restored else 0

    def _ends(self) -> list[int]:
        return [
            self.log.end_offset(TopicPartition(topic.name, number))
            for topic in topics.ALL
            for number in range(topic.partitions)
        ]

    def later(self, milliseconds: int) -> None:
        """Let time pass, and everything due be handled."""
        self.now += milliseconds
        self.settle()

    def put(self, topic: str, key: bytes | None, value: bytes | None) -> Record:
        """Write a record as any client may."""
        return self.log.produce(topic, key, value, [("traceparent", b"00-trace-01")])

    def send(self, message: str, saga_id: str, **fields: Any) -> Record:
        """Write an input: `saga.StartSaga`, `saga.Signal` or `saga.CancelSaga`."""
        meta = {"saga_id": saga_id, "input_id": f"in_{self.now}", "at": self.now, "source": "/test"}
        return self.put(topics.INPUTS.name, saga_id.encode(), self.codec.encode(message, {"meta": meta, **fields}))

    def start_order(self, saga_id: str = "ord_a", **data: Any) -> Record:
        """Write the start of an order."""
        return self.start_saga(saga_id, "order-fulfillment", {**order_data(), **data})

    def start_saga(self, saga_id: str, definition: str, data: Any, version: int | None = None) -> Record:
        """Write the start of a saga."""
        text = data if isinstance(data, str) else json.dumps(data)
        return self.send("saga.StartSaga", saga_id, definition=definition, version=version, data=text)

    def reply(self, name: str, fields: Mapping[str, Any]) -> Record:
        """Write a reply."""
        key = fields["meta"]["saga_id"].encode()
        return self.put(topics.REPLIES.name, key, self.codec.encode(name, fields))

    def answer(self, how: Answer = success) -> int:
        """Answer every command that is not answered yet and let the orchestrator go on. Returns how many there were."""
        commands = self.unanswered()
        for name, fields in commands:
            given = how(name, fields)
            if given is not None:
                self.reply(*given)
        self.settle()
        return len(commands)

    def unanswered(self) -> list[tuple[str, dict[str, Any]]]:
        """Take the commands that nobody took yet."""
        found = [self._decoded(record) for topic in COMMAND_TOPICS for record in self.records(topic)]
        new = [one for one in found if one[1]["meta"]["command_id"] not in self._taken]
        self._taken.update(fields["meta"]["command_id"] for _, fields in new)
        return new

    def run(self, how: Answer = success) -> None:
        """Settle, and answer until no command comes any more."""
        self.settle()
        while self.answer(how):
            pass

    def records(self, topic: str) -> list[Record]:
        """Return the committed records of a topic, in the order in which they were written to each partition."""
        return list(self.log.committed_records(topic))

    def _decoded(self, record: Record) -> tuple[str, dict[str, Any]]:
        message = self.codec.decode(record.value)
        return message.name, message.fields

    def events(self, saga_id: str = "ord_a") -> list[tuple[str, dict[str, Any]]]:
        """Return the names and fields of a saga's events."""
        found = [self._decoded(record) for record in self.records(topics.EVENTS.name)]
        return [(name.removeprefix("saga."), fields) for name, fields in found if fields["meta"]["saga_id"] == saga_id]

    def names(self, saga_id: str = "ord_a") -> list[str]:
        """Return the names of a saga's events."""
        return [name for name, _ in self.events(saga_id)]

    def commands(self, saga_id: str = "ord_a") -> list[tuple[str, dict[str, Any]]]:
        """Return the commands sent for a saga, topic by topic."""
        found = [self._decoded(record) for topic in COMMAND_TOPICS for record in self.records(topic)]
        return [(name, fields) for name, fields in found if fields["meta"]["saga_id"] == saga_id]

    def statuses(self, saga_id: str = "ord_a") -> list[dict[str, Any]]:
        """Return the business states written for a saga."""
        found = [json.loads(record.value or b"") for record in self.records(topics.STATUS.name)]
        return [status for status in found if status["saga_id"] == saga_id]

    def dead_letters(self) -> list[tuple[str, dict[str, bytes], Record]]:
        """Return the code, the headers and the record of each dead letter."""
        records = self.records(topics.DEAD_LETTERS.name)
        return [(dict(record.headers)["error_code"].decode(), dict(record.headers), record) for record in records]

    def changelog(self) -> dict[bytes, list[Record]]:
        """Return the records of the changelog by key."""
        found: dict[bytes, list[Record]] = {}
        for record in self.records(topics.CHANGELOG.name):
            found.setdefault(record.key or b"", []).append(record)
        return found


def world_with(directory: Path, *documents: str) -> World:
    """Return a world whose orchestrator also runs these definitions."""
    for number, document in enumerate(documents):
        (directory / f"{number}.yaml").write_text(document)
    return World(lambda: load(directory, {}))
