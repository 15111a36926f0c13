"""The follower of a small topic on a real broker: all that is committed, nothing that is not, and a named end."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import closing

import pytest
from confluent_kafka import Producer

from cli.topics import create_topics
from schemas.topics import Topic
from streams.errors import Fatal
from streams.kafka_config import KafkaConfig
from streams.kafka_follower import EndNotReached, KafkaFollower
from streams.kafka_transactions import open_producer
from streams.record import TopicPartition

PATIENCE_S = 60.0
SHORT_S = 0.3


@pytest.fixture
def where(broker: str) -> TopicPartition:
    """Give a topic of one partition."""
    topic = Topic(f"test.{uuid.uuid4().hex}", "records of a test", partitions=1, compacted=True)
    list(create_topics(broker, [topic]))
    return TopicPartition(topic.name, 0)


@pytest.fixture
def config(broker: str) -> KafkaConfig:
    """Give a configuration."""
    return KafkaConfig(broker, "test", "test", linger_ms=0)


@pytest.fixture
def follower(config: KafkaConfig, where: TopicPartition) -> Iterator[KafkaFollower]:
    """Give a follower."""
    with closing(KafkaFollower(config, where)) as made:
        yield made


def producer(config: KafkaConfig) -> Producer:
    return open_producer(config, f"test-{uuid.uuid4().hex}")


def write(to: Producer, where: TopicPartition, *values: bytes) -> None:
    for value in values:
        to.produce(where.topic, value, b"key", where.partition)
    to.flush(PATIENCE_S)


def test_it_returns_each_committed_record_once_and_no_aborted_one(
    config: KafkaConfig, where: TopicPartition, follower: KafkaFollower
) -> None:
    assert follower.take_to_end(PATIENCE_S) == []
    writer = producer(config)
    for value, commits in ((b"1", True), (b"2", False), (b"3", True)):
        writer.begin_transaction()
        write(writer, where, value)
        if commits:
            writer.commit_transaction(PATIENCE_S)
        else:
            writer.abort_transaction(PATIENCE_S)

    assert [record.value for record in follower.take_to_end(PATIENCE_S)] == [b"1", b"3"]
    assert follower.take_to_end(PATIENCE_S) == []
    assert follower.take() == []


def test_an_open_transaction_is_waited_for_and_what_was_read_meanwhile_is_not_lost(
    config: KafkaConfig, where: TopicPartition, follower: KafkaFollower
) -> None:
    writer = producer(config)
    writer.begin_transaction()
    write(writer, where, b"1")
    writer.commit_transaction(PATIENCE_S)
    writer.begin_transaction()
    write(writer, where, b"2")
    with pytest.raises(EndNotReached):
        follower.take_to_end(SHORT_S)

    writer.commit_transaction(PATIENCE_S)
    assert [record.value for record in follower.take_to_end(PATIENCE_S)] == [b"1", b"2"]


def test_a_topic_that_does_not_exist_ends_the_process_by_its_name(config: KafkaConfig) -> None:
    with (
        closing(KafkaFollower(config, TopicPartition("test.none", 0))) as follower,
        pytest.raises(Fatal, match=r"topics do not exist: test\.none"),
    ):
        follower.check(PATIENCE_S)


def test_without_a_broker_the_end_is_not_known() -> None:
    nowhere = KafkaConfig("127.0.0.1:1", "test", "test")
    with closing(KafkaFollower(nowhere, TopicPartition("test.none", 0))) as follower:
        with pytest.raises(EndNotReached):
            follower.take_to_end(SHORT_S)
        assert follower.take() == []
