"""Options that several commands share, and what an address is when none is given."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from cli.failure import ExitCode, Failure

DataOption = Annotated[Path, typer.Option("--data", help="Directory for everything `saga dev` keeps.")]
BootstrapOption = Annotated[
    str | None,
    typer.Option(
        "--bootstrap", envvar="KAFKA_BOOTSTRAP_SERVERS", help="Kafka's address; default: the one of `saga dev`."
    ),
]
GatewayOption = Annotated[
    str | None,
    typer.Option("--gateway", envvar="SAGA_GATEWAY_URL", help="The gateway's address; default: the one of `saga dev`."),
]
DEFAULT_DATA = Path(".saga")


class OutputFormat(StrEnum):
    """How a command prints what it found."""

    TABLE = "table"
    JSON = "json"


OutputOption = Annotated[OutputFormat, typer.Option("--output", help="How to print what was found.")]


def bootstrap_of(given: str | None, data: Path) -> str:
    """Return Kafka's address. Raises Failure."""
    return given or _endpoint("bootstrap", data)


def gateway_of(given: str | None, data: Path) -> str:
    """Return the gateway's address, without a '/' at its end. Raises Failure."""
    url = (given or _endpoint("gateway", data)).rstrip("/")
    if not url.startswith(("http://", "https://")):
        raise Failure(f"{url} is no address of a gateway.", "Write http://HOST:PORT.", ExitCode.USAGE)
    return url


def _endpoint(name: str, data: Path) -> str:
    # Imported here: most commands are given their addresses, and `saga --help` needs none.
    from cli.data_directory import read_state  # noqa: PLC0415 - see above

    return str(read_state(data)[name])
