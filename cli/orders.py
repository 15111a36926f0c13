"""`saga order`: its sub-commands and options; what they do is imported when they run."""

# Every body imports its command when it runs: `saga --help` must not pay for it.
# ruff: noqa: PLC0415 - see above

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from cli.failure import ExitCode
from cli.options import (
    DEFAULT_DATA,
    ActorOption,
    DataOption,
    GatewayOption,
    KeyOption,
    LimitOption,
    OutputFormat,
    OutputOption,
    TimeoutOption,
    gateway_of,
)

orders_app = typer.Typer(help="Send, list, show, explain, follow and cancel orders.", no_args_is_help=True)


class Shipping(StrEnum):
    """How an order is carried."""

    STANDARD = "standard"
    EXPRESS = "express"


def _lifecycles() -> list[str]:
    from cli.order_requests import LIFECYCLES

    return list(LIFECYCLES)


def _statuses() -> list[str]:
    from cli.order_requests import STATUSES

    return list(STATUSES)


OrderArgument = Annotated[str, typer.Argument(help="The order's id.")]


@orders_app.command("post", hidden=True)
@orders_app.command("start")
def start(
    *,
    file: Annotated[
        Path | None, typer.Argument(help="JSON: an order, an array of them, or one a line; - reads standard input.")
    ] = None,
    customer: Annotated[str | None, typer.Option(help="Who orders.")] = None,
    line: Annotated[list[str] | None, typer.Option(help="SKU:QUANTITY:UNIT_PRICE; may be given several times.")] = None,
    country: Annotated[str, typer.Option(help="Where it goes.")] = "United Kingdom",
    address: Annotated[str | None, typer.Option(help="Where it goes there.")] = None,
    shipping: Annotated[Shipping, typer.Option(help="How it is carried.")] = Shipping.STANDARD,
    payment_method: Annotated[str, typer.Option(help="What it is paid with.")] = "pm_card_ok",
    currency: Annotated[str, typer.Option(help="The currency of the prices.")] = "GBP",
    reference: Annotated[str | None, typer.Option(help="Your own name of it.")] = None,
    process: Annotated[
        str | None, typer.Option(help="Which definition fulfils it; default: order-fulfillment.")
    ] = None,
    key: KeyOption = None,
    wait: Annotated[bool, typer.Option("--wait", help="Wait until it is done or waits for a person.")] = False,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Show its events until it has ended.")] = False,
    timeout: TimeoutOption = 60.0,
    gateway: GatewayOption = None,
    data: DataOption = DEFAULT_DATA,
    output: OutputOption = OutputFormat.TABLE,
) -> None:
    """Send orders, from a file or from options, and print their ids.

    With the same --key nothing is ordered twice, however often it is repeated.

    With --wait or --follow the exit code is 1 for an order that was undone or needs a person's help.
    """
    from cli.order_forms import Written, forms
    from cli.order_starting import Sending, send

    written = Written(
        customer, line or [], country, address, payment_method, shipping.value, currency, reference, process
    )
    sending = Sending(forms(file, written), key, timeout if wait else None, follow=follow)
    if not send(gateway_of(gateway, data), sending, output):
        raise typer.Exit(ExitCode.CHECK_FAILED)


@orders_app.command("list")
def list_orders(
    status: Annotated[str | None, typer.Option(help="Only those.", autocompletion=_statuses)] = None,
    lifecycle: Annotated[str | None, typer.Option(help="Only those.", autocompletion=_lifecycles)] = None,
    customer: Annotated[str | None, typer.Option(help="Only this customer's.")] = None,
    process: Annotated[str | None, typer.Option(help="Only those that this definition fulfils.")] = None,
    since: Annotated[str | None, typer.Option(help="Only those made from this time on, such as 2026-11-21.")] = None,
    until: Annotated[str | None, typer.Option(help="Only those made before it.")] = None,
    limit: LimitOption = 50,
    gateway: GatewayOption = None,
    data: DataOption = DEFAULT_DATA,
    output: OutputOption = OutputFormat.TABLE,
) -> None:
    """List orders, newest first."""
    from cli.order_requests import COLUMNS, Filters, listed, nothing_found
    from cli.printing import counted, note, put_list

    filters = Filters(limit, status, lifecycle, customer, process, since, until)
    orders = listed(gateway_of(gateway, data), filters)
    put_list("orders", orders, COLUMNS, output)
    more = f", and there may be more: -n {limit * 10}" if len(orders) == limit else ""
    note(f"{counted(len(orders), 'order')}{more}" if orders else nothing_found(filters), output)


