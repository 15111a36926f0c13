"""A site for each test: topics on the real broker, migrated databases, processes that are gone afterwards."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.topics import create_topics
from tests.kafka.gateway.site import Site


@pytest.fixture
def site(broker: str, tmp_path: Path) -> Iterator[Site]:
    """Give a site without processes."""
    list(create_topics(broker))
    site = Site(broker, tmp_path)
    yield site
    site.close()
