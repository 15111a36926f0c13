"""Sandboxes as real processes on free ports, one of each kind for a module."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.contract.sandboxes.process import Sandbox


def _running(name: str, directory: Path) -> Iterator[Sandbox]:
    sandbox = Sandbox(name, directory / f"{name}.db")
    sandbox.start()
    yield sandbox
    sandbox.kill()


@pytest.fixture(scope="session")
def psp_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """Give a PSP for all tests."""
    yield from _running("psp", tmp_path_factory.mktemp("psp"))


@pytest.fixture(scope="session")
def carrier_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """Give a carrier for all tests."""
    yield from _running("carrier", tmp_path_factory.mktemp("carrier"))


@pytest.fixture(scope="session")
def messages_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """Give message providers for all tests."""
    yield from _running("messages", tmp_path_factory.mktemp("messages"))


@pytest.fixture
def psp(psp_process: Sandbox) -> Sandbox:
    """Give the PSP without fault scripts."""
    psp_process.call("DELETE", "/v1/faults")
    return psp_process


@pytest.fixture
def carrier(carrier_process: Sandbox) -> Sandbox:
    """Give the carrier without fault scripts."""
    carrier_process.call("DELETE", "/v1/faults")
    return carrier_process


@pytest.fixture
def messages(messages_process: Sandbox) -> Sandbox:
    """Give the message providers without fault scripts."""
    messages_process.call("DELETE", "/v1/faults")
    return messages_process
