"""A PostgreSQL server for tests: from the machine's packages, else from a container, else the reason why not."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from psycopg import sql

START_S = 60.0


def free_port() -> int:
    """Return a port of the loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def find_binaries() -> Path | None:
    """Return the folder of initdb and postgres, the newest where there are several."""
    on_path = shutil.which("initdb")
    places = [Path(on_path).resolve().parent] if on_path else []
    places += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    return next((place for place in places if (place / "initdb").exists() and (place / "postgres").exists()), None)


def _as_other_user() -> tuple[list[str], str | None]:
    """PostgreSQL refuses to run as root: return the prefix of its commands, and the user that then owns the files."""
    if os.geteuid() != 0:
        return [], None
    for user in ("postgres", "nobody"):
        if subprocess.run(["id", user], capture_output=True, check=False).returncode == 0:
            return ["setpriv", f"--reuid={user}", "--clear-groups"], user
    return [], None


@contextmanager
def local_server(binaries: Path) -> Iterator[str]:
    """Run a server on a free port and yield the address of its first database, without the driver's name."""
    directory = Path(tempfile.mkdtemp(prefix="sagaline-postgres-"))
    prefix, user = _as_other_user()
    if user is not None:
        shutil.chown(directory, user)
    data, port = directory / "data", free_port()
    initdb = [str(binaries / "initdb"), "-D", str(data), "-U", "sagaline", "-A", "trust", "-E", "UTF8", "--no-sync"]
    subprocess.run([*prefix, *initdb], check=True, capture_output=True, cwd=directory)
    settings = {
        "port": port, "listen_addresses": "127.0.0.1", "unix_socket_directories": "", "fsync": "off",
        "max_connections": 60, "shared_buffers": "16MB",
    }  # fmt: skip
    options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
    with (directory / "log").open("w") as log:
        server = subprocess.Popen(
            [*prefix, str(binaries / "postgres"), "-D", str(data), *options], stdout=log, stderr=log, cwd=directory
        )
    address = f"sagaline@127.0.0.1:{port}"
    try:
        _wait_for(f"postgresql://{address}/postgres", server)
        yield address
    finally:
        server.send_signal(signal.SIGQUIT)
        server.wait(START_S)
        shutil.rmtree(directory, ignore_errors=True)


def _wait_for(url: str, server: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_S
    while True:
        try:
            psycopg.connect(url).close()
        except psycopg.OperationalError:
            if server.poll() is not None or time.monotonic() > deadline:
                raise
            time.sleep(0.05)
        else:
            return


@contextmanager
def server() -> Iterator[str]:
    """Yield `user@host:port` of a server. Raises Unavailable with the reason when this machine can run none."""
    binaries = find_binaries()
    if binaries is not None:
        with local_server(binaries) as address:
            yield address
        return
    engine = shutil.which("docker")
    if engine is None or subprocess.run([engine, "info"], capture_output=True, check=False).returncode != 0:
        raise Unavailable("neither PostgreSQL's initdb nor a Docker engine is on this machine")
    from testcontainers.postgres import PostgresContainer  # noqa: PLC0415 - of use only where there is an engine

    with PostgresContainer("postgres:17", username="sagaline", password="sagaline") as container:
        yield f"sagaline:sagaline@{container.get_container_host_ip()}:{container.get_exposed_port(5432)}"


class Unavailable(Exception):
    """No PostgreSQL can be started here: the message says why."""


def new_database(address: str, template: str = "template0") -> str:
    """Create a database, empty or as the template is, and return its SQLAlchemy address."""
    name = f"t_{uuid.uuid4().hex}"
    create = sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(template))
    with psycopg.connect(f"postgresql://{address}/postgres", autocommit=True) as connection:
        connection.execute(create)
    return f"postgresql+psycopg://{address}/{name}"
