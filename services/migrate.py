"""Bringing the database of a service to the newest revision: `python -m services.migrate <service>`."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, OperationalError

from streams.secret_files import SecretUnreadable, from_files

_ROOT = Path(__file__).parent
_LOCK_ID = 5_317_007

SERVICES: Mapping[str, str] = {
    "payment": "payment/versions",
    "inventory": "inventory/versions",
    "shipping": "shipping/versions",
    "notification": "notification/versions",
    "tasks": "tasks/versions",
    "gateway": "gateway/versions",
    "projector": "projector/versions",
    "watchdog": "watchdog/versions",
    "webhooks": "webhooks/versions",
}
"""Where the revisions of each service lie, from the folder of the services."""


class CannotMigrate(Exception):
    """There is no such service, or its database cannot be reached: the message says which."""


def migrate(service: str, url: str) -> None:
    """Bring one database to the newest revision; migrated before, it stays as it is. Raises CannotMigrate."""
    revisions = SERVICES.get(service)
    if revisions is None:
        raise CannotMigrate(f"no service {service!r}; there are {', '.join(sorted(SERVICES))}")
    config = Config()
    config.set_main_option("script_location", str(_ROOT / "migrations").replace("%", "%%"))
    config.set_main_option("version_locations", str(_ROOT / revisions).replace("%", "%%"))
    config.set_main_option("path_separator", "newline")
    try:
        engine = create_engine(make_url(url))
        with engine.begin() as connection:
            if engine.dialect.name == "postgresql":
                connection.execute(text("SELECT pg_advisory_xact_lock(:id)"), {"id": _LOCK_ID})
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
        engine.dispose()
    except (ArgumentError, NoSuchModuleError, OperationalError) as error:
        raise CannotMigrate(f"{service}: {error}") from error


def main(arguments: Sequence[str], environment: Mapping[str, str]) -> int:
    """Migrate the one service that the arguments name and return the exit code."""
    try:
        environment = from_files(environment)
    except SecretUnreadable as error:
        print(f"services.migrate: {error}", file=sys.stderr)  # noqa: T201 - a command's answer
        return 2
    if len(arguments) != 1 or not environment.get("DATABASE_URL"):
        print("usage: DATABASE_URL=... python -m services.migrate <service>", file=sys.stderr)  # noqa: T201 - a command's answer
        return 2
    try:
        migrate(arguments[0], environment["DATABASE_URL"])
    except CannotMigrate as error:
        print(f"services.migrate: {error}", file=sys.stderr)  # noqa: T201 - as above
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))
