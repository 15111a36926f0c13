"""`saga saga`: its sub-commands and options; what they do is imported when they run."""

# Every body imports its command when it runs: `saga --help` must not pay for it.
# ruff: noqa: PLC0415 - see above

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from cli.failure import ExitCode
from cli.options import (
    DEFAULT_DATA,
    ActorOption,
    DataOption,
    GatewayOption,
    LimitOption,
    OutputFormat,
    OutputOption,
    gateway_of,
)

sagas_app = typer.Typer(
    help="Start, list, show, explain, follow, signal, cancel, resolve and migrate sagas.", no_args_is_help=True
)

SagaArgument = Annotated[str, typer.Argument(help="The saga's id.")]


class Deed(StrEnum):
    """What may be done about what waits for a person."""

    RETRY = "retry"
    RESUME = "resume"
    SKIP = "skip"


@sagas_app.command("start")
def start(
    definition: Annotated[str, typer.Argument(help="The definition's name.")],
    version: Annotated[int | None, typer.Option(min=1, help="Its major version; default: the newest.")] = None,
    input_json: Annotated[str, typer.Option("--input", help="The saga's data, a JSON object; @FILE reads it.")] = "{}",
    options: Annotated[str, typer.Option(help="JSON object: max_retries, timeout_ms, audit.")] = "{}",
    key: Annotated[str | None, typer.Option(help="Idempotency key; default: a new one, so a new saga.")] = None,
    gateway: GatewayOption = None,
    data: DataOption = DEFAULT_DATA,
    output: OutputOption = OutputFormat.TABLE,
) -> None:
    """Start a saga and print its id."""
    from cli.deciding import typed
    from cli.printing import note, put_answer
    from cli.saga_requests import start_saga

    where = gateway_of(gateway, data)
    answer = start_saga(where, definition, version, input_json, options, key)
    put_answer(answer, answer["saga_id"], output)
    note(f"Follow it: {typed(where, 'saga', 'follow', answer['saga_id'])}", output)


@sagas_app.command("show")
def show(
    saga_id: SagaArgument,
    history: Annotated[bool, typer.Option("--history", help="Show what happened as well.")] = False,
    gateway: GatewayOption = None,
    data: DataOption = DEFAULT_DATA,
    output: OutputOption = OutputFormat.TABLE,
) -> None:
    """Show where a saga stands."""
    from cli.deciding import next_after
    from cli.printing import note, put_one
    from cli.saga_requests import show_saga
    from cli.story import put_history

    where = gateway_of(gateway, data)
    found = show_saga(where, saga_id, with_history=history)
    if output is OutputFormat.TABLE:
        put_one({name: value for name, value in found.items() if name != "events"}, output)
        put_history({"events": found.get("events", [])}, output)
        note(next_after(where, "saga", saga_id, found["status"]))
    else:
        put_one(found, output)


@sagas_app.command("list")
def list_sagas(
    definition: Annotated[str | None, typer.Option(help="Only those of this definition.")] = None,
    status: Annotated[str | None, typer.Option(help="Only those that stand so, such as RUNNING.")] = None,
    limit: LimitOption = 50,
    gateway: GatewayOption = None,
    data: DataOption = DEFAULT_DATA,
    output: OutputOption = OutputFormat.TABLE,
) -> None:
    """List sagas that are no orders, newest first; `saga order list` lists those."""
    from cli.printing import counted, note, put_list
    from cli.saga_requests import COLUMNS
    from cli.saga_requests import list_sagas as found

    sagas = found(gateway_of(gateway, data), definition, status, limit)
    put_list("sagas", sagas, COLUMNS, output)
    none = (
        "No saga is so. All of them: saga saga list"
        if definition or status
        else "No sagas. Start one: saga saga start --help"
    )
    note(counted(len(sagas), "saga") if sagas else none, output)


@sagas_app.command("history")
def history(
    saga_id: SagaArgument,
    gateway: GatewayOption = None,
    data: DataOption = DEFAULT_DATA,
    output: OutputOption = OutputFormat.TABLE,
) -> None:
    """Show everything that happened to a saga."""
    from cli.saga_requests import saga_history
    from cli.story import put_history

    put_history(saga_history(gateway_of(gateway, data), saga_id), output)


