"""`scripts/waiting`: have thousands of orders wait for an approval, and compare the orchestrator with an idle one."""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import aiohttp
import typer
from rich.console import Console
from rich.table import Table

from campaigns.gateway_client import Accepted, GatewayClient, NoAnswer
from campaigns.installation import Installation, NotStarted
from campaigns.process_use import Use, use_of
from campaigns.status_feed import ENDED, StatusFeed

AWAITING = "AWAITING_APPROVAL"
TOLERANCE = 0.05
CPU_NOISE = 0.005
"""Share of one core by which two measurements of an idle process differ anyway."""
_AT_ONCE = 32
_console = Console(stderr=True)


@dataclass(frozen=True, slots=True)
class Sample:
    """What the orchestrator holds, and the share of one core it used while it was watched."""

    held: Use
    cpu: float


class Stuck(Exception):
    """Orders did not come to where they had to."""


def main(
    orders: Annotated[int, typer.Option(min=1, help="How many orders wait for an approval.")] = 10_000,
    others: Annotated[int, typer.Option(min=1, help="How many orders pass beside them.")] = 200,
    watch: Annotated[float, typer.Option(min=1, help="Seconds that each measurement of the CPU takes.")] = 60.0,
    within: Annotated[float, typer.Option(help="Seconds within which orders have to be where they belong.")] = 600.0,
) -> None:
    """Show that what waits holds no thread and no connection, and that other orders flow. Exit 1 where it is not so."""
    with tempfile.TemporaryDirectory(prefix="sagaline-waiting-") as directory:
        try:
            with Installation(Path(directory), say=_console.print) as installation:
                samples = asyncio.run(_run(installation, orders, others, watch, within))
        except (NotStarted, NoAnswer, Stuck) as error:
            _console.print(f"not done: {error}")
            sys.exit(2)
    Console().print(_table(samples))
    faults = faults_of(*samples.values())
    for fault in faults:
        _console.print(fault)
    sys.exit(1 if faults else 0)


async def _run(
    installation: Installation, orders: int, others: int, watch_s: float, within_s: float
) -> Mapping[str, Sample]:
    addresses, pid = installation.addresses, installation.process("orchestrator-0").pid
    async with aiohttp.ClientSession() as session, StatusFeed(addresses.bootstrap) as feed:
        client = GatewayClient(session, addresses.gateway)

        async def bring(name: str, count: int, total: str, statuses: frozenset[str]) -> Sequence[str]:
            ids = await _post(client, name, count, total)
            _console.print(f"{count} orders of {total} are taken")

            def there() -> bool:
                return all(one in feed.latest and feed.latest[one].status in statuses for one in ids)

            if not await feed.wait_for(there, within_s):
                raise Stuck(f"not all orders of {total} came to {', '.join(sorted(statuses))} in {within_s:g} s")
            return ids

        await bring("warm", others, "15.30", ENDED)
        idle = await _sample(pid, watch_s)
        held = await bring("held", orders, "153.00", frozenset({AWAITING}))
        waiting = await _sample(pid, watch_s)
        await bring("beside", others, "15.30", ENDED)
        if any(feed.latest[one].status != AWAITING for one in held):
            raise Stuck("orders that nobody decided about went on")
    return {"idle": idle, f"{orders:,} orders wait": waiting}


async def _post(client: GatewayClient, name: str, count: int, total: str) -> Sequence[str]:
    turns = asyncio.Semaphore(_AT_ONCE)

    async def one(number: int) -> str:
        async with turns:
            taken = await client.submit(f"{name}-{number}", order_of(total))
        if not isinstance(taken, Accepted):
            raise Stuck(f"an order was refused: {taken.errors}")
        return taken.order_id

    return await asyncio.gather(*(one(number) for number in range(count)))


def order_of(total: str) -> dict[str, Any]:
    """Return an order of six pieces; above 100.00 it waits for an approval."""
    price = f"{float(total) / 6:.2f}"
    return {
        "customer_id": "17850",
        "currency": "GBP",
        "total": total,
        "payment_method": "pm_card_ok",
        "lines": [{"sku": "85123A", "quantity": 6, "unit_price": price}],
        "shipping": {"method": "standard", "country": "United Kingdom", "address": "1 High St"},
    }


async def _sample(pid: int, watch_s: float) -> Sample:
    loop = asyncio.get_running_loop()
    await asyncio.sleep(min(watch_s, 5.0))
    began, before = loop.time(), use_of(pid)
    await asyncio.sleep(watch_s)
    after = use_of(pid)
    return Sample(after, (after.cpu_s - before.cpu_s) / (loop.time() - began))


def faults_of(idle: Sample, waiting: Sample) -> Sequence[str]:
    """Return in what an orchestrator whose orders wait differs from an idle one by more than is allowed."""
    pairs = {
        "threads": (idle.held.threads, waiting.held.threads, 0.0),
        "sockets": (idle.held.sockets, waiting.held.sockets, 0.0),
        "CPU": (idle.cpu, waiting.cpu, CPU_NOISE),
    }
    return [
        f"{name}: {before:g} idle, {after:g} while orders wait"
        for name, (before, after, noise) in pairs.items()
        if abs(after - before) > max(TOLERANCE * before, noise)
    ]


def _table(samples: Mapping[str, Sample]) -> Table:
    table = Table("orchestrator", "threads", "sockets", "CPU, % of a core", "resident MB")
    for name, sample in samples.items():
        held = sample.held
        table.add_row(name, str(held.threads), str(held.sockets), f"{100 * sample.cpu:.2f}", f"{held.resident_mb:.0f}")
    return table


if __name__ == "__main__":
    os.environ.setdefault("COLUMNS", "120")
    typer.run(main)
