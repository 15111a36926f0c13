"""A whole installation under real orders and a kill: the books hold, and bugs planted in it afterwards are found."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sqlite3
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from confluent_kafka import Producer

from campaigns.address_book import read_addresses
from campaigns.installation import Installation
from campaigns.load_run import Pace, Result, run_plan
from campaigns.plan import Mix, real_orders
from schemas import topics
from schemas.codec import Codec
from verify.collect import collect
from verify.evidence import Event, Evidence
from verify.proof import prove
from verify.report import Report
from verify.sources import from_data

ORDERS = 60
KILL_AFTER_ORDERS = 20


@dataclass(frozen=True, slots=True)
class World:
    """An installation that has had its load."""

    directory: Path
    result: Result

    def evidence(self) -> Evidence:
        """Collect what there is to judge."""
        return collect(
            from_data(self.directory), frozenset(self.result.accepted.values()), 60.0, lambda _: None, must_end=True
        )

    def report(self) -> Report:
        """Judge it."""
        return prove(self.evidence(), must_end=True)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Give an installation after real orders, with the orchestrator killed among them."""
    directory = tmp_path_factory.mktemp("installation")
    with Installation(directory) as installation:
        yield World(directory, asyncio.run(_load_and_kill(installation)))


async def _load_and_kill(installation: Installation) -> Result:
    moved: set[str] = set()
    killed: list[int] = []

    def on_move(order_id: str) -> None:
        moved.add(order_id)
        if len(moved) == KILL_AFTER_ORDERS and not killed:
            killed.append(installation.process("orchestrator-0").pid)
            os.kill(killed[0], signal.SIGKILL)

    plan = real_orders(ORDERS, 11, Mix(latest_cancel_s=2.0), "e2e")
    addresses = installation.addresses
    pace = Pace(rate=40.0, wait_s=120.0)
    result = await run_plan(addresses.bootstrap, addresses.gateway, plan, pace, lambda status: on_move(status.order_id))
    assert killed, "too few orders moved to kill the orchestrator among them"
    return result


def test_every_order_ends_and_the_books_hold_through_a_kill(world: World) -> None:
    assert len(world.result.accepted) == ORDERS
    assert world.result.unfinished == ()
    assert len({status.status for status in world.result.statuses.values()}) > 1
    report = world.report()
    assert report.findings == ()
    assert report.holds


def test_a_second_charge_at_the_provider_is_found(world: World) -> None:
    order = _completed(world)
    charge = {
        "order_id": order,
        "customer_id": "17850",
        "amount_minor": 100,
        "currency": "GBP",
        "payment_method": "pm_card_ok",
    }
    request = urllib.request.Request(  # noqa: S310 - an address of the test's own installation
        f"{read_addresses(world.directory).sandboxes['psp']}/v1/charges",
        json.dumps(charge).encode(),
        {"Content-Type": "application/json", "Idempotency-Key": f"planted-{order}"},
    )
    with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310 - see above
        assert answer.status == 201
    _assert_found(world, "money", order)
    _assert_found(world, "agreement", order)


def test_a_unit_that_vanishes_from_a_shelf_is_found(world: World) -> None:
    order = _completed(world)
    with _database(world, "inventory") as connection:
        warehouse_id, sku = connection.execute(
            "SELECT warehouse_id, sku FROM allocations WHERE saga_id = ?", (order,)
        ).fetchone()
        connection.execute(
            "UPDATE stock SET on_hand = on_hand - 1 WHERE warehouse_id = ? AND sku = ?", (warehouse_id, sku)
        )
    _assert_found(world, "stock", order)


def test_a_shipment_our_table_forgets_is_found(world: World) -> None:
    order = _completed(world)
    with _database(world, "shipping") as connection:
        connection.execute("DELETE FROM shipments WHERE saga_id = ?", (order,))
    _assert_found(world, "agreement", order)


def test_a_repeated_last_event_is_found(world: World) -> None:
    evidence = world.evidence()
    order = _completed(world)
    end = next(event for event in evidence.log.events[order] if event.name == "SagaCompleted")
    _write(world, topics.EVENTS.name, order, _encoded(end), end.place.partition)
    _assert_found(world, "sequence", order)
    _assert_found(world, "outcome", order)


def test_a_command_without_an_event_is_found(world: World) -> None:
    order = _completed(world)
    meta = {
        "saga_id": order,
        "sequence": 99,
        "command_id": f"{order}:ghost:0",
        "token": f"{order}:ghost",
        "undoes": None,
        "step": "ghost",
        "attempt": 0,
        "issued_at": 1,
        "deadline": None,
    }
    value = Codec().encode("shipping.PickOrder", {"meta": meta, "order_id": order, "warehouse_id": "LDN", "units": 1})
    _write(world, topics.SHIPPING_COMMANDS.name, order, value)
    _assert_found(world, "commands", order)


def test_a_changelog_that_the_events_do_not_give_is_found(world: World) -> None:
    evidence = world.evidence()
    order = _completed(world)
    state = {**evidence.log.states[order], "lifecycle": "packed"}
    partition = evidence.log.events[order][0].place.partition
    _write(world, topics.CHANGELOG.name, order, Codec().encode("saga.State", state), partition)
    _assert_found(world, "changelog", order)


def _completed(world: World) -> str:
    return next(status.order_id for status in world.result.statuses.values() if status.status == "COMPLETED")


def _assert_found(world: World, check: str, order: str) -> None:
    report = world.report()
    assert not report.holds
    assert [one for one in report.findings if one.check == check and order in one.orders], report.findings


def _database(world: World, participant: str) -> sqlite3.Connection:
    url = from_data(world.directory).databases[participant]
    return sqlite3.connect(url.removeprefix("sqlite:///"), timeout=60)


def _encoded(event: Event) -> bytes:
    meta = {
        "saga_id": event.saga_id,
        "sequence": event.sequence,
        "at": event.at_ms,
        "definition": event.definition,
        "version": event.version,
        "lifecycle": event.lifecycle,
        "status": event.status,
        "cause": "planted",
    }
    return Codec().encode(f"saga.{event.name}", {"meta": meta, **event.fields})


def _write(world: World, topic: str, key: str, value: bytes, partition: int | None = None) -> None:
    producer = Producer(
        {"bootstrap.servers": read_addresses(world.directory).bootstrap, "partitioner": "murmur2_random"}
    )
    if partition is None:
        producer.produce(topic, value, key.encode())
    else:
        producer.produce(topic, value, key.encode(), partition)
    deadline = time.monotonic() + 60
    while producer.flush(1.0):
        assert time.monotonic() < deadline, f"{topic} takes no record"