@orders_app.command("show")
def show(
    order_id: OrderArgument,
    gateway: GatewayOption = None,
    data: DataOption = DEFAULT_DATA,
    output: OutputOption = OutputFormat.TABLE,
) -> None:
    """Show where an order stands."""
    from cli.deciding import next_after
    from cli.order_requests import in_words, shown
    from cli.printing import note, put_one

    where = gateway_of(gateway, data)
    order = shown(where, order_id)
    put_one(in_words(order) if output is OutputFormat.TABLE else order, output)
    if output is OutputFormat.TABLE:
        note(next_after(where, "order", order_id, order["status"]))


@orders_app.command("history")
def history(
    order_id: OrderArgument,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on until it has ended.")] = False,
    gateway: GatewayOption = None,
    data: DataOption = DEFAULT_DATA,
    output: OutputOption = OutputFormat.TABLE,
) -> None:
    """Show everything that happened to an order."""
    from cli.deciding import Hints
    from cli.following import follow_order
    from cli.order_requests import history as history_of
    from cli.story import put_history, put_stream

    where = gateway_of(gateway, data)
    if follow:
        put_stream(follow_order(where, order_id), output, Hints(where, "order", order_id).after)
    else:
        put_history(history_of(where, order_id), output)


@orders_app.command("follow")
def follow_events(
    order_id: OrderArgument,
    after: Annotated[int, typer.Option(min=0, help="Begin after the event with this sequence number.")] = 0,
    gateway: GatewayOption = None,
    data: DataOption = DEFAULT_DATA,
    output: OutputOption = OutputFormat.TABLE,
) -> None:
    """Show an order's events as they happen, until it has ended; exit 1 where it was not completed.

    Where it waits for a person, stderr says what for, until when, and the commands that decide it.

    With --output json, too, there is one JSON object a line.
    """
    from cli.deciding import Hints
    from cli.following import follow_order
    from cli.order_requests import shown
    from cli.story import put_stream

    where = gateway_of(gateway, data)
    hints = Hints(where, "order", order_id)
    if after:
        hints.now()
    status = put_stream(follow_order(where, order_id, after), output, hints.after) or shown(where, order_id)["status"]
    if status != "COMPLETED":
        raise typer.Exit(ExitCode.CHECK_FAILED)


@orders_app.command("explain")
def explain(
    order_id: OrderArgument,
    gateway: GatewayOption = None,
    data: DataOption = DEFAULT_DATA,
    output: OutputOption = OutputFormat.TABLE,
) -> None:
    """Say why an order is where it is: what it waits for, since when, what happens next and when."""
    from cli.order_requests import explained
    from cli.story import put_explanation

    where = gateway_of(gateway, data)
    put_explanation(explained(where, order_id), where, output)


@orders_app.command("cancel")
def cancel(
    order_id: OrderArgument,
    reason: Annotated[str, typer.Option(help="Why.")] = "",
    actor: ActorOption = None,
    gateway: GatewayOption = None,
    data: DataOption = DEFAULT_DATA,
    output: OutputOption = OutputFormat.TABLE,
) -> None:
    """Ask an order to stop and undo what it did."""
    from cli.deciding import typed
    from cli.order_requests import cancelled
    from cli.printing import note, put_one

    where = gateway_of(gateway, data)
    put_one(cancelled(where, order_id, actor, reason), output)
    note(f"It is asked to stop. See what comes of it: {typed(where, 'order', 'follow', order_id)}", output)
