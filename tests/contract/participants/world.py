"""A participant on a log in memory and a real database, driven step by step; providers answer when a test lets them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson
from sqlalchemy import text

from schemas.cloudevents import headers
from schemas.codec import Codec
from schemas.topics import ALL, DEAD_LETTERS, REPLIES
from services.participant.calls import Call, Ending
from services.participant.database import Database
from services.participant.handlers import Service
from services.participant.rounds import Rounds
from services.participant.shell import Bounds, Shell
from services.participant.telemetry import Telemetry
from streams.memory_driver import MemoryDriver
from streams.memory_log import MemoryLog
from streams.record import Record, TopicPartition

START_MS = 1_700_000_000_000
TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
_TURNS = 200


class Clock:
    """Time that passes only when told."""

    def __init__(self) -> None:
        self.ms = START_MS

    def now_ms(self) -> int:
        """Return the time."""
        return self.ms

    async def pause(self, seconds: float) -> None:
        """Let time pass instead of waiting."""
        self.ms += int(seconds * 1000)
        await asyncio.sleep(0)


class SteppedCalls:
    """Runs provider calls on the caller's thread whenever the shell asks what has ended."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._tasks: dict[asyncio.Task[Sequence[Ending]], Collection[str]] = {}

    def start(self) -> None:
        """Nothing to start."""

    def submit(self, work: Sequence[tuple[Collection[str], Call]]) -> None:
        """Take calls in; they run at the next `ended`."""
        for tokens, call in work:
            self._tasks[self._loop.create_task(_await(call))] = tokens

    def cancel(self, tokens: Collection[str]) -> None:
        """Drop calls."""
        for task, mine in self._tasks.items():
            if mine and set(mine) <= set(tokens):
                task.cancel()

    def ended(self) -> list[Ending]:
        """Run every call as far as it gets and return what ended."""
        self._loop.run_until_complete(_turns())
        done = [task for task in self._tasks if task.done()]
        for task in done:
            del self._tasks[task]
        return [end for task in done if not task.cancelled() for end in task.result()]

    def close(self) -> None:
        """Drop everything, as the end of a process does."""
        self._loop.run_until_complete(_drop(list(self._tasks)))
        self._tasks.clear()
        self._loop.close()


async def _drop(tasks: Sequence[asyncio.Task[Sequence[Ending]]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def _await(call: Call) -> Sequence[Ending]:
    return await call()


async def _turns() -> None:
    for _ in range(_TURNS):
        await asyncio.sleep(0)


@dataclass(slots=True)
class World:
    """One participant service with any number of replicas over one database and one log."""

    url: str
    topic: str
    make_service: Callable[[Database], Service[Any]]
    clock: Clock = field(default_factory=Clock)
    codec: Codec = field(default_factory=Codec)
    bounds: Bounds = field(default_factory=Bounds)
    log: MemoryLog = field(init=False)
    log_lines: bytearray = field(default_factory=bytearray)
    running: list[tuple[Shell[Any], SteppedCalls, Database]] = field(default_factory=list)
    _opened: list[Database] = field(default_factory=list)
    _read: dict[TopicPartition, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Create the topics."""
        self.log = MemoryLog(self.clock.now_ms, session_timeout_ms=10**9)
        for topic in ALL:
            self.log.create_topic(topic.name, topic.partitions)

    def database(self) -> Database:
        """Return the database over connections of its own, which end with this world."""
        self._opened.append(Database(self.url))
        return self._opened[-1]

    def replica(self, instance: str = "replica-0", driver: MemoryDriver | None = None) -> Shell[Any]:
        """Start a replica and let it join."""
        database = Database(self.url)
        service = self.make_service(database)
        telemetry = Telemetry(instance)
        rounds = Rounds(service, database, self.codec, self.clock.now_ms, telemetry, self.log_lines.extend)
        member = driver or MemoryDriver(self.log, service.name, instance)
        calls = SteppedCalls()
        shell = Shell(service, rounds, calls, member, now_ms=self.clock.now_ms, bounds=self.bounds)  # type: ignore[arg-type]  # same methods as Calls
        shell.start()
        self.running.append((shell, calls, database))
        return shell

    def crash(self, shell: Shell[Any]) -> None:
        """Lose a replica without any of its cleaning up."""
        for index, (one, calls, database) in enumerate(self.running):
            if one is shell:
                del self.running[index]
                calls.close()
                database.close()
                return

    def settle(self, rounds: int = 6) -> None:
        """Let every replica work until nothing is left to do."""
        for _ in range(rounds):
            self.clock.ms += 60
            for shell, _, _ in self.running:
                shell.step()

    def send(self, name: str, meta: Mapping[str, Any], **fields: Any) -> Record:
        """Produce a command."""
        value = self.codec.encode(name, {"meta": meta, "order_id": meta["saga_id"], **fields})
        about = headers(name, "orchestrator", meta["command_id"], meta["saga_id"], self.clock.ms, "cause", TRACE)
        return self.log.produce(self.topic, meta["saga_id"].encode(), value, about)

    def send_again(self, record: Record) -> None:
        """Produce a record once more, byte by byte."""
        self.log.produce(record.topic, record.key, record.value, record.headers)

    def meta(
        self, saga: str, step: str, n: int = 0, undo: bool = False, budget_ms: int | None = 5_000
    ) -> dict[str, Any]:
        """Return the meta of the n-th sending of a command, or of its compensation."""
        token = f"{saga}:{step}:undo" if undo else f"{saga}:{step}"
        return {
            "saga_id": saga,
            "sequence": 1,
            "command_id": f"{token}:{n}",
            "token": token,
            "undoes": f"{saga}:{step}" if undo else None,
            "step": step,
            "attempt": n,
            "issued_at": self.clock.ms,
            "deadline": None if budget_ms is None else self.clock.ms + budget_ms,
        }

    def replies(self) -> list[tuple[str, dict[str, Any]]]:
        """Return the replies that came since the last call: (message, fields) in the order of the log."""
        return [self.codec.decode(record.value) for record in self.read(REPLIES.name)]

    def reply(self) -> tuple[str, dict[str, Any]]:
        """Return the one reply that came since the last call."""
        (reply,) = self.replies()
        return reply

    def logged(self) -> list[dict[str, Any]]:
        """Return the lines of the log."""
        return [orjson.loads(line) for line in self.log_lines.splitlines()]

    def dead_letters(self) -> list[Record]:
        """Return the dead letters that came since the last call."""
        return self.read(DEAD_LETTERS.name)

    def read(self, topic: str) -> list[Record]:
        """Return the committed records of a topic that came since the last call."""
        found: list[Record] = []
        for number in range(self.log.partitions_of(topic)):
            where = TopicPartition(topic, number)
            records, self._read[where] = self.log.read(where, self._read.get(where, 0), 10_000)
            found.extend(records)
        return found

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """Read the database."""
        database = Database(self.url)
        with database.engine.connect() as connection:
            rows = [tuple(row) for row in connection.execute(text(sql))]
        database.close()
        return rows

    def close(self) -> None:
        """End all replicas."""
        for shell, _, database in self.running:
            shell.close()
            database.close()
        for database in self._opened:
            database.close()
