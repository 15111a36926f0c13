"""`saga keys`: its sub-commands and options; what they do is imported when they run."""

# Every body imports its command when it runs: `saga --help` must not pay for it.
# ruff: noqa: PLC0415 - see above

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from cli.options import DEFAULT_DATA, DataOption, OutputFormat, OutputOption

keys_app = typer.Typer(help="Make, list and revoke the keys of the gateway's clients.", no_args_is_help=True)

FileOption = Annotated[
    Path | None,
    typer.Option("--file", envvar="GATEWAY_KEYS_FILE", help="The keys file; default: keys.json of `saga dev --auth`."),
]


def _file(given: Path | None, data: Path) -> Path:
    from cli.key_store import KEYS_FILE

    return given or data / KEYS_FILE


@keys_app.command("create")
def create(
    *,
    client: Annotated[str, typer.Option(help="Whose key it is; several keys of a client share what they did.")],
    scope: Annotated[list[str], typer.Option(help="customer, operator or admin; may be given several times.")],
    name: Annotated[str | None, typer.Option(help="Who acts with it, for the audit trail; default: client.")] = None,
    customer: Annotated[
        list[str] | None, typer.Option(help="A customer that it speaks for, '*' for all; may be given several times.")
    ] = None,
    days: Annotated[float | None, typer.Option(min=0.001, help="How long it is good; default: until revoked.")] = None,
    signing: Annotated[
        bool, typer.Option("--signing", help="What it submits has to be signed; makes a secret.")
    ] = False,
    rate: Annotated[float | None, typer.Option(min=0.001, help="Requests a second in place of the usual.")] = None,
    file: FileOption = None,
    data: DataOption = DEFAULT_DATA,
    output: OutputOption = OutputFormat.TABLE,
) -> None:
    """Make a key and print it; it is kept nowhere."""
    from cli.key_store import Wanted
    from cli.key_store import create as make

    wanted = Wanted(client, name or client, scope, customer or [], days, signing=signing, rate_per_s=rate)
    path = _file(file, data)
    made = make(path, wanted, datetime.now(UTC))
    if output is not OutputFormat.TABLE:
        from cli.printing import written

        told = {"id": made.key_id, "api_key": made.api_key, "signing_secret": made.signing_secret}
        typer.echo(written(told, output))
        return
    typer.echo(made.api_key)
    if made.signing_secret is not None:
        typer.echo(made.signing_secret)
    typer.echo(f"kept as {made.key_id} in {path}, as a hash: the key cannot be shown again", err=True)


@keys_app.command("list")
def list_keys(
    file: FileOption = None, data: DataOption = DEFAULT_DATA, output: OutputOption = OutputFormat.TABLE
) -> None:
    """Show every key, without its secret."""
    from cli.key_store import listed
    from cli.printing import put_list

    keys = listed(_file(file, data), datetime.now(UTC))
    columns = {
        "id": lambda key: key["id"],
        "state": lambda key: key["state"],
        "client": lambda key: key["client"],
        "name": lambda key: key["name"],
        "scopes": lambda key: ",".join(key["scopes"]),
        "until": lambda key: key["expires_at"] or "revoked",
    }
    put_list("keys", keys, columns, output)


@keys_app.command("revoke")
def revoke(
    key_id: Annotated[str, typer.Argument(help="The key's id, the part after sk_.")],
    file: FileOption = None,
    data: DataOption = DEFAULT_DATA,
) -> None:
    """Have a key be good for nothing from now on."""
    from cli.key_store import revoke as end

    end(_file(file, data), key_id, datetime.now(UTC))
    typer.echo(f"{key_id} is revoked; gateways know within a second")
