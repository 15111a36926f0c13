"""Throws records that nobody can read at the topics, and looks for them among the dead letters."""

from __future__ import annotations

import time

from confluent_kafka import Message, Producer

from schemas import topics
from verify.topics import Reader

_POISONED = (topics.REPLIES.name, topics.PAYMENT_COMMANDS.name)
_FLUSH_S = 15.0
_PAUSE_S = 0.2


def throw_poison(bootstrap: str) -> frozenset[str]:
    """Write garbage to saga.replies and payment.commands and return where it lies, as `topic/partition@offset`."""
    places: list[str] = []

    def written(error: object, message: Message) -> None:
        if error is None:
            places.append(f"{message.topic()}/{message.partition()}@{message.offset()}")

    producer = Producer({"bootstrap.servers": bootstrap, "partitioner": "murmur2_random", "acks": "all"})
    for topic in _POISONED:
        producer.produce(topic, b"\xde\xad\xbe\xef this is no Avro", key=b"poison", on_delivery=written)
    producer.flush(_FLUSH_S)
    return frozenset(places)


def dead_lettered(bootstrap: str, origins: frozenset[str], timeout_s: float) -> frozenset[str]:
    """Return those of the origins that are found among the dead letters within the time."""
    deadline = time.monotonic() + timeout_s
    with Reader(bootstrap) as reader:
        while True:
            told = [record.headers for record in reader.read([topics.DEAD_LETTERS.name])]
            found = origins & {
                f"{h.get('origin_topic')}/{h.get('origin_partition')}@{h.get('origin_offset')}" for h in told
            }
            if found == origins or time.monotonic() > deadline:
                return found
            time.sleep(_PAUSE_S)
