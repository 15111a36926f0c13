"""Sends orders and tells what the gateway says of them, what becomes of them, and what to do next."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import typer

from cli.deciding import Hints, next_after, typed
from cli.failure import ExitCode, Failure
from cli.following import follow_order
from cli.options import Gateway, OutputFormat
from cli.order_requests import ended_well, rested, take
from cli.printing import note, written
from cli.progress import bar, printed_later
from cli.story import put_stream


@dataclass(frozen=True, slots=True)
class Sending:
    """The orders to send, under which key, and how long to wait for each of them, in seconds."""

    forms: Sequence[Mapping[str, Any]]
    key: str | None
    wait_s: float | None
    follow: bool


def send(gateway: Gateway, sending: Sending, output: OutputFormat) -> bool:
    """Send orders; return whether none of those that were waited for went another way. Raises Failure."""
    if sending.follow and len(sending.forms) > 1:
        raise Failure("--follow shows one order.", "Take --wait for several.", ExitCode.USAGE)
    if output is OutputFormat.JSON and len(sending.forms) > 1:
        raise Failure("Several orders are not one document.", "Take --output jsonl.", ExitCode.USAGE)
    taken: list[str] = []
    with printed_later() as put, bar("orders", len(sending.forms)) as done:
        for answer in take(gateway, sending.forms, sending.key):
            taken.append(answer["order_id"])
            if sending.wait_s is None and not sending.follow:
                put(answer["order_id"] if output is OutputFormat.TABLE else written(answer, output))
            done()
    if sending.follow:
        note(f"{taken[0]} is taken", output)
        hints = Hints(gateway, "order", taken[0])
        return put_stream(follow_order(gateway, taken[0]), output, hints.after) == "COMPLETED"
    if sending.wait_s is None:
        if len(taken) == 1:
            note(f"Follow it: {typed(gateway, 'order', 'follow', taken[0])}", output)
        return True
    went_well = [_waited(gateway, order_id, sending.wait_s, output) for order_id in taken]
    return all(went_well)


def _waited(gateway: Gateway, order_id: str, wait_s: float, output: OutputFormat) -> bool:
    order = rested(gateway, order_id, wait_s)
    if output is OutputFormat.TABLE:
        typer.echo(f"{order_id}  {order['lifecycle']}  {order['status']}  {order['reason'] or ''}".rstrip())
    else:
        typer.echo(written(order, output))
    if output is OutputFormat.TABLE:
        note(next_after(gateway, "order", order_id, order["status"]))
    return ended_well(order["status"])
