"""A member that is told to end while its group gives it partitions ends, and asks a closed client for nothing."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from confluent_kafka import TopicPartition

from streams import kafka_driver
from streams.errors import Fatal
from streams.kafka_config import KafkaConfig
from streams.kafka_driver import KafkaDriver


class Joining:
    """A client whose group gives it a partition in the midst of its closing, as librdkafka may."""

    def __init__(self, *_: object, **__: object) -> None:
        """Take any settings."""
        self.is_closed = False
        self._on_assign: Callable[[Any, list[TopicPartition]], None] | None = None

    def list_topics(self, timeout: float) -> object:
        """Return that there is one topic."""
        assert timeout > 0
        return SimpleNamespace(topics={"commands": SimpleNamespace(partitions={0: None})})

    def subscribe(
        self, _topics: list[str], *, on_assign: Callable[[Any, list[TopicPartition]], None], **_: object
    ) -> None:
        """Remember whom to tell."""
        self._on_assign = on_assign

    def poll(self, _timeout_s: float) -> None:
        """Return nothing."""
        assert not self.is_closed

    def consumer_group_metadata(self) -> object:
        """Fail: there is none any more."""
        raise AssertionError("a client that is closed was asked")

    def close(self) -> None:
        """Assign, and be gone."""
        self.is_closed = True
        assert self._on_assign is not None
        self._on_assign(self, [TopicPartition("commands", 0)])


def test_partitions_that_come_while_it_closes_are_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kafka_driver, "Consumer", Joining)
    driver = KafkaDriver(KafkaConfig("127.0.0.1:1", "g", "g-0", join_timeout_s=0.0))
    with pytest.raises(Fatal):
        driver.start(["commands"], SimpleNamespace())
    driver.close()
