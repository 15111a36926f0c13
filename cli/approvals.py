"""`saga approval`: what waits for a person's decision, and the decision."""

# Every body imports its command when it runs: `saga --help` must not pay for it.
# ruff: noqa: PLC0415 - see above

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import typer

from cli.options import (
    DEFAULT_DATA,
    ActorOption,
    DataOption,
    Gateway,
    GatewayOption,
    KeyOption,
    LimitOption,
    OutputFormat,
    OutputOption,
    gateway_of,
)

approvals_app = typer.Typer(help="List, approve and reject what waits for a person's decision.", no_args_is_help=True)

ApprovalArgument = Annotated[str, typer.Argument(help="The approval's id: that of its order or saga.")]
StepOption = Annotated[str | None, typer.Option(help="The step that is meant, where several of the saga's wait.")]


@approvals_app.command("list")
def list_approvals(
    limit: LimitOption = 50,
    gateway: GatewayOption = None,
    data: DataOption = DEFAULT_DATA,
    output: OutputOption = OutputFormat.TABLE,
) -> None:
    """List the orders and other sagas that wait for a decision, newest first."""
    from cli.asking import pages
    from cli.printing import note, put_list

    where = gateway_of(gateway, data)
    found = pages(where, "/v1/approvals", "approvals", {}, limit)
    columns = {
        "id": lambda one: one["id"],
        "since": lambda one: one["since"],
        "until": lambda one: one["expires"],
        "definition": lambda one: one["definition"],
        "step": lambda one: one["step"],
        "signals": lambda one: " or ".join(one["signals"]),
        "reason": lambda one: one["reason"],
    }
    put_list("approvals", found, columns, output)
    note(_next(where, found), output)


@approvals_app.command("approve")
def approve(
    approval_id: ApprovalArgument,
    step: StepOption = None,
    reason: Annotated[str, typer.Option(help="Why; it is recorded.")] = "",
    actor: ActorOption = None,
    key: KeyOption = None,
    gateway: GatewayOption = None,
    data: DataOption = DEFAULT_DATA,
    output: OutputOption = OutputFormat.TABLE,
) -> None:
    """Let an order or another saga go on."""
    _decide(gateway_of(gateway, data), approval_id, ("approve", actor, reason, key), step, output)


@approvals_app.command("reject")
def reject(
    approval_id: ApprovalArgument,
    step: StepOption = None,
    reason: Annotated[str, typer.Option(help="Why; it is recorded.")] = "",
    actor: ActorOption = None,
    key: KeyOption = None,
    gateway: GatewayOption = None,
    data: DataOption = DEFAULT_DATA,
    output: OutputOption = OutputFormat.TABLE,
) -> None:
    """Say no: an order is undone, another saga does what its definition says."""
    _decide(gateway_of(gateway, data), approval_id, ("reject", actor, reason, key), step, output)


def _next(gateway: Gateway, found: Sequence[Mapping[str, Any]]) -> str:
    """Return what to do about the last of what waits."""
    from cli.deciding import typed

    if not found:
        return "Nothing waits for a decision."
    last = found[-1]
    alone = sum(one["id"] == last["id"] for one in found) == 1
    step = () if alone else ("--step", last["step"])
    return f"Decide: {typed(gateway, 'approval', 'approve', last['id'], *step)}"


def _decide(
    gateway: Gateway,
    approval_id: str,
    said: tuple[str, str | None, str, str | None],
    step: str | None,
    output: OutputFormat,
) -> None:
    import uuid
    from urllib.parse import quote

    from cli.asking import Wish, actor_of, asked
    from cli.deciding import typed
    from cli.printing import note, put_one
    from cli.saga_requests import about

    decision, actor, reason, key = said
    body = {"decision": decision, **actor_of(gateway, actor), "reason": reason, **about(step)}
    wish = Wish(body, key or str(uuid.uuid4()), remedy="`saga approval list` shows what waits for a decision.")
    taken = asked(gateway, "POST", f"/v1/approvals/{quote(approval_id, safe='')}", wish)
    kind = "saga" if "saga_id" in taken else "order"
    put_one(taken, output)
    note(f"The decision is on its way: {typed(gateway, kind, 'follow', approval_id)}", output)
