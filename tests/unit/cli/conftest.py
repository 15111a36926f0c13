"""What the tests of the command line share: a stub gateway, and the command line pointed at it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from typer.testing import CliRunner, Result

from cli.app import app
from tests.unit.cli.stub_gateway import StubGateway, running

Saga = Callable[..., Result]


@pytest.fixture
def gateway() -> Iterator[StubGateway]:
    """Give a gateway that answers as the test tells it."""
    with running() as stub:
        yield stub


@pytest.fixture
def saga(gateway: StubGateway, monkeypatch: pytest.MonkeyPatch) -> Saga:
    """Give the command line, pointed at the gateway."""
    for name in ("SAGA_API_KEY", "SAGA_API_KEY_FILE", "SAGA_GATEWAY_URL", "FORCE_COLOR", "NO_COLOR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("SAGA_GATEWAY", gateway.url)

    def run(*arguments: str, stdin: str | None = None) -> Result:
        return CliRunner().invoke(app, list(arguments), input=stdin)

    return run
