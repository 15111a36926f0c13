"""10,000 concurrent repetitions of 1,000 orders through two gateways that are killed: exactly 1,000 sagas."""

from __future__ import annotations

import asyncio
import json
import os
import sqlite3
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from campaigns.installation import Installation, NotStarted
from campaigns.retry_storm import Edges, NoEdge, Storm, rage

_SETTLE_S = 120.0
_console = Console(stderr=True)


def main(
    orders: Annotated[int, typer.Option(min=1, help="How many orders there are.")] = 1_000,
    clients: Annotated[int, typer.Option(min=1, help="How many clients repeat them, all at once.")] = 10_000,
    kills: Annotated[int, typer.Option(min=0, help="How often a gateway is killed.")] = 4,
    seed: Annotated[int, typer.Option(help="The same seed gives the same storm.")] = 1,
    within: Annotated[float, typer.Option(help="Seconds in which every client has to have its answer.")] = 180.0,
) -> None:
    """Show that a key is one order, whoever repeats it where, and whoever dies. Exit 1 where it is not."""
    with tempfile.TemporaryDirectory(prefix="sagaline-idempotency-") as directory:
        try:
            verdict = run(Path(directory), orders, clients, kills, seed, within)
        except (NotStarted, NoEdge) as error:
            _console.print(f"not done: {error}")
            sys.exit(2)
    print(json.dumps(verdict, indent=2))  # noqa: T201 - a command's answer
    sys.exit(1 if verdict["faults"] else 0)


def run(directory: Path, orders: int, clients: int, kills: int, seed: int, within_s: float) -> dict[str, Any]:
    """Run the storm on an installation of its own and return what came of it."""
    with Installation(directory, say=_console.print) as installation:
        databases = json.loads((directory / "dev.json").read_text(encoding="utf-8"))["databases"]
        settings = {
            "KAFKA_BOOTSTRAP_SERVERS": installation.addresses.bootstrap,
            "DATABASE_URL": databases["gateway"],
            "READ_MODEL_URL": databases["projector"],
            "GATEWAY_AUTH": "off",
            "LOG_LEVEL": "ERROR",
        }
        documents = [order_of(number) for number in range(orders)]
        with Edges(settings) as edges:
            began = time.monotonic()
            storm = asyncio.run(rage(edges, documents, clients, kills, seed, within_s, _console.print))
            took_s = time.monotonic() - began
        _console.print("every client has ended; counting sagas")
        sagas = settled(databases["projector"], storm)
    return verdict_of(storm, sagas, took_s)


def order_of(number: int) -> Mapping[str, Any]:
    """Return an order; no two are alike."""
    return {
        "customer_id": f"storm{number}",
        "currency": "GBP",
        "total": "5.10",
        "payment_method": "pm_card_ok",
        "lines": [{"sku": "85123A", "description": "HEART", "quantity": 2, "unit_price": "2.55"}],
        "shipping": {"method": "standard", "country": "United Kingdom", "address": f"{number} High St"},
        "reference": str(number),
    }


def settled(read_model_url: str, storm: Storm) -> Sequence[tuple[str, int]]:
    """Return how often each saga of the storm started, once all have; or what there is after two minutes."""
    deadline = time.monotonic() + _SETTLE_S
    while True:
        found = _started(read_model_url)
        if len(found) >= len(storm.order_ids) or time.monotonic() > deadline:
            return found
        time.sleep(0.5)


def _started(read_model_url: str) -> Sequence[tuple[str, int]]:
    connection = sqlite3.connect(read_model_url.removeprefix("sqlite:///"), timeout=30)
    try:
        query = "SELECT saga_id, COUNT(*) FROM order_events WHERE type = 'SagaStarted' GROUP BY saga_id"
        return [(str(saga_id), int(count)) for saga_id, count in connection.execute(query)]
    finally:
        connection.close()


def verdict_of(storm: Storm, sagas: Sequence[tuple[str, int]], took_s: float) -> dict[str, Any]:
    """Return the outcome as a document; `faults` is empty where every promise was kept."""
    faults = list(storm.faults())
    ids = {saga_id for saga_id, _ in sagas}
    if ids != storm.order_ids:
        faults.append(f"{len(ids - storm.order_ids)} sagas nobody was told of, {len(storm.order_ids - ids)} lost")
    faults += [f"{saga_id} started {count} times" for saga_id, count in sagas if count != 1]
    return {
        "orders": len(storm.answers),
        "clients": storm.unanswered + sum(found.total() for found in storm.answers.values()),
        "kills": storm.kills,
        "attempts": dict(storm.attempts),
        "sagas": len(sagas),
        "seconds": round(took_s, 1),
        "faults": faults,
    }


if __name__ == "__main__":
    os.environ.setdefault("COLUMNS", "120")
    typer.run(main)
