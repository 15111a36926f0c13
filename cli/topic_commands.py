"""`saga topics`: its sub-commands and options; what they do is imported when they run."""

# Every body imports its command when it runs: `saga --help` must not pay for Kafka clients.
# ruff: noqa: PLC0415 - see above

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from cli.failure import ExitCode
from cli.options import DEFAULT_DATA, BootstrapOption, DataOption, OutputFormat, OutputOption, bootstrap_of

topics_app = typer.Typer(help="Create, list and read the topics.", no_args_is_help=True)


@topics_app.command("create")
def topics_create(
    bootstrap: BootstrapOption = None,
    data: DataOption = DEFAULT_DATA,
    brokers: Annotated[int, typer.Option(min=1, help="Wait for this many brokers first (60 s).")] = 1,
) -> None:
    """Create the missing topics; say which existing ones differ from the table (they are not changed)."""
    from cli.topics import create_topics

    for line in create_topics(bootstrap_of(bootstrap, data), brokers_wanted=brokers):
        typer.echo(line)


@topics_app.command("list")
def topics_list(
    bootstrap: BootstrapOption = None, data: DataOption = DEFAULT_DATA, output: OutputOption = OutputFormat.TABLE
) -> None:
    """Show every topic of the table as the cluster has it; exit 1 when one is missing or differs."""
    from cli.topics import describe_topics
    from cli.topics_view import put_topics

    states = describe_topics(bootstrap_of(bootstrap, data))
    put_topics(states, output)
    if any(state.drift for state in states):
        raise typer.Exit(ExitCode.CHECK_FAILED)


@topics_app.command("asyncapi")
def topics_asyncapi() -> None:
    """Print the AsyncAPI 3 document of the topics: what each carries, with every schema."""
    from schemas.asyncapi import asyncapi

    typer.echo(json.dumps(asyncapi(), indent=2))


@topics_app.command("schemas")
def topics_schemas(
    registry: Annotated[
        str, typer.Option("--registry", envvar="SCHEMA_REGISTRY_URL", help="The registry's address.", show_envvar=False)
    ],
) -> None:
    """Put the schemas, with the ids that records have, into a schema registry of your own.

    Nothing here needs it: it is for tools that ask that registry. Repeat it after every upgrade.
    """
    from cli.registry import publish_schemas, registry_of

    for line in publish_schemas(registry_of(registry)):
        typer.echo(line)


@topics_app.command("secrets")
def topics_secrets(
    directory: Annotated[Path, typer.Argument(help="Where the files go: one directory for each principal.")],
    host: Annotated[list[str], typer.Option("--host", help="A name or address of the broker; may be repeated.")],
) -> None:
    """Make what a secure Kafka needs: the broker's certificate, its authority, and a password for each principal."""
    from cli.kafka_secrets import ensure_secrets, utc_now

    typer.echo(ensure_secrets(directory, host, utc_now()).root)


@topics_app.command("acls")
def topics_acls(
    *,
    bootstrap: BootstrapOption = None,
    data: DataOption = DEFAULT_DATA,
    create: Annotated[bool, typer.Option("--create", help="Make the cluster's access list that of the table.")] = False,
    passwords: Annotated[
        Path | None, typer.Option("--passwords", help="With --create: set the passwords that `secrets` made there.")
    ] = None,
    output: OutputOption = OutputFormat.TABLE,
) -> None:
    """Show which process may read and write what; with --create, have the cluster allow that and nothing more."""
    from cli.topics_view import put_acls

    if not create:
        put_acls(output)
        return
    from cli.kafka_access import grant, set_passwords
    from cli.kafka_secrets import KafkaSecrets

    address = bootstrap_of(bootstrap, data)
    for line in (*(set_passwords(address, KafkaSecrets(passwords)) if passwords else ()), *grant(address)):
        typer.echo(line)


@topics_app.command("tail")
def topics_tail(
    *,
    topic: Annotated[str, typer.Argument(help="The topic to read.")],
    bootstrap: BootstrapOption = None,
    data: DataOption = DEFAULT_DATA,
    from_beginning: Annotated[bool, typer.Option("--from-beginning", help="Start at the oldest record.")] = False,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Wait for new records until Ctrl-C.")] = False,
    limit: Annotated[
        int | None, typer.Option("-n", min=1, help="How many: the newest 10, or all --from-beginning, without it.")
    ] = None,
    key: Annotated[str | None, typer.Option("--key", help="Only records with this key.")] = None,
    headers: Annotated[bool, typer.Option("--headers", help="Show the records' headers too.")] = False,
    output: OutputOption = OutputFormat.JSONL,
) -> None:
    """Print committed records decoded, one JSON object a line; as a table, what fits on a line of each."""
    from cli.tail import Selection, tail
    from cli.topics_view import put_records

    selection = Selection(
        topic, from_beginning=from_beginning, follow=follow, limit=limit, key=key, with_headers=headers
    )
    if follow and output is OutputFormat.JSON:
        raise typer.BadParameter("a document has an end: take --output jsonl with --follow")
    put_records(tail(bootstrap_of(bootstrap, data), selection), output)
