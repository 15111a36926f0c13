"""`saga definitions`: its sub-commands and options; what they do is imported when they run."""

# Every body imports its command when it runs: `saga --help` must not pay for Kafka clients and the compiler.
# ruff: noqa: PLC0415 - see above

from __future__ import annotations

import getpass
from pathlib import Path
from typing import Annotated

import typer

from cli.options import DEFAULT_DATA, BootstrapOption, DataOption, OutputFormat, OutputOption, bootstrap_of

definitions_app = typer.Typer(help="Deploy and show definitions of sagas.", no_args_is_help=True)

FileArgument = Annotated[
    Path, typer.Argument(exists=True, dir_okay=False, readable=True, help="The definition: YAML or JSON.")
]
NameArgument = Annotated[str, typer.Argument(help="The definition's name.")]


@definitions_app.command("deploy")
def deploy(
    file: FileArgument,
    actor: Annotated[str | None, typer.Option(help="Who deploys; default: the user of this machine.")] = None,
    reason: Annotated[str, typer.Option(help="Why, for those who read it later.")] = "",
    bootstrap: BootstrapOption = None,
    data: DataOption = DEFAULT_DATA,
) -> None:
    """Make a version of a definition the one that new sagas get; running sagas keep theirs.

    A version is deployed once: the same document again changes nothing, another one under its version is refused.
    """
    from cli.deployment import deploy_file

    typer.echo(deploy_file(bootstrap_of(bootstrap, data), file, actor or getpass.getuser(), reason))


@definitions_app.command("list")
def list_definitions(
    bootstrap: BootstrapOption = None, data: DataOption = DEFAULT_DATA, output: OutputOption = OutputFormat.TABLE
) -> None:
    """Show every version of every definition, shipped and deployed."""
    from cli.deployment import list_versions

    typer.echo(list_versions(bootstrap_of(bootstrap, data), as_json=output is OutputFormat.JSON))


@definitions_app.command("show")
def show(
    name: NameArgument,
    version: Annotated[int | None, typer.Option(min=1, help="The major version; default: the newest.")] = None,
    bootstrap: BootstrapOption = None,
    data: DataOption = DEFAULT_DATA,
    output: OutputOption = OutputFormat.TABLE,
) -> None:
    """Print a version's document, as YAML or with all that is known of its deployment as JSON."""
    from cli.deployment import show_version

    typer.echo(show_version(bootstrap_of(bootstrap, data), name, version, as_json=output is OutputFormat.JSON))
