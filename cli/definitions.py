"""`saga definitions`: its sub-commands and options; what they do is imported when they run."""

# Every body imports its command when it runs: `saga --help` must not pay for Kafka clients and the compiler.
# ruff: noqa: PLC0415 - see above

from __future__ import annotations

import getpass
from pathlib import Path
from typing import Annotated

import typer

from cli.failure import ExitCode
from cli.options import DEFAULT_DATA, BootstrapOption, DataOption, OutputFormat, OutputOption, bootstrap_of

definitions_app = typer.Typer(help="Check, draw, deploy and show definitions of sagas.", no_args_is_help=True)

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
    from cli.printing import shaped

    listed = list_versions(bootstrap_of(bootstrap, data), as_json=output is not OutputFormat.TABLE)
    typer.echo(shaped(listed, output))


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
    from cli.printing import shaped

    shown = show_version(bootstrap_of(bootstrap, data), name, version, as_json=output is not OutputFormat.TABLE)
    typer.echo(shaped(shown, output))


@definitions_app.command("validate")
def validate(
    file: FileArgument,
    strict: Annotated[bool, typer.Option("--strict", help="Warnings fail as well.")] = False,
    output: OutputOption = OutputFormat.TABLE,
) -> None:
    """Say all that is wrong with a definition: file, line, what is wrong, what to write instead; exit 1 on errors."""
    from cli.definition_files import read_file
    from cli.definition_reports import report
    from cli.printing import shaped

    said, good = report(read_file(file), strict=strict, as_json=output is not OutputFormat.TABLE)
    typer.echo(shaped(said, output))
    if not good:
        raise typer.Exit(ExitCode.CHECK_FAILED)


@definitions_app.command("diagram")
def diagram(file: FileArgument) -> None:
    """Draw a definition as Markdown with Mermaid: its states with their transitions, and its steps with their ways."""
    from cli.definition_reports import diagram as diagram_of

    typer.echo(diagram_of(file), nl=False)


@definitions_app.command("explain")
def explain(file: FileArgument) -> None:
    """Say in plain words what each step does, what can fail in it, what happens then, and how long it may take."""
    from cli.definition_reports import explain as explanation_of

    typer.echo(explanation_of(file))
