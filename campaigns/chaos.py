"""`scripts/chaos`: real orders while every process in turn is killed with -9; then the books must hold."""

from __future__ import annotations

import asyncio
import random
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from campaigns.address_book import read_processes
from campaigns.chaos_report import Campaign, markdown
from campaigns.gateway_client import NoAnswer
from campaigns.installation import Installation, NotStarted
from campaigns.kills import Kill, Killer, targets
from campaigns.load import print_result
from campaigns.load_run import Pace, Result, run_plan
from campaigns.observer import Observer
from campaigns.plan import Mix, Planned, real_orders, synthetic_orders
from verify.collect import collect
from verify.proof import prove
from verify.render import print_report
from verify.report import Report
from verify.sources import Unreachable, from_data

RECOVERY_LIMIT_MS = 5_000.0
"""How long the orchestrator may take, from kill -9 to committed events on every partition."""

_FILLERS = 20_000
_WARM_UP_S = 3.0

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command()
def chaos(
    *,
    orders: Annotated[int, typer.Option(min=1, help="How many faultless real orders.")] = 500,
    kills: Annotated[int, typer.Option(min=1, help="How many kills; every process dies at least twice.")] = 34,
    rate: Annotated[float, typer.Option(min=0.1, help="Orders a second.")] = 6.0,
    seed: Annotated[int, typer.Option(help="Same seed, same orders and same order of kills.")] = 1,
    orchestrators: Annotated[int, typer.Option(min=1, max=8, help="How many orchestrators share the partitions.")] = 1,
    only: Annotated[str, typer.Option(help="Kill only processes whose name starts with this.")] = "",
    data: Annotated[
        Path | None, typer.Option(help="Keep everything in this directory; default: a temporary one.")
    ] = None,
    report: Annotated[Path | None, typer.Option(help="Write the figures to this Markdown file.")] = None,
) -> None:
    """Start an installation, load it, kill, wait for the last order, prove the books; exit 0 only if all of it held."""
    console = Console()
    started = time.monotonic()

    def say(line: str) -> None:
        console.print(f"{time.monotonic() - started:6.1f} s  {line}", highlight=False, soft_wrap=True)

    try:
        campaign = _campaign(Instructions(orders, kills, rate, seed, orchestrators, only), data, console, say)
    except (NotStarted, NoAnswer, Unreachable) as error:
        say(f"the campaign could not be carried out: {error}")
        raise typer.Exit(3) from error
    if report is not None:
        report.parent.mkdir(parents=True, exist_ok=True)
        report.write_text(markdown(campaign), encoding="utf-8")
    for line in campaign.failures():
        console.print(f"[red]✗[/red] {line}", highlight=False, soft_wrap=True)
    if campaign.failures():
        raise typer.Exit(1)
    say(f"everything held through {len(campaign.kills)} kills")


@dataclass(frozen=True, slots=True)
class Instructions:
    """What a campaign was told to do."""

    orders: int
    kills: int
    rate: float
    seed: int
    orchestrators: int
    only: str


def _campaign(order: Instructions, data: Path | None, console: Console, say: Callable[[str], None]) -> Campaign:
    """Carry it out from beginning to end. Raises NotStarted, NoAnswer, Unreachable."""
    with ExitStack() as stack:
        directory = data or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="saga-chaos-")))
        say("starting an installation")
        installation = stack.enter_context(Installation(directory, orchestrators=order.orchestrators))
        observer = stack.enter_context(Observer(installation.addresses.bootstrap))
        draw = random.Random(order.seed)  # noqa: S311 - the same seed must give the same campaign
        names = [name for name in sorted(read_processes(directory)) if name.startswith(order.only)]
        killer = Killer(installation, observer, draw, say)
        say(f"posting {order.orders} real orders at {order.rate:g} a second, and killing {order.kills} times")
        victims = targets(names, order.kills, draw)
        pace = Pace(rate=order.rate, wait_s=240.0)
        deaths, result = asyncio.run(_both(installation, killer, victims, _plan(order.orders, order.seed), pace))
        say("no order is under way any more" if not result.unfinished else "some orders do not end")
        print_result(result, console)
        verdict = _prove(directory, result, say)
        print_report(verdict, console)
    return Campaign(deaths, result, verdict, order.seed, order.rate, order.orchestrators, RECOVERY_LIMIT_MS)


async def _both(
    installation: Installation, killer: Killer, victims: Sequence[str], plan: _Plan, pace: Pace
) -> tuple[list[Kill], Result]:
    async def kill_all() -> list[Kill]:
        try:
            await asyncio.sleep(_WARM_UP_S)
            return await asyncio.to_thread(lambda: list(killer.run(victims)))
        finally:
            plan.killing.clear()

    plan.killing.set()
    deaths = asyncio.create_task(kill_all())
    addresses = installation.addresses
    result = await run_plan(addresses.bootstrap, addresses.gateway, plan, pace)
    return await deaths, result


class _Plan:
    """The real orders, and after them invented ones for as long as processes die."""

    def __init__(self, real: Sequence[Planned], fillers: Sequence[Planned]) -> None:
        self.killing = threading.Event()
        self._real = real
        self._fillers = fillers

    def __iter__(self) -> Iterator[Planned]:
        yield from self._real
        for filler in self._fillers:
            if not self.killing.is_set():
                return
            yield filler


def _plan(orders: int, seed: int) -> _Plan:
    prefix = f"chaos-{seed}"
    return _Plan(real_orders(orders, seed, Mix(), prefix), synthetic_orders(_FILLERS, seed, Mix(), f"{prefix}-filler"))


def _prove(directory: Path, result: Result, say: Callable[[str], None]) -> Report:
    evidence = collect(from_data(directory), frozenset(result.accepted.values()), 120.0, say, must_end=True)
    return prove(evidence, must_end=True)


if __name__ == "__main__":
    app()
