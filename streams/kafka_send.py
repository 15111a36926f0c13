"""Writes a few records outside of any transaction and waits until every in-sync replica has them."""

from __future__ import annotations

from collections.abc import Iterable

from confluent_kafka import KafkaError, Message, Producer

from streams.errors import Fatal
from streams.kafka_config import KafkaConfig
from streams.logs import CLIENT_LOG
from streams.record import Outgoing


def send(config: KafkaConfig, records: Iterable[Outgoing], timeout_s: float) -> None:
    """Write the records; one that was not confirmed may be there all the same. Raises Fatal."""
    failed: list[str] = []

    def report(error: KafkaError | None, message: Message) -> None:
        if error is not None:
            failed.append(f"{message.topic()}: {error.str()}")

    producer = Producer(config.sender(timeout_s), logger=CLIENT_LOG)
    for record in records:
        producer.produce(record.topic, record.value, record.key, headers=record.headers, on_delivery=report)  # type: ignore[arg-type]  # list is invariant, its use here is not
    waiting = producer.flush(timeout_s)
    if failed or waiting:
        raise Fatal(f"records were not confirmed: {', '.join(failed) or waiting}")
