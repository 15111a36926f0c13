"""Migrations: quick to repeat, in step with the code, and required."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import MetaData

from services.inventory import service as inventory
from services.migrate import CannotMigrate, main, migrate
from services.notification import service as notification
from services.participant.database import Database, Unmigrated, Unusable
from services.participant.tables import SHELL
from services.payment import service as payment
from services.shipping import service as shipping
from services.shipping import tables as shipping_tables
from services.tasks import tables as tasks_tables

OWN: list[tuple[str, ModuleType, MetaData]] = [
    ("inventory", inventory, inventory.METADATA),
    ("payment", payment, payment.METADATA),
    ("shipping", shipping, shipping_tables.METADATA),
    ("notification", notification, notification.METADATA),
    ("tasks", tasks_tables, tasks_tables.METADATA),
]


@pytest.mark.parametrize(("service", "module", "metadata"), OWN)
def test_a_migrated_database_has_the_tables_the_code_declares(
    service: str, module: ModuleType, metadata: MetaData, new_url: Callable[[str], str]
) -> None:
    url = new_url(service)
    migrate(service, url)
    database = Database(url)
    database.require(module.REVISION)
    declared = MetaData()
    for table in (*SHELL.tables.values(), *metadata.tables.values()):
        table.to_metadata(declared)
    with database.begin() as connection:
        found = MigrationContext.configure(connection, opts={"target_metadata": declared})
        missing = [change for change in compare_metadata(found, declared) if change[0] in ("add_table", "add_column")]
    database.close()
    assert missing == []


def test_a_program_refuses_a_database_of_another_revision(new_url: Callable[[str], str]) -> None:
    database = Database(new_url("inventory"))
    with pytest.raises(Unmigrated, match="inventory_0001"):
        database.require(payment.REVISION)
    database.close()


def test_an_address_that_cannot_be_used_is_named() -> None:
    with pytest.raises(Unusable, match="mysql"):
        Database("mysql://nowhere/x")
    with pytest.raises(CannotMigrate, match="no service 'nobody'"):
        migrate("nobody", "sqlite://")
    assert main(["payment"], {}) == 2
    assert main(["payment"], {"DATABASE_URL": "sqlite:////nowhere/at/all.db"}) == 2
