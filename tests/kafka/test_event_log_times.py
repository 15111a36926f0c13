"""What a report asks the real log: is every event from before a time projected, markers of transactions aside?"""

from __future__ import annotations

import time
import uuid

import pytest
from confluent_kafka import Producer

from cli.topics import create_topics
from schemas.topics import EVENTS
from services.tasks import reading
from services.tasks.daily import ReadingFailed
from services.tasks.reading import KafkaEventLog

PARTITION = 1


@pytest.fixture
def log(broker: str) -> KafkaEventLog:
    """Give the log of a broker with our topics."""
    list(create_topics(broker))
    return KafkaEventLog(broker, "tasks-test")


def _write(broker: str, count: int) -> int:
    """Write one transaction of records that no consumer of ours reads, and return the offset of its first record."""
    producer = Producer({"bootstrap.servers": broker, "transactional.id": uuid.uuid4().hex})
    producer.init_transactions(30)
    producer.begin_transaction()
    offsets: list[int] = []
    for _ in range(count):
        producer.produce(
            EVENTS.name, b"an event", partition=PARTITION,
            on_delivery=lambda _error, message: offsets.append(message.offset() or 0),
        )  # fmt: skip
    producer.commit_transaction(30)
    assert len(offsets) == count
    return min(offsets)


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


def _midnight() -> int:
    """Return a time that everything written so far is before, and everything written from here on is not."""
    midnight = _now_ms() + 1
    while _now_ms() < midnight:
        pass
    return midnight


def test_a_day_is_read_when_only_markers_or_later_events_follow_its_position(broker: str, log: KafkaEventLog) -> None:
    positions = dict.fromkeys(range(EVENTS.partitions), 10**9)

    def unread(position: int, before_ms: int) -> list[int]:
        return list(log.unread({**positions, PARTITION: position}, before_ms))

    first = _write(broker, 2)
    midnight = _midnight()
    assert unread(first, midnight) == [PARTITION]
    assert unread(first + 1, midnight) == [PARTITION]
    assert unread(first + 2, midnight) == []
    later = _write(broker, 1)
    next_midnight = _midnight()
    assert unread(first + 2, midnight) == []
    assert unread(first + 2, next_midnight) == [PARTITION]
    assert unread(later + 1, next_midnight) == []


def test_a_broker_that_does_not_answer_is_no_news(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "_TIMEOUT_S", 0.5)
    with pytest.raises(ReadingFailed):
        KafkaEventLog("127.0.0.1:1", "tasks-test").unread({}, 0)
