"""`scripts/demo`: real orders and everything that can go wrong with them, live, on a real Kafka; then the books."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Annotated

import aiohttp
import typer
from rich.console import Console

from campaigns.gateway_client import GatewayClient, NoAnswer, Refused
from campaigns.installation import Installation, NotStarted
from campaigns.load_run import LoadRun, Pace, Result
from campaigns.observer import Observer
from campaigns.plan import Planned
from campaigns.retail import demo_invoices, order_of, read_invoices
from campaigns.scenes import ALL, Scene
from campaigns.screen import Progress, Screen
from campaigns.stage import Check, Disappointed, Stage
from campaigns.status_feed import OrderStatus, StatusFeed
from cli.ports import is_taken
from verify.collect import collect
from verify.proof import prove
from verify.render import print_report
from verify.sources import Unreachable, from_data

DATA = Path(".saga") / "demo"
_RATE = 10.0
_GATEWAY_PORT, _KAFKA_PORT = 8080, 9092
_SHOWN_ERRORS = 2

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command()
def demo(
    *,
    keep: Annotated[bool, typer.Option("--keep", help="Leave everything running until Ctrl-C.")] = False,
    data: Annotated[Path, typer.Option(help="Directory for the data; what is in it from before is deleted.")] = DATA,
) -> None:
    """Run an installation on this machine, send it real orders, disturb it, prove the books; exit 0 if all held."""
    console = Console()
    orders: Progress = {}
    screen = Screen(console, orders)
    screen.say("real orders of a UK shop, December 2010 (Daqing Chen, UCI Online Retail, CC BY 4.0)")
    installation = Installation(
        data,
        gateway_port=None if is_taken(_GATEWAY_PORT) else _GATEWAY_PORT,
        kafka_port=None if is_taken(_KAFKA_PORT) else _KAFKA_PORT,
        say=lambda line: console.print(f"          {line}", highlight=False, markup=False, soft_wrap=True),
    )
    try:
        with installation:
            with screen:
                held = asyncio.run(_perform(installation, screen, orders))
            held = _books(data, console, screen) and held
            _what_next(installation, console, keep)
            if keep:
                _until_interrupted(installation)
    except (NotStarted, NoAnswer, Unreachable) as error:
        screen.say(str(error))
        raise typer.Exit(3) from error
    screen.say("everything held" if held else "not everything held: see the lines with ✗")
    if not held:
        raise typer.Exit(1)


def _until_interrupted(installation: Installation) -> None:
    try:
        installation.wait()
    except KeyboardInterrupt:
        return


async def _perform(installation: Installation, screen: Screen, orders: Progress) -> bool:
    addresses = installation.addresses
    runs: list[LoadRun] = []

    def on_change(status: OrderStatus) -> None:
        orders[status.order_id] = status
        for run in runs:
            run.on_status(status)
        screen.moved()

    with Observer(addresses.bootstrap) as observer:
        async with aiohttp.ClientSession() as session, StatusFeed(addresses.bootstrap, on_change) as feed:
            client = GatewayClient(session, addresses.gateway)
            stage = Stage(installation, client, session, feed, observer)
            run = LoadRun(client, feed, _plan(), Pace(rate=_RATE, wait_s=45.0))
            runs.append(run)
            real, *scenes = await asyncio.gather(
                _real_orders(run, screen), *(_play(scene, stage, screen) for scene in ALL)
            )
    return real and all(scenes)


def _plan() -> Iterable[Planned]:
    for invoice in demo_invoices(read_invoices()):
        yield Planned(f"invoice-{invoice.number}", order_of(invoice))


async def _real_orders(run: LoadRun, screen: Screen) -> bool:
    screen.say("posting real orders; those above 100.00 wait for the manager, who approves them all")
    await run.post()
    taken, refused = len(run.result.accepted), run.result.refused
    screen.say(f"{taken} real orders taken, {len(refused)} dirty ones refused:")
    for one in sorted(refused, key=lambda refused: refused.key):
        screen.say(f"   {one.key}: {_reasons(one)}")
    result = await run.finish()
    screen.scene("real orders", _look_at(result))
    return all(check.holds for check in _look_at(result))


def _look_at(result: Result) -> Sequence[Check]:
    completed = sum(status.status == "COMPLETED" for status in result.statuses.values())
    revoked = [status for status in result.statuses.values() if status.status == "TRANSACTION_REVOKED"]
    reasons = sorted({str(status.reason) for status in revoked})
    dirty = [invoice for invoice in demo_invoices(read_invoices()) if invoice.faults]
    return [
        Check(f"{completed} shipped, {len(revoked)} revoked ({', '.join(reasons)})", set(reasons) <= {"out_of_stock"}),
        Check("every one of them ended", not result.unfinished),
        Check("every dirty order refused, with the field named", _all_named(result.refused, len(dirty))),
    ]


def _all_named(refused: Sequence[Refused], expected: int) -> bool:
    return len(refused) == expected and all(one.status in (400, 422) and one.errors[0][0] for one in refused)


def _reasons(refused: Refused) -> str:
    shown = "; ".join(f"{field} {message}" for field, message in refused.errors[:_SHOWN_ERRORS])
    more = len(refused.errors) - _SHOWN_ERRORS
    return f"{refused.status}: {shown}" + (f"; and {more} more" if more > 0 else "")


async def _play(scene: Scene, stage: Stage, screen: Screen) -> bool:
    try:
        checks = await scene.play(stage)
    except Disappointed as error:
        checks = [Check(str(error), False)]
    screen.scene(scene.title, checks)
    return all(check.holds for check in checks)


def _books(data: Path, console: Console, screen: Screen) -> bool:
    screen.say("proving the books: topics, databases and the providers' own ledgers, not the orchestrator's state")
    report = prove(collect(from_data(data), frozenset(), 20.0, screen.say, must_end=True), must_end=True)
    print_report(report, console)
    return report.holds


def _what_next(installation: Installation, console: Console, keep: bool) -> None:
    addresses = installation.addresses
    data = installation.directory
    lines = [
        "" if keep else "Everything stops now. Start it with `scripts/demo --keep` and try:",
        f"  orders               curl -s '{addresses.gateway}/v1/orders?limit=5'",
        f"  API                  {addresses.gateway}/docs",
        f"  status, any tool     kcat -b {addresses.bootstrap} -t orders.status -C -o beginning -e -f '%k %s\\n'",
        f"  events, decoded      .venv/bin/saga topics tail saga.events --data {data} -n 20",
        f"  prove it again       .venv/bin/saga verify --ended --data {data}",
        f"  more load            scripts/load --data {data} --orders 100",
        "  kill it all          scripts/chaos",
        "  Ctrl-C stops everything" if keep else "",
    ]
    console.print("\n".join(line for line in lines if line), highlight=False, markup=False, soft_wrap=True)


if __name__ == "__main__":
    app()
