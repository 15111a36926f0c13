"""Who owned a partition before us, and fencing that owner when it is dead.

Every owner leaves its transactional id in the metadata of the offsets it commits, and does so by a plain commit before
its first transaction. The metadata is read with `require_stable=False`, which a transaction left open by a dead owner
does not block. An owner that is still a member of the group ended its transaction before it gave the partition up. One
that is not is dead or stopped: taking over its transactional id aborts what it left open and refuses what it may still
try to write. A live owner can never be fenced by mistake: it takes its id back only after it has joined the group, and
that join needs us to leave the rebalance callback in which we fence.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence

from confluent_kafka import ConsumerGroupTopicPartitions
from confluent_kafka import TopicPartition as ClientPartition
from confluent_kafka.admin import AdminClient

from streams.kafka_config import KafkaConfig
from streams.kafka_transactions import open_producer
from streams.logs import CLIENT_LOG
from streams.record import TopicPartition

_log = logging.getLogger(__name__)


class KafkaOwnership:
    """Looks up earlier owners and fences the dead ones, for one take-over."""

    def __init__(self, config: KafkaConfig) -> None:
        self._config = config
        self._admin = AdminClient(config.admin(), logger=CLIENT_LOG)

    def owners(self, partitions: Iterable[TopicPartition]) -> dict[TopicPartition, str]:
        """Return the transactional id in the committed offset's metadata, where there is one."""
        asked = [ClientPartition(topic, number) for topic, number in partitions]
        if not asked:
            return {}
        group = self._config.application_id
        answer = self._admin.list_consumer_group_offsets(
            [ConsumerGroupTopicPartitions(group, asked)],
            require_stable=False,
            request_timeout=self._config.offsets_timeout_s,
        )[group].result()
        return {
            TopicPartition(found.topic, found.partition): found.metadata
            for found in answer.topic_partitions or []
            if found.metadata
        }

    def live_members(self) -> frozenset[str]:
        """Return the instance ids that are members of the group now."""
        group = self._config.application_id
        described = self._admin.describe_consumer_groups([group], request_timeout=self._config.offsets_timeout_s)
        return frozenset(
            member.group_instance_id for member in described[group].result().members if member.group_instance_id
        )

    def fence_dead(self, owners: Iterable[str]) -> Sequence[str]:
        """Fence those owners that are neither this instance nor a live member; return them. Raises Fatal."""
        candidates = set(owners) - {self._config.instance_id}
        if not candidates:
            return []
        dead = sorted(candidates - self.live_members())
        for transactional_id in dead:
            _log.warning("fencing the dead owner %s", transactional_id)
            open_producer(self._config, transactional_id)
        return dead
