"""The yardstick: a saga loop with the product's records and client settings, without state logic and without SQL."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from confluent_kafka import Consumer, KafkaException, Message, Producer, TopicPartition
from rocksdict import Options, Rdict, WriteBatch

from benchmarks import bare_message
from benchmarks.bare_message import Written
from schemas.cloudevents import traceparent_of
from schemas.codec import Codec
from streams.kafka_config import KafkaConfig

MAX_RECORDS = 2_000
"""In one transaction, as in the product. Its bound in time is never reached here."""
POLL_S = 0.2
CALL_S = 10.0

Next = Callable[[Codec, dict[str, Any], str], Written]
"""From the meta of an input and its trace to what is written for it."""


def open_store(path: Path) -> Rdict:
    """Open a store as the product does: raw bytes, a write-ahead log, no sync."""
    options = Options(raw_mode=True)
    options.create_if_missing(True)
    return Rdict(str(path), options)


def handle(
    messages: Sequence[Message], decide: Next, codec: Codec, producer: Producer, steps: dict[bytes, int]
) -> None:
    """Write what each message leads to into the open transaction."""
    for message in messages:
        error = message.error()
        if error is not None:
            raise KafkaException(error)
        key: Any = message.key()
        received: Any = message.headers() or []
        meta = codec.decode(message.value()).fields["meta"]
        written = decide(codec, meta, traceparent_of(received))
        producer.produce(written.topic, written.value, key, headers=written.headers)  # type: ignore[arg-type]  # list is invariant
        steps[key] = written.step


def after(messages: Sequence[Message]) -> list[TopicPartition]:
    """Return the offsets behind the messages."""
    offsets = {(message.topic(), message.partition()): message.offset() for message in messages}
    return [TopicPartition(topic, partition, offset + 1) for (topic, partition), offset in offsets.items()]  # type: ignore[arg-type, operator]  # None only in errors


def store_steps(store: Rdict, steps: dict[bytes, int]) -> None:
    """Put the step counters, after the commit."""
    batch = WriteBatch(raw_mode=True)
    for key, step in steps.items():
        batch.put(key, step.to_bytes(1, "big"))
    store.write(batch)


def serve(name: str, topics: Sequence[str], decide: Next, store: Rdict | None, stop: threading.Event) -> None:
    """Consume, transform, produce in transactions until told to stop. Raises KafkaException."""
    config = KafkaConfig(os.environ["KAFKA_BOOTSTRAP_SERVERS"], name, f"{name}-0")
    consumer, producer = Consumer(config.consumer()), Producer(config.producer(config.instance_id))
    producer.init_transactions(CALL_S)
    codec = Codec()
    group: list[object] = []
    consumer.subscribe(
        list(topics), on_assign=lambda joined, _partitions: group.append(joined.consumer_group_metadata())
    )
    while not stop.is_set():
        first = consumer.poll(POLL_S)
        if first is None:
            continue
        messages = [first, *consumer.consume(MAX_RECORDS - 1, 0)]
        steps: dict[bytes, int] = {}
        producer.begin_transaction()
        handle(messages, decide, codec, producer, steps)
        producer.send_offsets_to_transaction(after(messages), group[-1], CALL_S)
        producer.commit_transaction(CALL_S)
        producer.poll(0)
        if store is not None:
            store_steps(store, steps)
    consumer.close()


def main(arguments: list[str]) -> int:
    """Run as `orchestrator STORE` or as `participant`."""
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    match arguments:
        case ["orchestrator", store]:
            inputs = (bare_message.INPUTS, bare_message.REPLIES)
            serve("bare-orchestrator", inputs, bare_message.ordered, open_store(Path(store)), stop)
        case ["participant"]:
            serve("bare-participant", (bare_message.COMMANDS,), bare_message.obeyed, None, stop)
        case _:
            return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
