"""Two installations on one cluster, told apart by SAGA_TOPIC_PREFIX: no record of either comes to the other."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from confluent_kafka import Producer

from schemas import topics
from schemas.codec import Codec
from streams.kafka_config import KafkaConfig
from streams.kafka_follower import KafkaFollower
from streams.record import TopicPartition
from tests.kafka.orchestrator_fleet import PATIENCE_S, ROOT, Fleet
from tests.saga_story import order_data

OF_FOUR = tuple(topic.name for topic in topics.ALL if topic.partitions == 4)


@pytest.fixture
def fleet(broker: str, tmp_path: Path) -> Iterator[Fleet]:
    """Give a fleet without a process yet."""
    made = Fleet(broker, tmp_path)
    yield made
    made.close()


def test_no_record_of_either_installation_comes_to_the_other(fleet: Fleet) -> None:
    """Guards M118."""
    prefix = f"staging-{fleet.run}."
    setting = {"SAGA_TOPIC_PREFIX": prefix, "KAFKA_BOOTSTRAP_SERVERS": fleet.bootstrap}
    command = [sys.executable, "-m", "cli.app", "topics", "create"]
    subprocess.run(command, cwd=ROOT, env={**os.environ, **setting}, check=True, timeout=PATIENCE_S)
    fleet.start("orchestrator-0")
    fleet.start("orchestrator-1", SAGA_TOPIC_PREFIX=prefix)
    here, there = f"ord_{fleet.run}_0", f"ord_{fleet.run}_staging"
    assert fleet.begin(1) == [here]
    start_there(fleet, prefix, there)
    fleet.finish([here])
    wait_for(fleet, f"{prefix}{topics.INVENTORY_COMMANDS.name}", there)

    assert list(fleet.events) == [here]
    assert {fields["meta"]["saga_id"] for _, fields in fleet.commands} == {here}
    for topic in topics.ALL:
        assert here not in keys(fleet, f"{prefix}{topic.name}")
    assert fleet.owners() == {"orchestrator-0": 4}


def start_there(fleet: Fleet, prefix: str, saga_id: str) -> None:
    meta = {"saga_id": saga_id, "input_id": saga_id, "at": 1, "source": "/test"}
    data = json.dumps({**order_data(), "order_id": saga_id})
    fields = {"meta": meta, "definition": "order-fulfillment", "version": None, "data": data}
    producer = Producer({"bootstrap.servers": fleet.bootstrap, "partitioner": "murmur2_random"})
    value = Codec().encode("saga.StartSaga", fields)
    producer.produce(f"{prefix}{topics.INPUTS.name}", value, saga_id.encode())
    assert producer.flush(PATIENCE_S) == 0


def wait_for(fleet: Fleet, topic: str, key: str) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while key not in keys(fleet, topic):
        assert time.monotonic() < deadline, f"{key} did not come to {topic}"


def keys(fleet: Fleet, topic: str) -> set[str]:
    """Return the keys of all committed records of a topic."""
    found: set[str] = set()
    config = KafkaConfig(fleet.bootstrap, "a-test", "a-test")
    for number in range(4 if topic.endswith(OF_FOUR) else 1):
        with closing(KafkaFollower(config, TopicPartition(topic, number))) as follower:
            found |= {(record.key or b"").decode() for record in follower.take_to_end(PATIENCE_S)}
    return found
