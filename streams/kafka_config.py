"""How a Kafka driver is configured, and what that means in librdkafka's own settings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from streams.kafka_security import connection

Settings = dict[str, str | int | float | bool]

_RECONNECT: Mapping[str, str | int | float | bool] = {
    "reconnect.backoff.ms": 50,
    "reconnect.backoff.max.ms": 500,
    "socket.nagle.disable": True,
    "socket.keepalive.enable": True,
    "log.connection.close": False,
    "log_level": 2,
}


@dataclass(frozen=True, slots=True)
class KafkaConfig:
    """Identity, bounds and times of one group member; every `_ms` and `_s` says its unit."""

    bootstrap: str
    application_id: str
    """The consumer group."""
    instance_id: str
    """Stable across restarts: `group.instance.id` and `transactional.id` at once, unique in the whole cluster."""
    tracked_topics: frozenset[str] = frozenset()
    """Topics whose written offsets `commit` returns; records for them must name their partition."""
    session_timeout_ms: int = 3_000
    heartbeat_interval_ms: int | None = None
    """None: a third of the session timeout."""
    max_poll_interval_ms: int = 60_000
    transaction_timeout_ms: int = 10_000
    linger_ms: float = 25
    """A commit sends at once whatever waits; until then, fewer and larger batches cost client and broker less."""
    fetch_wait_ms: int = 100
    """How long the broker holds an empty fetch; a new partition waits for the fetch before it."""
    queued_min_messages: int = 20_000
    queued_max_kbytes: int = 32 * 1024
    producer_max_messages: int = 200_000
    join_timeout_s: float = 60.0
    init_timeout_s: float = 30.0
    offsets_timeout_s: float = 5.0
    request_timeout_ms: int = 3_000
    """One request of the producer; its default is the transaction's time-out, and calls wait for it to pass."""
    commit_timeout_s: float = 5.0
    """One attempt to send offsets or to commit."""
    commit_attempts: int = 4
    """A commit with an unclear outcome is resumed until this many attempts were made."""
    slow_commit_s: float = 2.5
    """A commit or abort slower than this may have left a delayed request behind: the producer is replaced.

    Below the time-out of a request, after which the client sends it a second time.
    """
    restore_timeout_s: float = 30.0
    """How long a restore waits without any progress before the process gives up."""
    extra: Mapping[str, str | int | float | bool] = field(default_factory=dict)
    """Settings for every client; they win over all others."""

    def consumer(self) -> Settings:
        """Settings of the group member.

        Eager `range`: partition n of every topic goes to the same member (cooperative-sticky does not promise that),
        and a new generation starts only after every live member has ended its transaction in `on_revoked`.
        """
        heartbeat = self.heartbeat_interval_ms or max(100, self.session_timeout_ms // 3)
        return {
            **self._client("consumer"),
            "group.id": self.application_id,
            "group.instance.id": self.instance_id,
            "group.protocol": "classic",
            "partition.assignment.strategy": "range",
            "isolation.level": "read_committed",
            "enable.auto.commit": False,
            "enable.auto.offset.store": False,
            "auto.offset.reset": "earliest",
            "session.timeout.ms": self.session_timeout_ms,
            "heartbeat.interval.ms": heartbeat,
            "max.poll.interval.ms": max(self.max_poll_interval_ms, self.session_timeout_ms),
            "fetch.min.bytes": 1,
            "fetch.wait.max.ms": self.fetch_wait_ms,
            "fetch.queue.backoff.ms": 10,
            "fetch.error.backoff.ms": 50,
            "queued.min.messages": self.queued_min_messages,
            "queued.max.messages.kbytes": self.queued_max_kbytes,
            **self.extra,
        }

    def producer(self, transactional_id: str) -> Settings:
        """Settings of a transactional producer.

        A broker answers "concurrent transactions" while the markers of the last commit are written; librdkafka asks
        again after `retry.backoff.ms`, so its 100 ms default would be the price of every transaction under load.
        """
        return {
            **self._client("producer"),
            "transactional.id": transactional_id,
            "transaction.timeout.ms": self.transaction_timeout_ms,
            "socket.timeout.ms": self.request_timeout_ms,
            "enable.idempotence": True,
            "acks": "all",
            "partitioner": "murmur2_random",
            "linger.ms": self.linger_ms,
            "retry.backoff.ms": 2,
            "retry.backoff.max.ms": 200,
            "compression.type": "lz4",
            "queue.buffering.max.messages": self.producer_max_messages,
            "message.timeout.ms": self.transaction_timeout_ms,
            **self.extra,
        }

    def sender(self, timeout_s: float) -> Settings:
        """Settings of an idempotent producer that takes part in no transaction."""
        return {
            **self._client("sender"),
            "enable.idempotence": True,
            "acks": "all",
            "partitioner": "murmur2_random",
            "message.timeout.ms": int(timeout_s * 1_000),
            **self.extra,
        }

    def reader(self) -> Settings:
        """Settings of the consumer that reads changelogs: no membership, told where a partition ends."""
        return {
            **self._client("restore"),
            "group.id": f"{self.application_id}.restore",
            "isolation.level": "read_committed",
            "enable.auto.commit": False,
            "enable.auto.offset.store": False,
            "auto.offset.reset": "error",
            "enable.partition.eof": True,
            "fetch.wait.max.ms": 10,
            "fetch.queue.backoff.ms": 10,
            **self.extra,
        }

    def offsets(self) -> Settings:
        """Settings of the client that asks for the ends of partitions, open transactions included."""
        return {
            **self._client("offsets"),
            "group.id": f"{self.application_id}.restore",
            "isolation.level": "read_uncommitted",
            "enable.auto.commit": False,
            **self.extra,
        }

    def admin(self) -> Settings:
        """Settings of the admin client."""
        return {**self._client("admin"), **self.extra}

    def _client(self, role: str) -> Settings:
        return {
            **_RECONNECT,
            **connection(self.bootstrap),
            "client.id": f"{self.instance_id}.{role}",
        }