@sagas_app.command("follow")
def follow(
    saga_id: SagaArgument,
    gateway: GatewayOption = None,
    data: DataOption = DEFAULT_DATA,
    output: OutputOption = OutputFormat.TABLE,
) -> None:
    """Show a saga's events as they happen, until it has ended; exit 1 where it was not completed.

    Where it waits for a person, stderr says what for, until when, and the commands that decide it.

    With --output json, too, there is one JSON object a line.
    """
    from cli.deciding import Hints
    from cli.following import follow_saga, pause
    from cli.story import put_stream

    where = gateway_of(gateway, data)
    if put_stream(follow_saga(where, saga_id, pause), output, Hints(where, "saga", saga_id).after) != "COMPLETED":
        raise typer.Exit(ExitCode.CHECK_FAILED)


@sagas_app.command("explain")
def explain(
    saga_id: SagaArgument,
    gateway: GatewayOption = None,
    data: DataOption = DEFAULT_DATA,
    output: OutputOption = OutputFormat.TABLE,
) -> None:
    """Say why a saga is where it is: what it waits for, since when, what happens next and when."""
    from cli.saga_requests import explain_saga
    from cli.story import put_explanation

    where = gateway_of(gateway, data)
    put_explanation(explain_saga(where, saga_id), where, output)


@sagas_app.command("signal")
def signal(
    saga_id: SagaArgument,
    name: Annotated[str, typer.Argument(help="The signal's name.")],
    input_json: Annotated[str, typer.Option("--input", help="Its data, a JSON object; @FILE reads it.")] = "{}",
    step: Annotated[str | None, typer.Option(help="The path of the only step that may take it.")] = None,
    actor: ActorOption = None,
    gateway: GatewayOption = None,
    data: DataOption = DEFAULT_DATA,
    output: OutputOption = OutputFormat.TABLE,
) -> None:
    """Send a saga a signal, such as an approval."""
    from cli.printing import put_answer
    from cli.saga_requests import signal_saga

    answer = signal_saga(gateway_of(gateway, data), saga_id, name, input_json, actor, step)
    put_answer(answer, f"{name} is on its way to {saga_id}", output)


@sagas_app.command("cancel")
def cancel(
    saga_id: SagaArgument,
    reason: Annotated[str, typer.Option(help="Why.")] = "",
    actor: ActorOption = None,
    gateway: GatewayOption = None,
    data: DataOption = DEFAULT_DATA,
    output: OutputOption = OutputFormat.TABLE,
) -> None:
    """Ask a saga to stop and undo what it did."""
    from cli.printing import put_answer
    from cli.saga_requests import cancel_saga

    answer = cancel_saga(gateway_of(gateway, data), saga_id, reason, actor)
    put_answer(answer, f"{saga_id} is asked to stop", output)


@sagas_app.command("resolve")
def resolve(
    saga_id: SagaArgument,
    action: Annotated[Deed, typer.Argument(help="retry or resume: try again; skip: leave it as it is.")],
    step: Annotated[str | None, typer.Option(help="Which step or compensation; default: all that wait.")] = None,
    reason: Annotated[str, typer.Option(help="Why; required for skip.")] = "",
    actor: ActorOption = None,
    gateway: GatewayOption = None,
    data: DataOption = DEFAULT_DATA,
    output: OutputOption = OutputFormat.TABLE,
) -> None:
    """Deal with steps or compensations that failed for good and wait for a person."""
    from cli.printing import put_answer
    from cli.saga_requests import resolve_saga

    answer = resolve_saga(gateway_of(gateway, data), saga_id, action, step, actor, reason)
    put_answer(answer, f"{action.value} of {step or 'all that waits'} is on its way to {saga_id}", output)


@sagas_app.command("migrate")
def migrate(
    saga_id: SagaArgument,
    version: Annotated[int, typer.Argument(min=1, help="The major version; it has to declare the migration.")],
    actor: ActorOption = None,
    gateway: GatewayOption = None,
    data: DataOption = DEFAULT_DATA,
    output: OutputOption = OutputFormat.TABLE,
) -> None:
    """Have a running saga go on under another version of its definition."""
    from cli.printing import put_answer
    from cli.saga_requests import migrate_saga

    answer = migrate_saga(gateway_of(gateway, data), saga_id, version, actor)
    put_answer(answer, f"{saga_id} is asked to go on under version {version}; its history says whether it did", output)
