"""The contract suites run every test on each implementation."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.contract.postgres import Unavailable, server
from tests.contract.streams_cluster import Cluster, KafkaCluster, MemoryCluster


@pytest.fixture(params=["memory", "kafka"])
def cluster(request: pytest.FixtureRequest) -> Iterator[Cluster]:
    """Give a log: in memory, then on a real broker."""
    made: Cluster = MemoryCluster() if request.param == "memory" else KafkaCluster(request.getfixturevalue("broker"))
    yield made
    made.close()


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """Give the address of a PostgreSQL server."""
    try:
        with server() as address:
            yield address
    except Unavailable as error:
        pytest.skip(str(error))
