"""`scripts/load`: post real or invented orders to a running installation and print what became of them."""

from __future__ import annotations

import asyncio
from collections import Counter
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from campaigns.address_book import read_addresses
from campaigns.gateway_client import NoAnswer
from campaigns.load_run import Pace, Result, run_plan
from campaigns.plan import Mix, real_orders, synthetic_orders
from cli.options import api_key_of


class Source(StrEnum):
    """Which orders are posted."""

    REAL = "real"
    SYNTHETIC = "synthetic"


app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command()
def load(
    *,
    data: Annotated[Path, typer.Option(help="Data directory of the running `saga dev`.")] = Path(".saga"),
    orders: Annotated[int, typer.Option(min=1, help="How many faultless orders; faulty ones come on top.")] = 500,
    source: Annotated[Source, typer.Option(help="Real invoices or invented orders.")] = Source.REAL,
    seed: Annotated[int, typer.Option(help="Same seed, same plan.")] = 1,
    rate: Annotated[float, typer.Option(min=0, help="Orders a second; 0: as fast as they are taken.")] = 40.0,
    concurrency: Annotated[int, typer.Option(min=1, max=512, help="Requests at once.")] = 16,
    wait: Annotated[float, typer.Option(min=0, help="Seconds to wait for the last order to end.")] = 180.0,
    accepted: Annotated[Path | None, typer.Option(help="Write the ids of accepted orders to this file.")] = None,
    prefix: Annotated[str, typer.Option(help="Start of every idempotency key; a new one makes new orders.")] = "load",
) -> None:
    """Post orders, approve or reject those that wait for it, cancel some in mid-flight; exit 1 if one never ends."""
    try:
        addresses = read_addresses(data)
    except (OSError, ValueError, KeyError) as error:
        raise typer.BadParameter(f"no `saga dev` has run on {data}: {error!r}", param_hint="--data") from error
    make = real_orders if source is Source.REAL else synthetic_orders
    plan = make(orders, seed, Mix(), f"{prefix}-{seed}")
    try:
        result = asyncio.run(
            run_plan(
                addresses.bootstrap, addresses.gateway, plan, Pace(rate, concurrency, wait), api_key=api_key_of(data)
            )
        )
    except NoAnswer as error:
        Console(stderr=True).print(f"The gateway on {addresses.gateway} does not answer: {error}", highlight=False)
        raise typer.Exit(1) from error
    if accepted is not None:
        accepted.write_text("".join(f"{order_id}\n" for order_id in result.accepted.values()), encoding="utf-8")
    print_result(result, Console())
    if result.unfinished:
        raise typer.Exit(1)


def print_result(result: Result, console: Console) -> None:
    """Print outcomes, reasons and refusals as a table."""
    table = Table(title=f"{len(result.accepted)} orders accepted, {len(result.refused)} refused", title_justify="left")
    for heading in ("outcome", "reason", "orders"):
        table.add_column(heading, justify="right" if heading == "orders" else "left")
    ended = Counter((status.status, status.reason or "") for status in result.statuses.values())
    for (status, reason), count in sorted(ended.items()):
        table.add_row(status, reason, str(count))
    if result.unfinished:
        table.add_row("not ended", ", ".join(result.unfinished[:3]), str(len(result.unfinished)))
    faults = Counter(_kind(refused.errors[0]) for refused in result.refused)
    for fault, count in sorted(faults.items()):
        table.add_row("refused", fault, str(count))
    for status_code, count in sorted(result.cancels.items()):
        table.add_row("cancellation asked for", f"answered {status_code}", str(count))
    console.print(table)


def _kind(error: tuple[str, str]) -> str:
    """Return an error without its position, so that equal faults of different lines count together."""
    field, message = error
    head, _, tail = field.partition("[")
    return f"{head}[].{tail.partition('.')[2]}: {message}" if tail else f"{field}: {message}"


if __name__ == "__main__":
    app()
