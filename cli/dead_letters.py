"""`saga dlq`: its sub-commands and options; what they do is imported when they run."""

# Every body imports its command when it runs: `saga --help` must not pay for it.
# ruff: noqa: PLC0415 - see above

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Any

import typer

from cli.options import (
    DEFAULT_DATA,
    ActorOption,
    DataOption,
    GatewayOption,
    KeyOption,
    LimitOption,
    OutputFormat,
    OutputOption,
    gateway_of,
)

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


@dead_letters_app.command("list")
def list_letters(
    saga: Annotated[str | None, typer.Option("--saga", help="Only those of this saga.")] = None,
    code: Annotated[str | None, typer.Option(help="Only those with this code, such as undecodable.")] = None,
    state: Annotated[LetterState | None, typer.Option(help="Only those that stand so.")] = None,
    limit: LimitOption = 50,
    gateway: GatewayOption = None,
    data: DataOption = DEFAULT_DATA,
    output: OutputOption = OutputFormat.TABLE,
) -> None:
    """List dead letters, newest first."""
    from cli.dead_letter_requests import COLUMNS, found, hint_for_list
    from cli.printing import note, put_list

    letters = found(gateway_of(gateway, data), {"saga_id": saga, "code": code, "state": state}, limit)
    put_list("dead_letters", letters, COLUMNS, output)
    note(hint_for_list(letters), output)


@dead_letters_app.command("show")
def show(
    letter_id: LetterArgument,
    gateway: GatewayOption = None,
    data: DataOption = DEFAULT_DATA,
    output: OutputOption = OutputFormat.TABLE,
) -> None:
    """Show a dead letter: its bytes, where it came from, what its saga waits for, and what can be done."""
    from cli.dead_letter_requests import lines_about, one
    from cli.printing import put_answer

    letter = one(gateway_of(gateway, data), letter_id)
    put_answer(letter, "\n".join(lines_about(letter)), output)


@dead_letters_app.command("redrive")
def redrive(
    letter_id: LetterArgument,
    reason: Annotated[str, typer.Option(help="Why.")] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only tell what would happen.")] = False,
    actor: ActorOption = None,
    key: KeyOption = None,
    gateway: GatewayOption = None,
    data: DataOption = DEFAULT_DATA,
    output: OutputOption = OutputFormat.TABLE,
) -> None:
    """Have what a dead letter is about tried again: the saga handles its record, a step is repeated."""
    from cli.dead_letter_requests import Deed, decide

    deed = Deed("redrive", reason, actor, key, dry_run=dry_run)
    _put_outcome(decide(gateway_of(gateway, data), letter_id, deed), output)


@dead_letters_app.command("resolve")
def resolve(
    letter_id: LetterArgument,
    reason: Annotated[str, typer.Option(help="Why; it is recorded.")],
    actor: ActorOption = None,
    key: KeyOption = None,
    gateway: GatewayOption = None,
    data: DataOption = DEFAULT_DATA,
    output: OutputOption = OutputFormat.TABLE,
) -> None:
    """Close a dead letter without what it is about: the saga goes on without the record, a step is skipped."""
    from cli.dead_letter_requests import Deed, decide

    _put_outcome(decide(gateway_of(gateway, data), letter_id, Deed("resolve", reason, actor, key)), output)


def _put_outcome(answer: Mapping[str, Any], output: OutputFormat) -> None:
    from cli.dead_letter_requests import hint_after, lines_after
    from cli.printing import note, put_answer

    put_answer(answer, "\n".join(lines_after(answer)), output)
    note(hint_after(answer), output)
