"""Brings every service's database to the schema its code expects, before the service starts."""

from __future__ import annotations

from collections.abc import Callable

from cli.failure import Failure


def migrate_all(url_of: Callable[[str], str]) -> None:
    """Migrate the database of each service; `url_of` gives its SQLAlchemy address. Raises Failure naming the service.

    All in this process: a process for each would cost half a second of CPU each at every start.
    """
    # SQLAlchemy and Alembic take 0.4 s to import; only this step needs them.
    from services.migrate import SERVICES, CannotMigrate, migrate  # noqa: PLC0415 - see above

    for service in SERVICES:
        try:
            migrate(service, url_of(service))
        except CannotMigrate as error:
            raise Failure(
                f"The database of {service} could not be migrated: {error}",
                "Start afresh with --reset, or repair that database.",
            ) from error
