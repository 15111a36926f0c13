"""Reads a topic's committed records and renders each, decoded, as one JSON object a line."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, KafkaException, Message, TopicPartition

from cli.failure import ExitCode, Failure
from schemas.cloudevents import rfc3339
from schemas.codec import Codec, Undecodable
from streams.kafka_security import connection

TIMEOUT_S = 10.0
POLL_S = 1.0
SILENT_POLLS = 30
BATCH = 500
PREVIEW_BYTES = 200
LAST_BY_DEFAULT = 10
WIDENINGS = 12


@dataclass(frozen=True, slots=True)
class Selection:
    """Which records to show: the newest `limit`, or from the beginning (all, without a limit), then new ones."""

    topic: str
    from_beginning: bool = False
    follow: bool = False
    limit: int | None = None
    key: str | None = None
    with_headers: bool = False


def tail(bootstrap: str, selection: Selection) -> Iterator[str]:
    """Yield one line a record. Raises Failure when no cluster answers or the topic does not exist."""
    codec = Codec()
    consumer = Consumer(
        {
            **connection(bootstrap),
            "group.id": "saga-topics-tail",
            "enable.auto.commit": False,
            "isolation.level": "read_committed",
            "enable.partition.eof": True,
            "log_level": 0,
        }
    )
    try:
        ranges = _ranges(consumer, bootstrap, selection.topic)
        if selection.from_beginning:
            consumer.assign([TopicPartition(selection.topic, number, OFFSET_BEGINNING) for number in ranges])
            shown = _until_end(consumer, len(ranges), selection)
        else:
            shown = iter(_newest(consumer, ranges, selection))
        yield from (render(codec, message, with_headers=selection.with_headers) for message in shown)
        while selection.follow:
            yield from (
                render(codec, message, with_headers=selection.with_headers)
                for message in consumer.consume(BATCH, POLL_S)
                if _is_wanted(message, selection)
            )
    finally:
        consumer.close()


def render(codec: Codec, message: Message, *, with_headers: bool) -> str:
    """Return the record as one JSON object: where it is, its key, and its decoded message or why that failed."""
    key, value = message.key(), message.value()
    shown: dict[str, Any] = {
        "partition": message.partition(),
        "offset": message.offset(),
        "time": rfc3339(message.timestamp()[1]),
        "key": None if key is None else _text(key),
    }
    if with_headers:
        shown["headers"] = {name: _text(data) for name, data in dict(message.headers() or ()).items()}
    shown.update(_decoded(codec, value))
    return json.dumps(shown, ensure_ascii=False, default=_text)


def _decoded(codec: Codec, value: bytes | None) -> dict[str, Any]:
    if value is None:
        return {"type": "tombstone"}
    if value[:1] == b"{":
        try:
            return {"type": "json", "value": json.loads(value)}
        except ValueError as error:
            return {"type": "undecodable", "why": str(error), "value": _text(value[:PREVIEW_BYTES])}
    try:
        decoded = codec.decode(value)
    except Undecodable as error:
        return {"type": "undecodable", "why": str(error), "value": _text(value[:PREVIEW_BYTES])}
    return {"type": decoded.name, "value": decoded.fields}


def _ranges(consumer: Consumer, bootstrap: str, topic: str) -> dict[int, tuple[int, int]]:
    """Return the first offset and the end offset of every partition."""
    try:
        found = consumer.list_topics(topic, timeout=TIMEOUT_S).topics[topic]
        if found.error is not None:
            raise Failure(
                f"Topic {topic} does not exist on {bootstrap}.", "`saga topics list` shows the topics.", ExitCode.USAGE
            )
        return {
            number: consumer.get_watermark_offsets(TopicPartition(topic, number), timeout=TIMEOUT_S)
            for number in found.partitions
        }
    except KafkaException as error:
        raise Failure(
            f"No Kafka cluster answers on {bootstrap}: {error.args[0].str()}.",
            "Start one with `saga dev`, or name its address with --bootstrap.",
            ExitCode.CLUSTER_UNREACHABLE,
        ) from error


def _newest(consumer: Consumer, ranges: dict[int, tuple[int, int]], selection: Selection) -> list[Message]:
    """Return the newest wanted records of all partitions, oldest first.

    Offsets say little about how many records lie behind them (transaction markers, compaction, other keys), so the
    window is widened until it holds enough or reaches the beginning.
    """
    limit = selection.limit or LAST_BY_DEFAULT
    span = 4 * limit
    found: list[Message] = []
    for _ in range(WIDENINGS):
        starts = {number: max(low, high - span) for number, (low, high) in ranges.items()}
        consumer.assign([TopicPartition(selection.topic, number, start) for number, start in starts.items()])
        everything = Selection(selection.topic, key=selection.key)
        found = sorted(_until_end(consumer, len(ranges), everything), key=lambda message: message.timestamp()[1])
        if len(found) >= limit or all(starts[number] == low for number, (low, _) in ranges.items()):
            break
        span *= 8
    return found[-limit:]


def _until_end(consumer: Consumer, partitions: int, selection: Selection) -> Iterator[Message]:
    """Yield wanted records until every partition has been read to its committed end, or the limit is reached."""
    ended: set[int] = set()
    shown = silent = 0
    while len(ended) < partitions:
        messages = consumer.consume(BATCH, POLL_S)
        silent = 0 if messages else silent + 1
        if silent > SILENT_POLLS:
            raise Failure(
                f"Kafka sent nothing of {selection.topic} for {SILENT_POLLS * POLL_S:.0f} s.",
                "Look at the broker's log, then try again.",
                ExitCode.CLUSTER_UNREACHABLE,
            )
        for message in messages:
            error, partition = message.error(), message.partition()
            if error is not None and error.code() == KafkaError._PARTITION_EOF:  # noqa: SLF001 - its public name
                assert partition is not None
                ended.add(partition)
            elif _is_wanted(message, selection):
                yield message
                shown += 1
                if shown == selection.limit:
                    return


def _is_wanted(message: Message, selection: Selection) -> bool:
    if message.error() is not None:
        return False
    return selection.key is None or message.key() == selection.key.encode()


def _text(data: object) -> str:
    return data.decode("utf-8", "backslashreplace") if isinstance(data, bytes) else str(data)
