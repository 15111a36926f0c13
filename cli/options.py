"""Options that several commands share, and what an address is when none is given."""

from __future__ import annotations

import os
from enum import StrEnum
from pathlib import Path
from typing import Annotated, NamedTuple
from urllib.parse import urlsplit

import typer

from cli.failure import ExitCode, Failure

DataOption = Annotated[Path, typer.Option("--data", help="Directory for everything `saga dev` keeps.")]
BootstrapOption = Annotated[
    str | None,
    typer.Option(
        "--bootstrap", envvar="KAFKA_BOOTSTRAP_SERVERS", help="Kafka's address; default: the one of `saga dev`."
    ),
]
_GATEWAY_SETTINGS = ("SAGA_GATEWAY", "SAGA_GATEWAY_URL")
GatewayOption = Annotated[
    str | None,
    typer.Option(
        "--gateway",
        envvar=list(_GATEWAY_SETTINGS),
        help="The gateway's address; default: the one of `saga dev`.",
    ),
]
DEFAULT_DATA = Path(".saga")
API_KEY_FILE = "api-key"
"""Where `saga dev --auth` keeps the key of this machine's command line, in its data directory."""


class OutputFormat(StrEnum):
    """How a command prints what it found: for people, as one JSON document, as one JSON object a line."""

    TABLE = "table"
    JSON = "json"
    JSONL = "jsonl"


OutputOption = Annotated[
    OutputFormat, typer.Option("--output", "-o", help="For people, as one JSON document, or as JSON a line.")
]
ActorOption = Annotated[str | None, typer.Option(help="Who acts; default: the user of this machine.")]
KeyOption = Annotated[str | None, typer.Option(help="Idempotency key; default: a new one.")]
LimitOption = Annotated[int, typer.Option("-n", "--limit", min=1, help="How many at most, newest first.")]
TimeoutOption = Annotated[float, typer.Option(min=0.1, help="Seconds to wait at most; exit code 6 after that.")]


def bootstrap_of(given: str | None, data: Path) -> str:
    """Return Kafka's address. Raises Failure."""
    if given:
        return given
    require_credentials(data)
    return _endpoint("bootstrap", data)


def require_credentials(data: Path) -> None:
    """Refuse to ask a secure Kafka without credentials, which would end in a time-out. Raises Failure."""
    credentials = _endpoint("kafka_credentials", data)
    if credentials and not os.environ.get("KAFKA_SECURITY_PROTOCOL"):
        raise Failure(
            f"The Kafka of the `saga dev` on {data} lets only those in that it knows.",
            f"Run `. {credentials}` in this shell first: it names the administrator's password file.",
            ExitCode.USAGE,
        )


class Gateway(NamedTuple):
    """A gateway's address, without a '/' at its end, and the key to present there, if any.

    `named` are the options that name it on a further command line; none where it is found without.
    """

    url: str
    api_key: str | None
    named: tuple[str, ...] = ()


def gateway_of(given: str | None, data: Path) -> Gateway:
    """Return where the gateway is, and the key for it: SAGA_API_KEY, or that of `saga dev --auth`. Raises Failure."""
    named_at = given or _endpoint("gateway", data)
    url = named_at.rstrip("/")
    if not _is_address(url):
        raise Failure(f"{named_at} is no address of a gateway.", "Write http://HOST:PORT.", ExitCode.USAGE)
    named: tuple[str, ...] = () if data == DEFAULT_DATA else ("--data", str(data))
    if given:
        named = () if given in map(os.environ.get, _GATEWAY_SETTINGS) else ("--gateway", url)
    return Gateway(url, api_key_of(None if given else data), named)


def _is_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        named = bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
    plain = url.isascii() and url.isprintable() and " " not in url and not parts.query and not parts.fragment
    return named and plain and parts.scheme in ("http", "https")


def api_key_of(data: Path | None) -> str | None:
    """Return the key to present: SAGA_API_KEY, what SAGA_API_KEY_FILE holds, or that of the `saga dev` on `data`.

    A key that was made for one gateway is not shown to another, so without `data` there is no such key.
    """
    given, named = os.environ.get("SAGA_API_KEY"), os.environ.get("SAGA_API_KEY_FILE")
    if given or (named is None and data is None):
        return _usable(given, "SAGA_API_KEY") if given else None
    file = Path(named) if named else (data or Path()) / API_KEY_FILE
    try:
        return _usable(file.read_text(encoding="utf-8").strip(), str(file)) or None
    except (OSError, UnicodeError) as error:
        if named is None:
            return None
        why = error.strerror if isinstance(error, OSError) else "it is no text"
        raise Failure(f"SAGA_API_KEY_FILE cannot be read: {why}.", "Name another.", ExitCode.USAGE) from error


def _usable(key: str, where: str) -> str:
    """Return a key that a header can carry; what it holds otherwise is told nobody. Raises Failure."""
    if not key.isascii() or not key.isprintable() or " " in key:
        raise Failure(f"{where} holds no key.", "A key is one word: `saga keys create` prints one.", ExitCode.USAGE)
    return key


def _endpoint(name: str, data: Path) -> str:
    # Imported here: most commands are given their addresses, and `saga --help` needs none.
    from cli.data_directory import read_state  # noqa: PLC0415 - see above

    try:
        return str(read_state(data).get(name, ""))
    except Failure as failure:
        option = "--gateway" if name == "gateway" else "--bootstrap"
        remedy = f"Start one, name its directory with --data, or the address with {option}."
        raise Failure(failure.problem, remedy, failure.code) from failure
