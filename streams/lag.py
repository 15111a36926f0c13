"""How far a consumer group is behind the ends of its topics, asked of the broker at each scrape."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterable, Mapping, Sequence

from confluent_kafka import Consumer, KafkaException, TopicPartition
from prometheus_client.core import Metric

from streams.kafka_security import connection
from streams.logs import CLIENT_LOG
from streams.metrics import gauges

_log = logging.getLogger(__name__)
_ANSWER_S = 2.0

Where = tuple[str, int]
"""A topic and a partition."""


class Lag:
    """Reads lags with a client of its own that joins no group. Where the broker does not answer, there is no metric.

    It is a consumer, not an admin client: confluent-kafka's ends the process with a segmentation fault when it asks for
    the offsets of a group whose coordinator is not there yet.
    """

    def __init__(self, bootstrap: str, group: str) -> None:
        self._consumer = Consumer(
            {
                **connection(bootstrap),
                "group.id": group,
                "client.id": f"{group}-metrics",
                "enable.auto.commit": False,
                "isolation.level": "read_committed",
                "log_level": 0,
                "logger": CLIENT_LOG,
            }
        )
        self._asking = threading.Lock()

    def of_group(self, topics: Sequence[str]) -> Iterable[Metric]:
        """Return the lags of the group; of partitions that it has committed nothing of there is none."""
        try:
            with self._asking:
                found = [self._consumer.list_topics(topic, timeout=_ANSWER_S).topics[topic] for topic in topics]
                asked = [TopicPartition(topic.topic or "", number) for topic in found for number in topic.partitions]
                committed = self._consumer.committed(asked, timeout=_ANSWER_S)
        except KafkaException as error:
            _log.warning("the offsets of a group are not known", extra={"why": str(error)})
            return []
        return self.behind({(one.topic, one.partition): one.offset for one in committed if one.offset >= 0})

    def behind(self, positions: Mapping[Where, int]) -> Iterable[Metric]:
        """Return how many offsets lie between positions and the ends of what is committed to the log."""
        lags: list[tuple[Mapping[str, str], float]] = []
        try:
            with self._asking:
                for (topic, partition), position in sorted(positions.items()):
                    where = TopicPartition(topic, partition)
                    _, end = self._consumer.get_watermark_offsets(where, timeout=_ANSWER_S)
                    lags.append(({"topic": topic, "partition": str(partition)}, max(0, end - position)))
        except KafkaException as error:
            _log.warning("the ends of topics are not known", extra={"why": str(error)})
            return []
        if not lags:
            return []
        return [gauges("consumer_lag_records", "Offsets between what is done and the end of the topic", lags)]
