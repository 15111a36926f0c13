"""How far a consumer group is behind the ends of its topics, asked of the broker at each scrape."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence

from confluent_kafka import (
    ConsumerGroupTopicPartitions,
    IsolationLevel,
    KafkaException,
    TopicPartition,
)
from confluent_kafka.admin import (  # type: ignore[attr-defined] # documented names, but not re-exported for mypy
    AdminClient,
    OffsetSpec,
)
from prometheus_client.core import Metric

from streams.kafka_security import connection
from streams.metrics import gauges

_log = logging.getLogger(__name__)
_ANSWER_S = 2.0

Where = tuple[str, int]
"""A topic and a partition."""


class Lag:
    """Reads lags with an admin client of its own. Where the broker does not answer, there is no metric."""

    def __init__(self, bootstrap: str, client: str) -> None:
        self._admin = AdminClient({**connection(bootstrap), "client.id": f"{client}-metrics", "log_level": 0})

    def of_group(self, group: str, topics: Sequence[str]) -> Iterable[Metric]:
        """Return the lags of a consumer group."""
        try:
            asked = [ConsumerGroupTopicPartitions(group)]
            found = self._admin.list_consumer_group_offsets(asked, request_timeout=_ANSWER_S)[group].result(_ANSWER_S)
        except (KafkaException, TimeoutError) as error:
            _log.warning("the offsets of a group are not known", extra={"group": group, "why": str(error)})
            return []
        committed = {
            (one.topic, one.partition): one.offset
            for one in found.topic_partitions or []
            if one.topic in topics and one.offset >= 0
        }
        return self.behind(committed)

    def behind(self, positions: Mapping[Where, int]) -> Iterable[Metric]:
        """Return how many offsets lie between positions and the ends of what is committed to the log."""
        latest = {TopicPartition(*where): OffsetSpec.latest() for where in positions}  # type: ignore[no-untyped-call]  # the client has no stub for it
        if not latest:
            return []
        try:
            answers = self._admin.list_offsets(
                latest, isolation_level=IsolationLevel.READ_COMMITTED, request_timeout=_ANSWER_S
            )
            ends = {(one.topic, one.partition): answer.result(_ANSWER_S).offset for one, answer in answers.items()}
        except (KafkaException, TimeoutError) as error:
            _log.warning("the ends of topics are not known", extra={"why": str(error)})
            return []
        lags = [
            ({"topic": topic, "partition": str(partition)}, max(0, ends[topic, partition] - position))
            for (topic, partition), position in sorted(positions.items())
        ]
        return [gauges("consumer_lag_records", "Offsets between what is done and the end of the topic", lags)]
