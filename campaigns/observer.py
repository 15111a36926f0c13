"""A reader of committed records outside the installation: when did who write something again?"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from confluent_kafka import OFFSET_END, Consumer, Message, TopicPartition

from schemas import topics
from schemas.codec import Codec, Undecodable
from streams.kafka_security import connection

_ANSWER_S = 20.0
_POLL_S = 0.05
_WAIT_S = 0.01


@dataclass(frozen=True, slots=True)
class Seen:
    """A committed record: when it was written and when a reader could see it, in milliseconds since the epoch."""

    topic: str
    partition: int
    written_ms: int
    seen_ms: float
    participant: str


class Observer:
    """Watches saga.events and saga.replies in a thread of its own. Use as a context manager."""

    def __init__(self, bootstrap: str) -> None:
        self.partitions = frozenset(range(topics.EVENTS.partitions))
        self._bootstrap = bootstrap
        self._seen: list[Seen] = []
        self._stop = threading.Event()
        self._assigned = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="observer", daemon=True)

    def __enter__(self) -> Observer:  # noqa: PYI034 - nobody derives from it
        self._thread.start()
        if not self._assigned.wait(_ANSWER_S):
            raise TimeoutError(f"Kafka on {self._bootstrap} does not answer")
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def first_on_every_partition(self, after_ms: float, timeout_s: float) -> float | None:
        """Return the milliseconds until every partition of saga.events had a record written after the moment."""

        def last_first() -> float | None:
            first: dict[int, float] = {}
            for seen in self._since(after_ms):
                if seen.topic == topics.EVENTS.name:
                    first.setdefault(seen.partition, seen.seen_ms)
            return max(first.values()) if first.keys() >= self.partitions else None

        return _await(last_first, after_ms, timeout_s)

    def first_event(self, after_ms: float, timeout_s: float) -> float | None:
        """Return the milliseconds until any event was seen that was written after the moment."""

        def first() -> float | None:
            events = (seen for seen in self._since(after_ms) if seen.topic == topics.EVENTS.name)
            return next((seen.seen_ms for seen in events), None)

        return _await(first, after_ms, timeout_s)

    def first_reply(self, participant: str, after_ms: float, timeout_s: float) -> float | None:
        """Return the milliseconds until a reply of the participant was seen that was written after the moment."""

        def first() -> float | None:
            return next((seen.seen_ms for seen in self._since(after_ms) if seen.participant == participant), None)

        return _await(first, after_ms, timeout_s)

    def _since(self, after_ms: float) -> list[Seen]:
        return [seen for seen in self._seen[-20_000:] if seen.written_ms > after_ms]

    def _watch(self) -> None:
        consumer = Consumer(
            {
                **connection(self._bootstrap),
                "group.id": "observer",
                "isolation.level": "read_committed",
                "enable.auto.commit": False,
                "fetch.wait.max.ms": 20,
                "reconnect.backoff.max.ms": 200,
                "log_level": 0,
            }
        )
        codec = Codec()
        try:
            consumer.assign(
                [
                    TopicPartition(topic.name, number, OFFSET_END)
                    for topic in (topics.EVENTS, topics.REPLIES)
                    for number in range(topic.partitions)
                ]
            )
            consumer.poll(1.0)
            self._assigned.set()
            while not self._stop.is_set():
                message = consumer.poll(_POLL_S)
                if message is not None and message.error() is None:
                    self._seen.append(_seen(message, codec))
        finally:
            consumer.close()


def _await(find: Callable[[], float | None], after_ms: float, timeout_s: float) -> float | None:
    deadline = time.monotonic() + timeout_s
    while True:
        found = find()
        if found is not None:
            return found - after_ms
        if time.monotonic() > deadline:
            return None
        time.sleep(_WAIT_S)


def _seen(message: Message, codec: Codec) -> Seen:
    now_ms = time.time() * 1000
    topic, participant = str(message.topic()), ""
    value = message.value()
    if topic == topics.REPLIES.name and isinstance(value, bytes):
        try:
            participant = str(codec.decode(value).fields["meta"]["participant"])
        except (Undecodable, KeyError):
            participant = ""
    return Seen(topic, int(message.partition() or 0), message.timestamp()[1], now_ms, participant)
