"""Fixtures shared by all tests: a real Kafka broker, started once for the session that asks for it."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest


@pytest.fixture(scope="session")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Give the bootstrap address of a real broker; SAGALINE_TEST_BOOTSTRAP names one that is running already."""
    running = os.environ.get("SAGALINE_TEST_BOOTSTRAP")
    if running:
        yield running
        return
    # Imported here so that test runs without a broker need no Kafka client.
    from cli.broker import EmbeddedBroker  # noqa: PLC0415 - see above

    with EmbeddedBroker(tmp_path_factory.mktemp("kafka")) as bootstrap:
        yield bootstrap
