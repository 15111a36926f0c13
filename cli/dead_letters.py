"""`saga dlq`: its sub-commands and options; what they do is imported when they run."""

# Every body imports its command when it runs: `saga --help` must not pay for it.
# ruff: noqa: PLC0415 - see above

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from cli.options import DEFAULT_DATA, DataOption, GatewayOption, Shape, ShapeOption, gateway_of

dead_letters_app = typer.Typer(
    help="List, show, redrive and resolve dead letters: what nobody could use.\n\n"
    "Exit codes: 0 done, 1 the gateway refused, 2 wrong command line, 5 no gateway answers.",
    no_args_is_help=True,
)


class LetterState(StrEnum):
    """Where a dead letter stands."""

    OPEN = "open"
    REDRIVEN = "redriven"
    RESOLVED = "resolved"


LetterArgument = Annotated[str, typer.Argument(help="The dead letter's id, such as 0-17.")]
ActorOption = Annotated[str | None, typer.Option(help="Who acts; default: the user of this machine.")]
KeyOption = Annotated[str | None, typer.Option(help="Idempotency key; default: a new one.")]


@dead_letters_app.command("list")
def list_letters(
    saga: Annotated[str | None, typer.Option("--saga", help="Only those of this saga.")] = None,
    code: Annotated[str | None, typer.Option(help="Only those with this code, such as undecodable.")] = None,
    state: Annotated[LetterState | None, typer.Option(help="Only those that stand so.")] = None,
    limit: Annotated[int, typer.Option("-n", "--limit", min=1, help="How many at most, newest first.")] = 50,
    gateway: GatewayOption = None,
    data: DataOption = DEFAULT_DATA,
    output: ShapeOption = Shape.TABLE,
) -> None:
    """List dead letters, newest first."""
    from cli.dead_letter_requests import Wanted, found, hint_for_list, rendered_list

    wanted = Wanted(limit, {"saga_id": saga, "code": code, "state": state})
    letters = found(gateway_of(gateway, data), wanted)
    for line in rendered_list(letters, output):
        typer.echo(line)
    typer.echo(hint_for_list(letters), err=True)


@dead_letters_app.command("show")
def show(
    letter_id: LetterArgument,
    gateway: GatewayOption = None,
    data: DataOption = DEFAULT_DATA,
    output: ShapeOption = Shape.TABLE,
) -> None:
    """Show a dead letter: its bytes, where it came from, what its saga waits for, and what can be done."""
    from cli.dead_letter_requests import one, rendered

    for line in rendered(one(gateway_of(gateway, data), letter_id), output):
        typer.echo(line)


@dead_letters_app.command("redrive")
def redrive(
    letter_id: LetterArgument,
    reason: Annotated[str, typer.Option(help="Why.")] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only tell what would happen.")] = False,
    actor: ActorOption = None,
    key: KeyOption = None,
    gateway: GatewayOption = None,
    data: DataOption = DEFAULT_DATA,
    output: ShapeOption = Shape.TABLE,
) -> None:
    """Have what a dead letter is about tried again: the saga handles its record, a step is repeated."""
    from cli.dead_letter_requests import Deed, decide, hint_after, rendered_deed

    deed = Deed("redrive", reason, actor, key, dry_run=dry_run)
    answer = decide(gateway_of(gateway, data), letter_id, deed)
    for line in rendered_deed(answer, output):
        typer.echo(line)
    typer.echo(hint_after(answer), err=True)


@dead_letters_app.command("resolve")
def resolve(
    letter_id: LetterArgument,
    reason: Annotated[str, typer.Option(help="Why; it is recorded.")],
    actor: ActorOption = None,
    key: KeyOption = None,
    gateway: GatewayOption = None,
    data: DataOption = DEFAULT_DATA,
    output: ShapeOption = Shape.TABLE,
) -> None:
    """Close a dead letter without what it is about: the saga goes on without the record, a step is skipped."""
    from cli.dead_letter_requests import Deed, decide, hint_after, rendered_deed

    answer = decide(gateway_of(gateway, data), letter_id, Deed("resolve", reason, actor, key))
    for line in rendered_deed(answer, output):
        typer.echo(line)
    typer.echo(hint_after(answer), err=True)
