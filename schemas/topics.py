"""The one table of topics: names, keys, partitions, retention, compaction, replication."""

from __future__ import annotations

import os
from dataclasses import dataclass
from enum import StrEnum

DAY_MS = 86_400_000
FOREVER = -1
PREFIX = os.environ.get("SAGA_TOPIC_PREFIX", "")
"""What the names of topics, groups and transactional ids begin with, where one cluster serves several installations."""


class Format(StrEnum):
    """How the values of a topic are written."""

    AVRO = "avro"
    JSON = "json"
    ORIGINAL = "as the record came"


@dataclass(frozen=True, slots=True)
class Topic:
    """One topic. `replication` is what a cluster uses; a single broker can hold only one copy.

    Kafka deletes whole segments, so a record is gone after `retention_ms` and `segment_ms` together at the latest.
    """

    name: str
    holds: str
    key: str = "saga id"
    partitions: int = 4
    retention_ms: int = 7 * DAY_MS
    segment_ms: int | None = None
    compacted: bool = False
    replication: int = 3
    min_in_sync: int = 2
    format: Format = Format.AVRO

    def config(self) -> dict[str, str]:
        """Return the topic's broker configuration, in Kafka's own names."""
        policy = "compact" if self.compacted else "delete"
        settings = {"cleanup.policy": policy, "max.message.bytes": str(1_048_576)}
        if not self.compacted:
            settings["retention.ms"] = str(self.retention_ms)
        if self.segment_ms is not None:
            settings["segment.ms"] = str(self.segment_ms)
        return settings


def here(name: str) -> str:
    """Return a name as this installation has it: with its prefix, once."""
    return name if name.startswith(PREFIX) else f"{PREFIX}{name}"


INPUTS = Topic(here("saga.inputs"), "StartSaga, Signal, CancelSaga, ArmSchedule, RunEnded")
INBOUND = Topic(
    here("orders.inbound"),
    "signed orders, as one posts them",
    key="idempotency key",
    retention_ms=2 * DAY_MS,
    segment_ms=DAY_MS,
    format=Format.JSON,
)
"""Kept for two days, three at most: it has addresses that no erasure reaches, and outages end sooner than that."""
REPLIES = Topic(here("saga.replies"), "what participants answer")
EVENTS = Topic(here("saga.events"), "every event of every saga", retention_ms=FOREVER)
CHANGELOG = Topic(
    here("orchestrator.sagas-changelog"), "state of every saga", key="saga id, or saga id + /origin", compacted=True
)
STATUS = Topic(here("orders.status"), "business state of every saga", compacted=True, format=Format.JSON)
DEFINITIONS = Topic(
    here("saga.definitions"),
    "every deployed version of every definition",
    key="NAME/VERSION",
    partitions=1,
    compacted=True,
    format=Format.JSON,
)
EMITTED = Topic(here("saga.emitted"), "what sagas tell the world, as CloudEvents", format=Format.JSON)
AUDIT = Topic(here("saga.audit"), "each change of a saga's business state", format=Format.JSON)
DEAD_LETTERS = Topic(
    here("saga.dead-letters"),
    "records nobody could use",
    key="as the record came",
    partitions=1,
    retention_ms=FOREVER,
    format=Format.ORIGINAL,
)
ALERTS = Topic(
    here("ops.alerts"), "pages for a person on duty", partitions=1, retention_ms=30 * DAY_MS, format=Format.JSON
)
PAYMENT_COMMANDS = Topic(here("payment.commands"), "commands of the payment service")
INVENTORY_COMMANDS = Topic(here("inventory.commands"), "commands of the inventory service")
SHIPPING_COMMANDS = Topic(here("shipping.commands"), "commands of the shipping service")
NOTIFICATION_COMMANDS = Topic(here("notification.commands"), "commands of the notification service")
TASKS_COMMANDS = Topic(here("tasks.commands"), "commands of the tasks service: work that definitions declare by name")

ALL = (
    INPUTS, INBOUND, REPLIES, EVENTS, CHANGELOG, STATUS, DEFINITIONS, AUDIT, EMITTED, DEAD_LETTERS, ALERTS,
    PAYMENT_COMMANDS, INVENTORY_COMMANDS, SHIPPING_COMMANDS, NOTIFICATION_COMMANDS, TASKS_COMMANDS,
)  # fmt: skip
"""Every topic of an installation, in the order `saga topics list` shows them."""
