"""Follows orders.status, as any tool that knows no Avro could: the latest business state of every order."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable
from dataclasses import dataclass

from confluent_kafka import OFFSET_BEGINNING, Consumer, TopicPartition

from streams.kafka_security import connection

TOPIC = "orders.status"
ENDED = frozenset({"COMPLETED", "TRANSACTION_REVOKED", "MANUAL_INTERVENTION"})

_ANSWER_S = 20.0
_POLL_S = 0.2


@dataclass(frozen=True, slots=True)
class OrderStatus:
    """The business state of an order; `at_ms` is milliseconds since the epoch."""

    order_id: str
    lifecycle: str
    status: str
    at_ms: int
    reason: str | None

    @property
    def ended(self) -> bool:
        """Whether the saga will not change its status any more."""
        return self.status in ENDED


class StatusFeed:
    """Keeps the latest status of every order. Use as an async context manager; reads in a thread of its own."""

    def __init__(self, bootstrap: str, on_change: Callable[[OrderStatus], None] = lambda _: None) -> None:
        """Follow the cluster's topic; `on_change` is called on the event loop, once for each change."""
        self.latest: dict[str, OrderStatus] = {}
        self._bootstrap = bootstrap
        self._on_change = on_change
        self._changed = asyncio.Event()
        self._stop = threading.Event()
        self._thread: asyncio.Task[None] | None = None

    async def __aenter__(self) -> StatusFeed:  # noqa: PYI034 - nobody derives from it
        self._thread = asyncio.create_task(asyncio.to_thread(self._follow, asyncio.get_running_loop()))
        return self

    async def __aexit__(self, *_: object) -> None:
        self._stop.set()
        if self._thread is not None:
            await self._thread

    async def wait_for(self, condition: Callable[[], bool], timeout_s: float) -> bool:
        """Wait until the condition holds, asking after each change and each second; False when it took too long."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + timeout_s
        while not condition():
            left = deadline - loop.time()
            if left <= 0:
                return False
            self._changed.clear()
            try:
                await asyncio.wait_for(self._changed.wait(), min(1.0, left))
            except TimeoutError:
                continue
        return True

    def _follow(self, loop: asyncio.AbstractEventLoop) -> None:
        consumer = Consumer(
            {
                **connection(self._bootstrap),
                "group.id": "campaign",
                "isolation.level": "read_committed",
                "enable.auto.commit": False,
                "fetch.wait.max.ms": 50,
                "reconnect.backoff.max.ms": 500,
                "log_level": 0,
            }
        )
        try:
            partitions = consumer.list_topics(TOPIC, timeout=_ANSWER_S).topics[TOPIC].partitions
            consumer.assign([TopicPartition(TOPIC, number, OFFSET_BEGINNING) for number in partitions])
            while not self._stop.is_set():
                message = consumer.poll(_POLL_S)
                value = message.value() if message is not None and message.error() is None else None
                if isinstance(value, bytes):
                    loop.call_soon_threadsafe(self._take, value)
        finally:
            consumer.close()

    def _take(self, value: bytes) -> None:
        told = json.loads(value)
        status = OrderStatus(told["saga_id"], told["lifecycle"], told["status"], told["at"], told["reason"])
        self.latest[status.order_id] = status
        self._on_change(status)
        self._changed.set()
