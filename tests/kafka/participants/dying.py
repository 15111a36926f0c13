"""Inventory that kills itself with SIGKILL after its SQL commit, at the moment of its Kafka commit."""

from __future__ import annotations

import os
import signal
from collections.abc import Mapping

from schemas.codec import Codec
from services.inventory.service import service
from services.participant.calls import Calls
from services.participant.database import Database
from services.participant.process import now_ms
from services.participant.rounds import Rounds
from services.participant.shell import Shell
from streams.kafka_config import KafkaConfig
from streams.kafka_driver import KafkaDriver
from streams.record import TopicPartition


class DyingDriver(KafkaDriver):
    """A driver whose process does not live to see its first commit."""

    def commit(self, offsets: Mapping[TopicPartition, int]) -> Mapping[TopicPartition, int]:
        """Die."""
        os.kill(os.getpid(), signal.SIGKILL)
        return super().commit(offsets)


def main() -> None:
    """Run until the first commit."""
    database = Database(os.environ["DATABASE_URL"])
    parts = service(database)
    driver = DyingDriver(KafkaConfig(os.environ["KAFKA_BOOTSTRAP_SERVERS"], parts.name, os.environ["SAGA_INSTANCE"]))
    shell = Shell(parts, Rounds(parts, database, Codec(), now_ms), Calls([]), driver, now_ms=now_ms)
    shell.start()
    while True:
        shell.step()


if __name__ == "__main__":
    main()
