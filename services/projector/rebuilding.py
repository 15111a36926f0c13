"""Builds the read model a second time, beside the live one, and puts it in its place in one transaction."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection, make_url, text
from sqlalchemy.exc import SQLAlchemyError

from services.participant.database import Database, Unwell
from services.projector.following import Following
from services.projector.tables import METADATA, PROJECTION, REVISION

_SCHEMA = "rebuilding"
_RETIRED = "retired"
_SUFFIX = ".rebuilding"
_LOCK_MS = 2_000
_TRIES = 60
_WAIT_S = 0.2


class NotSwapped(Exception):
    """Readers kept the live tables busy: the rebuilt ones could not take their place."""


@contextmanager
def beside(url: str) -> Iterator[Database]:
    """Give an empty database with the read model's tables beside the live one; what an earlier one left is gone."""
    live = make_url(url)
    if live.get_backend_name() == "sqlite":
        path = Path(f"{live.database}{_SUFFIX}")
        _remove(path)
        built = Database(f"sqlite:///{path}")
    else:
        with _opened(url) as database, database.begin() as connection:
            connection.exec_driver_sql(f"DROP SCHEMA IF EXISTS {_SCHEMA} CASCADE")
            connection.exec_driver_sql(f"CREATE SCHEMA {_SCHEMA}")
        options = live.update_query_dict({"options": f"-csearch_path={_SCHEMA}"})
        built = Database(options.render_as_string(hide_password=False))
    try:
        with built.begin() as connection:
            METADATA.create_all(connection)
            connection.exec_driver_sql("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)")
            connection.execute(text("INSERT INTO alembic_version VALUES (:revision)"), {"revision": REVISION})
        yield built
    finally:
        built.close()
        _clear(url)


def rebuild(live: Database, built: Database, following: Following, stopped: Callable[[], bool]) -> bool:
    """Project until the built read model is as far as the live one, then swap. Returns False when told to stop.

    Raises NotSwapped, and what `Following.advance` raises.
    """
    tries = 0
    while not stopped():
        following.advance(_WAIT_S)
        if _behind(live, built):
            continue
        try:
            if swap(live, built):
                return True
        except Unwell as error:
            tries += 1
            if tries >= _TRIES:
                raise NotSwapped(str(error)) from error
    return False


def swap(live: Database, built: Database) -> bool:
    """Put the built tables in the place of the live ones, unless the live ones are further. Raises Unwell.

    The live projector goes on where the built tables end: at another position it finds out, ends, and is started anew.
    """
    if live.is_sqlite:
        return _swap_sqlite(live, str(built.engine.url.database))
    with live.begin() as connection:
        connection.exec_driver_sql(f"SET LOCAL lock_timeout = {_LOCK_MS}")
        connection.exec_driver_sql("LOCK TABLE projection IN ACCESS EXCLUSIVE MODE")
        if not _reached(_positions(connection), _positions(connection, f"{_SCHEMA}.")):
            return False
        home = connection.exec_driver_sql("SELECT current_schema()").scalar_one()
        connection.exec_driver_sql(f"DROP SCHEMA IF EXISTS {_RETIRED} CASCADE")
        connection.exec_driver_sql(f"CREATE SCHEMA {_RETIRED}")
        for table in METADATA.sorted_tables:
            connection.exec_driver_sql(f"ALTER TABLE {home}.{table.name} SET SCHEMA {_RETIRED}")
            connection.exec_driver_sql(f"ALTER TABLE {_SCHEMA}.{table.name} SET SCHEMA {home}")
    return True


def _swap_sqlite(live: Database, path: str) -> bool:
    """Copy the built tables over the live ones: a file that others have open cannot be exchanged."""
    with live.engine.connect() as connection:
        connection.connection.cursor().execute("ATTACH DATABASE ? AS built", (path,))
        try:
            with connection.begin():
                return _copied(connection)
        except (sqlite3.Error, SQLAlchemyError) as error:
            raise Unwell(str(error)) from error
        finally:
            connection.connection.cursor().execute("DETACH DATABASE built")


def _copied(connection: Connection) -> bool:
    if not _reached(_positions(connection), _positions(connection, "built.")):
        return False
    for table in METADATA.sorted_tables:
        names = ", ".join(column.name for column in table.columns)
        connection.exec_driver_sql(f"DELETE FROM main.{table.name}")  # noqa: S608 - our tables
        connection.exec_driver_sql(f"INSERT INTO main.{table.name} ({names}) SELECT {names} FROM built.{table.name}")  # noqa: S608 - our tables
    return True


def _positions(connection: Connection, where: str = "") -> dict[tuple[str, int], int]:
    rows = connection.exec_driver_sql(f"SELECT topic, partition, next_offset FROM {where}{PROJECTION.name}")  # noqa: S608 - our tables
    return {(row[0], row[1]): row[2] for row in rows}


def _reached(live: dict[tuple[str, int], int], built: dict[tuple[str, int], int]) -> bool:
    return all(built.get(partition, 0) >= offset for partition, offset in live.items())


def _behind(live: Database, built: Database) -> bool:
    with live.begin() as ours, built.begin() as theirs:
        return not _reached(_positions(ours), _positions(theirs))


@contextmanager
def _opened(url: str) -> Iterator[Database]:
    database = Database(url)
    try:
        yield database
    finally:
        database.close()


def _clear(url: str) -> None:
    """Take away what is not read any more; what is left by a crash goes with the next rebuild."""
    live = make_url(url)
    if live.get_backend_name() == "sqlite":
        _remove(Path(f"{live.database}{_SUFFIX}"))
        return
    with _opened(url) as database, database.begin() as connection:
        connection.exec_driver_sql(f"DROP SCHEMA IF EXISTS {_SCHEMA} CASCADE")
        connection.exec_driver_sql(f"DROP SCHEMA IF EXISTS {_RETIRED} CASCADE")


def _remove(path: Path) -> None:
    for end in ("", "-wal", "-shm"):
        Path(f"{path}{end}").unlink(missing_ok=True)
