"""A broker of its own for each module of participants: they do every command there is, so also what others left."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from cli.broker import EmbeddedBroker


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Give the bootstrap address of a broker on which no other module's orders wait for an answer."""
    with EmbeddedBroker(tmp_path_factory.mktemp("kafka")) as bootstrap:
        yield bootstrap
