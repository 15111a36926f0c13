"""The runtime while its broker is killed and comes back: slow and unclear commits double and lose nothing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.broker import EmbeddedBroker
from tests.contract.streams_cluster import wait_until
from tests.kafka.streams_fleet import Fleet, Worker

DEADLINE_S = 120.0
"""A broker needs seconds to come back, and longer on a busy machine; the process it serves may give up meanwhile."""


@pytest.fixture
def mortal_broker(tmp_path: Path) -> Iterator[EmbeddedBroker]:
    """Give a broker of the test's own, to be killed."""
    broker = EmbeddedBroker(tmp_path / "kafka")
    yield broker
    broker.stop()


def test_a_broker_killed_under_load_doubles_and_loses_nothing(mortal_broker: EmbeddedBroker, tmp_path: Path) -> None:
    bootstrap = mortal_broker.start()
    fleet = Fleet(bootstrap, tmp_path)
    worker: Worker = fleet.start("a", max_records=10, transaction_timeout_ms=10_000)

    def done(target: int) -> bool:
        """Whether so many outputs are there; as a supervisor would, start a worker that gave up again."""
        nonlocal worker
        if not worker.is_running:
            worker = fleet.start("a", max_records=10, transaction_timeout_ms=10_000)
        return fleet.outputs().total() >= target

    fleet.send(500)
    wait_until(lambda: done(150), deadline_s=DEADLINE_S)
    mortal_broker.kill()
    assert mortal_broker.start() == bootstrap
    wait_until(lambda: done(500), deadline_s=DEADLINE_S)

    fleet.assert_each_once()
    fleet.assert_state_matches()
    fleet.close()
