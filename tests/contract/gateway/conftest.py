"""Databases for the gateway, the projector and the watchdog: every test runs on SQLite and on PostgreSQL."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from services.migrate import migrate
from tests.contract.gateway.shop import Shop
from tests.contract.postgres import new_database


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Give SQLite files to copy, each migrated once for all tests."""
    directory = tmp_path_factory.mktemp("migrated")

    @cache
    def path_of(service: str) -> Path:
        path = directory / f"{service}.db"
        migrate(service, f"sqlite:///{path}")
        return path

    return path_of


@pytest.fixture
def new_sqlite_url(migrated: Callable[[str], Path], tmp_path: Path) -> Callable[[str], str]:
    """Give a maker of migrated SQLite databases."""

    def make(service: str) -> str:
        path = tmp_path / f"{service}.db"
        shutil.copy(migrated(service), path)
        return f"sqlite:///{path}"

    return make


@pytest.fixture
def another_sqlite_url(migrated: Callable[[str], Path], tmp_path: Path) -> Callable[[str], str]:
    """Give a maker of migrated SQLite databases to compare with."""

    def make(service: str) -> str:
        path = tmp_path / f"another-{service}.db"
        shutil.copy(migrated(service), path)
        return f"sqlite:///{path}"

    return make


@pytest.fixture(params=["sqlite", "postgresql"])
def new_url(request: pytest.FixtureRequest, new_sqlite_url: Callable[[str], str]) -> Callable[[str], str]:
    """Give a maker of migrated databases of each kind."""
    if request.param == "sqlite":
        return new_sqlite_url

    def make(service: str) -> str:
        url = new_database(request.getfixturevalue("postgres"))
        migrate(service, url)
        return url

    return make


@pytest.fixture
def shop(new_url: Callable[[str], str]) -> Shop:
    """Give a shop without orders."""
    return Shop(new_url("gateway"), new_url("projector"))
