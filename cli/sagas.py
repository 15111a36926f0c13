"""`saga saga`: its sub-commands and options; what they do is imported when they run."""

# Every body imports its command when it runs: `saga --help` must not pay for it.
# ruff: noqa: PLC0415 - see above

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from cli.options import DEFAULT_DATA, DataOption, GatewayOption, OutputFormat, OutputOption, gateway_of

sagas_app = typer.Typer(
    help="Start, show, signal, cancel, resolve and migrate sagas of any definition.", no_args_is_help=True
)

SagaArgument = Annotated[str, typer.Argument(help="The saga's id.")]


class Deed(StrEnum):
    """What may be done about what waits for a person."""

    RETRY = "retry"
    RESUME = "resume"
    SKIP = "skip"


ActorOption = Annotated[str | None, typer.Option(help="Who acts; default: the user of this machine.")]


@sagas_app.command("start")
def start(
    definition: Annotated[str, typer.Argument(help="The definition's name.")],
    version: Annotated[int | None, typer.Option(min=1, help="Its major version; default: the newest.")] = None,
    input_json: Annotated[str, typer.Option("--input", help="The saga's data, a JSON object; @FILE reads it.")] = "{}",
    options: Annotated[str, typer.Option(help="JSON object: max_retries, timeout_ms, audit.")] = "{}",
    key: Annotated[str | None, typer.Option(help="Idempotency key; default: a new one, so a new saga.")] = None,
    gateway: GatewayOption = None,
    data: DataOption = DEFAULT_DATA,
) -> None:
    """Start a saga and print its id."""
    from cli.saga_requests import start_saga

    typer.echo(start_saga(gateway_of(gateway, data), definition, version, input_json, options, key))


@sagas_app.command("show")
def show(
    saga_id: SagaArgument,
    history: Annotated[bool, typer.Option("--history", help="Show what happened as well.")] = False,
    gateway: GatewayOption = None,
    data: DataOption = DEFAULT_DATA,
    output: OutputOption = OutputFormat.TABLE,
) -> None:
    """Show where a saga stands."""
    from cli.saga_requests import show_saga

    typer.echo(show_saga(gateway_of(gateway, data), saga_id, with_history=history, as_json=output is OutputFormat.JSON))


@sagas_app.command("signal")
def signal(
    saga_id: SagaArgument,
    name: Annotated[str, typer.Argument(help="The signal's name.")],
    input_json: Annotated[str, typer.Option("--input", help="Its data, a JSON object; @FILE reads it.")] = "{}",
    actor: ActorOption = None,
    gateway: GatewayOption = None,
    data: DataOption = DEFAULT_DATA,
) -> None:
    """Send a saga a signal, such as an approval."""
    from cli.saga_requests import signal_saga

    typer.echo(signal_saga(gateway_of(gateway, data), saga_id, name, input_json, actor))


@sagas_app.command("cancel")
def cancel(
    saga_id: SagaArgument,
    reason: Annotated[str, typer.Option(help="Why.")] = "",
    actor: ActorOption = None,
    gateway: GatewayOption = None,
    data: DataOption = DEFAULT_DATA,
) -> None:
    """Ask a saga to stop and undo what it did."""
    from cli.saga_requests import cancel_saga

    typer.echo(cancel_saga(gateway_of(gateway, data), saga_id, reason, actor))


@sagas_app.command("resolve")
def resolve(
    saga_id: SagaArgument,
    action: Annotated[Deed, typer.Argument(help="retry or resume: try again; skip: leave it as it is.")],
    step: Annotated[str | None, typer.Option(help="Which step or compensation; default: all that wait.")] = None,
    reason: Annotated[str, typer.Option(help="Why; required for skip.")] = "",
    actor: ActorOption = None,
    gateway: GatewayOption = None,
    data: DataOption = DEFAULT_DATA,
) -> None:
    """Deal with steps or compensations that failed for good and wait for a person."""
    from cli.saga_requests import resolve_saga

    typer.echo(resolve_saga(gateway_of(gateway, data), saga_id, action, step, actor, reason))


@sagas_app.command("migrate")
def migrate(
    saga_id: SagaArgument,
    version: Annotated[int, typer.Argument(min=1, help="The major version; it has to declare the migration.")],
    actor: ActorOption = None,
    gateway: GatewayOption = None,
    data: DataOption = DEFAULT_DATA,
) -> None:
    """Have a running saga go on under another version of its definition."""
    from cli.saga_requests import migrate_saga

    typer.echo(migrate_saga(gateway_of(gateway, data), saga_id, version, actor))
