"""`saga topics` on a real broker: creation is idempotent, drift is named, tail shows committed records decoded."""

from __future__ import annotations

import json
import uuid

import pytest
from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient, NewTopic  # type: ignore[attr-defined] # documented, but not re-exported

from cli.failure import ExitCode, Failure
from cli.tail import Selection, tail
from cli.topics import create_topics, describe_topics
from schemas.codec import Codec
from schemas.topics import Topic


def fresh_topic(partitions: int = 2, *, compacted: bool = False) -> Topic:
    return Topic(f"test.{uuid.uuid4().hex}", "records of a test", partitions=partitions, compacted=compacted)


def test_topics_are_created_once_and_then_left_alone(broker: str) -> None:
    topic = fresh_topic(compacted=True)

    first = list(create_topics(broker, [topic]))
    second = list(create_topics(broker, [topic]))

    assert first == ["1 created, 0 there already"]
    assert second == ["0 created, 1 there already"]
    [state] = describe_topics(broker, [topic])
    assert (state.partitions, state.replication, state.drift) == (2, 1, ())


def test_a_topic_that_differs_from_the_table_is_named_and_not_changed(broker: str) -> None:
    topic = fresh_topic(partitions=2)
    admin = AdminClient({"bootstrap.servers": broker})
    for future in admin.create_topics([NewTopic(topic.name, 3, 1, config={"retention.ms": "1000"})]).values():
        future.result(15)

    lines = list(create_topics(broker, [topic]))

    assert f"{topic.name}: has 3 partitions, the table says 2" in lines
    assert any("retention.ms=1000" in line for line in lines)
    assert describe_topics(broker, [topic])[0].partitions == 3


def test_a_topic_that_does_not_exist_is_shown_as_missing(broker: str) -> None:
    [state] = describe_topics(broker, [fresh_topic()])

    assert state.drift == ("missing",)


def test_tail_shows_committed_records_decoded_and_leaves_out_aborted_ones(broker: str) -> None:
    topic = fresh_topic()
    list(create_topics(broker, [topic]))
    cancel = Codec().encode(
        "saga.CancelSaga",
        {
            "meta": {"saga_id": "s-1", "input_id": "i-1", "at": 1_700_000_000_000, "source": "/test"},
            "actor": "me",
            "reason": "changed my mind",
        },
    )
    producer = Producer({"bootstrap.servers": broker, "transactional.id": f"tail-{topic.name}"})
    producer.init_transactions(15)
    producer.begin_transaction()
    producer.produce(topic.name, cancel, key="s-1", headers={"causationid": b"c-1"})
    producer.produce(topic.name, b'{"plain": "json"}', key="s-2")
    producer.produce(topic.name, b"\xff poison", key="s-3")
    producer.produce(topic.name, None, key="s-4")
    producer.commit_transaction(15)
    producer.begin_transaction()
    producer.produce(topic.name, b'{"never": "committed"}', key="s-5")
    producer.flush(15)
    producer.abort_transaction(15)

    whole = [json.loads(line) for line in tail(broker, Selection(topic.name, from_beginning=True, with_headers=True))]
    newest = [json.loads(line) for line in tail(broker, Selection(topic.name, limit=1, key="s-2"))]

    shown = {record["key"]: record for record in whole}
    assert set(shown) == {"s-1", "s-2", "s-3", "s-4"}
    assert shown["s-1"]["type"] == "saga.CancelSaga"
    assert shown["s-1"]["value"]["reason"] == "changed my mind"
    assert shown["s-1"]["headers"] == {"causationid": "c-1"}
    assert shown["s-2"]["value"] == {"plain": "json"}
    assert shown["s-3"]["type"] == "undecodable"
    assert shown["s-4"]["type"] == "tombstone"
    assert [record["key"] for record in newest] == ["s-2"]


def test_tail_of_an_unknown_topic_says_so(broker: str) -> None:
    with pytest.raises(Failure) as failure:
        list(tail(broker, Selection("no.such.topic")))

    assert failure.value.code == ExitCode.USAGE
