"""Samples the end of saga.events, whether orchestrators are at work, and how far the read model has come."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from confluent_kafka import ConsumerGroupState, IsolationLevel, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient, OffsetSpec  # type: ignore[attr-defined]  # public, but not in its list

from schemas import topics
from services.gateway.read_model import ReadModel, ReadModelUnavailable
from services.gateway.reading import queries
from services.gateway.reading.freshness import Samples, Staleness
from streams.kafka_security import connection
from streams.logs import CLIENT_LOG

_EVERY_S = 1.0
_ANSWER_S = 2.0
_ORCHESTRATORS = topics.here("orchestrator")
_IDLE = frozenset({ConsumerGroupState.EMPTY, ConsumerGroupState.DEAD, ConsumerGroupState.UNKNOWN})
_log = logging.getLogger(__name__)


class KafkaFreshness:
    """A thread that asks every second; what it knows is read without waiting for it."""

    def __init__(self, bootstrap: str, read_model: ReadModel, now_ms: Callable[[], int]) -> None:
        self._admin = AdminClient(
            {**connection(bootstrap), "client.id": "gateway-freshness", "log_level": 2}, logger=CLIENT_LOG
        )
        self._read_model = read_model
        self._now_ms = now_ms
        self._samples = Samples(now_ms())
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._work, name="freshness", daemon=True)
        self._trouble: str | None = None

    def start(self) -> None:
        """Begin to ask."""
        self._thread.start()

    def stop(self) -> None:
        """End the thread."""
        self._stopping.set()
        self._thread.join()

    def now(self) -> Staleness:
        """Return how fresh the read model is. Never blocks for longer than a few lines of code."""
        with self._lock:
            return self._samples.staleness(self._now_ms())

    def _work(self) -> None:
        while not self._stopping.wait(_EVERY_S):
            at_ms = self._now_ms()
            ends, trouble = self._ask()
            positions = self._positions()
            with self._lock:
                self._samples.take(at_ms, ends, trouble)
                if positions is not None:
                    self._samples.reach(positions)
            if trouble != self._trouble:
                _log.warning("the read model's sources changed", extra={"trouble": trouble or "none"})
                self._trouble = trouble

    def _ask(self) -> tuple[dict[int, int], str | None]:
        """Return where the partitions end, and what is wrong."""
        try:
            ends = self._ends()
            group = self._admin.describe_consumer_groups([_ORCHESTRATORS], request_timeout=_ANSWER_S)[_ORCHESTRATORS]
            described = group.result(timeout=_ANSWER_S)
        except (KafkaException, TimeoutError):
            return {}, "kafka"
        at_work = described.members and described.state not in _IDLE
        return ends, None if at_work else "orchestrator"

    def _ends(self) -> dict[int, int]:
        name = topics.EVENTS.name
        known = self._admin.list_topics(name, timeout=_ANSWER_S).topics[name]
        latest = OffsetSpec.latest()  # type: ignore[no-untyped-call]  # the client's own, without types
        asked = {TopicPartition(name, partition): latest for partition in known.partitions}
        told = self._admin.list_offsets(asked, isolation_level=IsolationLevel.READ_COMMITTED, request_timeout=_ANSWER_S)
        return {place.partition: future.result(timeout=_ANSWER_S).offset for place, future in told.items()}

    def _positions(self) -> dict[int, int] | None:
        try:
            return queries.positions(self._read_model, topics.EVENTS.name)
        except ReadModelUnavailable:
            return None
