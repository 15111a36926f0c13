"""Writes alerts to ops.alerts, and finds out which ones an earlier process has written already."""

from __future__ import annotations

import time
from collections.abc import Sequence

import orjson
from confluent_kafka import Consumer, KafkaError, KafkaException, Message, Producer, TopicPartition

from schemas import topics
from services.watchdog.alert import Alert
from streams.kafka_security import connection
from streams.logs import CLIENT_LOG

_CONFIRM_MS = 10_000
_SEARCH_S = 30.0
_PARTITION = 0


class NotConfirmed(Exception):
    """Kafka did not confirm an alert, or did not answer: what is written is found out after a restart."""


class Pager:
    """One idempotent producer for the alerts topic."""

    def __init__(self, bootstrap: str, client: str) -> None:
        self._bootstrap = bootstrap
        self._client = client
        self._producer = Producer(
            {
                **connection(bootstrap),
                "client.id": client,
                "log_level": 2,
                "logger": CLIENT_LOG,
                "enable.idempotence": True,
                "acks": "all",
                "partitioner": "murmur2_random",
                "message.timeout.ms": _CONFIRM_MS,
            }
        )

    def _consumer(self) -> Consumer:
        return Consumer(
            {
                **connection(self._bootstrap),
                "client.id": f"{self._client}-search",
                "group.id": self._client,
                "log_level": 2,
                "logger": CLIENT_LOG,
                "enable.auto.commit": False,
                "auto.offset.reset": "earliest",
                "enable.partition.eof": True,
            }
        )

    def end(self) -> int:
        """Return the offset that the next alert will have, or a lower one. Raises NotConfirmed."""
        consumer = self._consumer()
        try:
            _, high = consumer.get_watermark_offsets(TopicPartition(topics.ALERTS.name, _PARTITION), timeout=10.0)
        except KafkaException as error:
            raise NotConfirmed(str(error)) from error
        finally:
            consumer.close()
        return high

    def written_since(self, offset: int) -> set[str]:
        """Return the ids of the alerts in the topic from an offset on. Raises NotConfirmed."""
        consumer = self._consumer()
        found: set[str] = set()
        deadline = time.monotonic() + _SEARCH_S
        try:
            consumer.assign([TopicPartition(topics.ALERTS.name, _PARTITION, offset)])
            while time.monotonic() < deadline:
                message = consumer.poll(1.0)
                if message is None:
                    continue
                error = message.error()
                if error is None:
                    found.add(_alert_id(message.value()))
                elif error.code() == KafkaError._PARTITION_EOF:  # noqa: SLF001 - the client's own public name
                    return found
                elif not error.retriable():
                    raise NotConfirmed(error.str())
        finally:
            consumer.close()
        raise NotConfirmed(f"the alerts topic could not be read to its end within {_SEARCH_S:.0f} s")

    def send(self, alerts: Sequence[Alert]) -> None:
        """Write alerts and wait for acks=all. Raises NotConfirmed."""
        problems: list[str] = []

        def report(error: KafkaError | None, _message: Message) -> None:
            if error is not None:
                problems.append(error.str())

        for alert in alerts:
            self._producer.produce(
                topics.ALERTS.name,
                orjson.dumps(alert.document()),
                alert.saga_id.encode(),
                partition=_PARTITION,
                on_delivery=report,
            )
        left = self._producer.flush(_CONFIRM_MS / 1000 + 5)
        if left or problems:
            raise NotConfirmed(problems[0] if problems else f"{left} alerts have no answer")


def _alert_id(value: bytes | None) -> str:
    """Return the id in an alert record; a record that is none of ours has no id of ours."""
    try:
        document = orjson.loads(value or b"")
    except orjson.JSONDecodeError:
        return ""
    return str(document.get("alert_id", "")) if isinstance(document, dict) else ""
