"""Hands records to Kafka and waits for acks=all, without blocking the event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Protocol

from confluent_kafka import KafkaError, KafkaException, Message, Producer

from schemas.cloudevents import Headers
from streams.kafka_security import connection
from streams.logs import CLIENT_LOG

MAX_IN_FLIGHT = 5_000
CONFIRM_MS = 5_000
"""How long a record may take to be confirmed before the client is told that nothing is certain."""
_POLL_S = 0.001
"""How often delivery reports are asked for while some are to come."""
_FLUSH_S = 5.0


class NotConfirmed(Exception):
    """Kafka did not confirm the record in time: it may be there or not."""


class Overloaded(Exception):
    """Too many records wait for Kafka: this one was not handed over."""


class Outlet(Protocol):
    """Where records leave the gateway."""

    async def send(self, topic: str, key: bytes | None, value: bytes | None, headers: Headers) -> None:
        """Return when every in-sync replica has the record. Raises NotConfirmed, Overloaded."""

    def check(self, topic: str) -> None:
        """Raise NotConfirmed when no broker answers or the topic is not there. Blocks."""


class KafkaOutlet:
    """One idempotent producer; the event loop fetches the delivery reports itself: no thread interrupts it for each."""

    def __init__(self, bootstrap: str, on_fatal: Callable[[str], None]) -> None:
        self._producer = Producer(
            {
                **connection(bootstrap),
                "client.id": "gateway",
                "log_level": 2,
                "logger": CLIENT_LOG,
                "enable.idempotence": True,
                "acks": "all",
                "partitioner": "murmur2_random",
                "linger.ms": 2,
                "socket.nagle.disable": True,
                "message.timeout.ms": CONFIRM_MS,
                "queue.buffering.max.messages": 2 * MAX_IN_FLIGHT,
            }
        )
        self._on_fatal = on_fatal
        self._in_flight = 0
        self._unreported = 0
        self._loop: asyncio.AbstractEventLoop | None = None

    @property
    def in_flight(self) -> int:
        """How many records wait to be confirmed, at most MAX_IN_FLIGHT."""
        return self._in_flight

    def start(self, loop: asyncio.AbstractEventLoop) -> None:
        """Take the loop that everything happens on."""
        self._loop = loop

    def stop(self) -> None:
        """Wait a bounded time for records in flight."""
        self._producer.flush(_FLUSH_S)

    async def send(self, topic: str, key: bytes | None, value: bytes | None, headers: Headers) -> None:
        """Return when every in-sync replica has the record. Raises NotConfirmed, Overloaded."""
        if self._in_flight >= MAX_IN_FLIGHT:
            raise Overloaded(f"{MAX_IN_FLIGHT} records wait for Kafka already")
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        report = partial(self._delivered, done)
        try:
            self._producer.produce(topic, value, key, headers=headers, on_delivery=report)  # type: ignore[arg-type]  # the stub wants str or bytes values in a wider list
        except BufferError as error:
            raise Overloaded(str(error)) from error
        except KafkaException as error:
            if error.args[0].fatal():
                self._on_fatal(str(error))
            raise NotConfirmed(str(error)) from error
        self._in_flight += 1
        self._unreported += 1
        if self._unreported == 1:
            self._poll_later()
        try:
            await done
        finally:
            self._in_flight -= 1

    def check(self, topic: str) -> None:
        """Raise NotConfirmed when no broker answers or the topic is not there. Blocks."""
        try:
            found = self._producer.list_topics(topic, timeout=2.0).topics[topic]
        except KafkaException as error:
            raise NotConfirmed(str(error)) from error
        if found.error is not None:
            raise NotConfirmed(f"topic {topic}: {found.error}")

    def _poll_later(self) -> None:
        assert self._loop is not None
        self._loop.call_later(_POLL_S, self._poll)

    def _poll(self) -> None:
        self._producer.poll(0)
        if self._unreported:
            self._poll_later()

    def _delivered(self, done: asyncio.Future[None], error: KafkaError | None, _message: Message) -> None:
        self._unreported -= 1
        if error is not None and error.fatal():
            self._on_fatal(error.str())
        if done.done():
            return
        if error is None:
            done.set_result(None)
        else:
            done.set_exception(NotConfirmed(error.str()))
