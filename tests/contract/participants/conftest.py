"""Every test here runs on SQLite and on PostgreSQL."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from schemas.topics import (
    INVENTORY_COMMANDS,
    NOTIFICATION_COMMANDS,
    PAYMENT_COMMANDS,
    SHIPPING_COMMANDS,
    TASKS_COMMANDS,
)
from services.inventory import service as inventory_service
from services.inventory.stock_file import load_stock
from services.migrate import migrate
from services.notification import service as notification_service
from services.participant.database import Database
from services.participant.keyed import Patience
from services.payment import service as payment_service
from services.shipping import service as shipping_service
from services.tasks import service as tasks_service
from services.tasks.daily import Reporting
from tests.contract.participants.providers import FakeCarrier, FakeMessages, FakePsp
from tests.contract.participants.read_model import FakeReadModel
from tests.contract.participants.world import Clock, World
from tests.contract.postgres import new_database


@pytest.fixture(scope="session")
def migrated_files(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Give migrated SQLite files to copy: each service is migrated once in a session."""
    directory = tmp_path_factory.mktemp("migrated")

    @cache
    def make(service: str) -> Path:
        path = directory / f"{service}.db"
        migrate(service, f"sqlite:///{path}")
        return path

    return make


@pytest.fixture(scope="session")
def migrated_templates(request: pytest.FixtureRequest) -> Callable[[str], str]:
    """Give migrated PostgreSQL databases to copy."""

    @cache
    def make(service: str) -> str:
        url = new_database(request.getfixturevalue("postgres"))
        migrate(service, url)
        return url.rpartition("/")[2]

    return make


@pytest.fixture(params=["sqlite", "postgresql"])
def new_url(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[str], str]:
    """Give a maker of migrated databases."""

    def make(service: str) -> str:
        if request.param == "postgresql":
            template = request.getfixturevalue("migrated_templates")(service)
            return new_database(request.getfixturevalue("postgres"), template)
        path = tmp_path / f"{service}.db"
        shutil.copy(request.getfixturevalue("migrated_files")(service), path)
        return f"sqlite:///{path}"

    return make


@pytest.fixture
def clock() -> Clock:
    """Give the time of the test."""
    return Clock()


@pytest.fixture
def patience(clock: Clock) -> Patience:
    """Give waiting that takes no time."""
    return Patience(clock.now_ms, pause=clock.pause)


@pytest.fixture
def inventory(new_url: Callable[[str], str], tmp_path: Path, clock: Clock) -> Iterator[World]:
    """Give inventory with three warehouses, no replica running yet."""
    url = new_url("inventory")
    stock = tmp_path / "stock.csv"
    stock.write_text(
        "warehouse_id,sku,on_hand\nA,tea,10\nB,tea,30\nC,tea,5\nA,mug,10\nB,mug,2\nC,pot,4\nA,rare,1\nB,rare,1\n"
    )
    database = Database(url)
    load_stock(database, stock)
    database.close()
    world = World(url, INVENTORY_COMMANDS.name, inventory_service.service, clock)
    yield world
    world.close()


@pytest.fixture
def psp() -> FakePsp:
    """Give a PSP."""
    return FakePsp()


@pytest.fixture
def carrier() -> FakeCarrier:
    """Give a carrier."""
    return FakeCarrier()


@pytest.fixture
def messages() -> FakeMessages:
    """Give a message provider."""
    return FakeMessages()


@pytest.fixture
def payment(new_url: Callable[[str], str], clock: Clock, patience: Patience, psp: FakePsp) -> Iterator[World]:
    """Give payment over a PSP of the test's making."""

    def make(database: Database) -> Any:
        return payment_service.service(database, psp, patience)  # type: ignore[arg-type]  # same methods as Client

    world = World(new_url("payment"), PAYMENT_COMMANDS.name, make, clock)
    yield world
    world.close()


@pytest.fixture
def shipping(new_url: Callable[[str], str], clock: Clock, patience: Patience, carrier: FakeCarrier) -> Iterator[World]:
    """Give shipping over a carrier of the test's making."""

    def make(database: Database) -> Any:
        quoting = dict.fromkeys(shipping_service.CARRIERS, carrier)
        return shipping_service.service(database, carrier, quoting, patience, world.codec)  # type: ignore[arg-type]  # as above

    world = World(new_url("shipping"), SHIPPING_COMMANDS.name, make, clock)
    yield world
    world.close()


@pytest.fixture
def notification(new_url: Callable[[str], str], clock: Clock, messages: FakeMessages) -> Iterator[World]:
    """Give notification over a message provider of the test's making."""

    def make(database: Database) -> Any:
        return notification_service.service(database, messages)  # type: ignore[arg-type]  # as above

    world = World(new_url("notification"), NOTIFICATION_COMMANDS.name, make, clock)
    yield world
    world.close()


@pytest.fixture
def read_model() -> FakeReadModel:
    """Give a read model and the log it is made from."""
    return FakeReadModel()


@pytest.fixture
def tasks(
    new_url: Callable[[str], str], clock: Clock, patience: Patience, read_model: FakeReadModel
) -> Iterator[World]:
    """Give tasks over a read model of the test's making."""

    def make(database: Database) -> Any:
        return tasks_service.service(database, Reporting(read_model, read_model, clock.now_ms), patience)

    world = World(new_url("tasks"), TASKS_COMMANDS.name, make, clock)
    yield world
    world.close()
