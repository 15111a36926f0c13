"""Participants as processes on a real broker: kill -9 at the worst moments loses nothing and doubles nothing."""

from __future__ import annotations

import json
import random
import signal
import subprocess
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, text

from cli.topics import create_topics
from schemas.topics import INVENTORY_COMMANDS, PAYMENT_COMMANDS
from tests.kafka.participants.cluster import Cluster

ORDERS = 60
KILLS = 4


@pytest.fixture
def cluster(broker: str, tmp_path: Path) -> Iterator[Cluster]:
    """Give a cluster with all topics and nothing running."""
    list(create_topics(broker))
    made = Cluster(broker, tmp_path)
    yield made
    made.close()


def _rows(url: str, sql: str) -> list[tuple[Any, ...]]:
    engine = create_engine(url)
    with engine.connect() as connection:
        rows = [tuple(row) for row in connection.execute(text(sql))]
    engine.dispose()
    return rows


def _lock(cluster: Cluster, number: int) -> None:
    lines = [{"sku": "tea", "quantity": 1}]
    cluster.send(INVENTORY_COMMANDS.name, "inventory.LockInventory", cluster.saga(number), "lock", lines=lines)


def _stock(cluster: Cluster) -> str:
    path = cluster.directory / "stock.csv"
    path.write_text("warehouse_id,sku,on_hand\nA,tea,1000\n")
    return str(path)


def test_killed_between_sql_and_kafka_it_sends_the_reply_again(cluster: Cluster) -> None:
    settings = {"DATABASE_URL": cluster.url("inventory"), "SAGA_INSTANCE": f"inventory-{cluster.run}"}
    stock = _stock(cluster)
    quiet = cluster.start("services.inventory.app", STOCK_FILE=stock, **settings)
    cluster.wait(lambda: _rows(settings["DATABASE_URL"], "SELECT count(*) FROM stock") == [(1,)], "stock is loaded")
    quiet.send_signal(signal.SIGTERM)
    assert quiet.wait(20) == 0

    _lock(cluster, 1)
    dying = cluster.start("tests.kafka.participants.dying", **settings)
    assert dying.wait(30) == -signal.SIGKILL
    assert _rows(settings["DATABASE_URL"], "SELECT reserved FROM stock") == [(1,)]
    assert cluster.answered() == set()

    cluster.start("services.inventory.app", STOCK_FILE=stock, **settings)
    cluster.wait(lambda: len(cluster.answered()) == 1, "the command is answered")
    assert [name for name, _, _ in cluster.replies] == ["inventory.InventoryLocked"]
    assert _rows(settings["DATABASE_URL"], "SELECT reserved FROM stock") == [(1,)]


def test_killed_again_and_again_it_charges_every_order_once_and_answers_each(cluster: Cluster) -> None:
    psp = cluster.sandbox("psp", "PSP_URL")
    settings = {"DATABASE_URL": cluster.url("payment"), "SAGA_INSTANCE": f"payment-{cluster.run}"}
    chance = random.Random(5)  # noqa: S311 - picks moments, guards nothing
    methods = ("pm_card_ok", "pm_timeout_after_capture", "pm_card_ok", "pm_card_declined")
    payment: subprocess.Popen[bytes] = cluster.start("services.payment.app", **settings)
    for number in range(ORDERS):
        cluster.send(
            PAYMENT_COMMANDS.name, "payment.CapturePayment", cluster.saga(number), "pay", customer_id="1",
            amount_minor=100 + number, currency="GBP", payment_method=methods[number % len(methods)],
        )  # fmt: skip
    for kill in range(KILLS):
        before = len(cluster.answered())
        enough = before + chance.randrange(1, 8)
        cluster.wait(lambda enough=enough: len(cluster.answered()) >= min(enough, ORDERS), f"kill {kill}")  # type: ignore[misc]  # a default binds the value of this turn
        payment.kill()
        payment.wait(10)
        payment = cluster.start("services.payment.app", **settings)
    cluster.wait(lambda: len(cluster.answered()) == ORDERS, "every command is answered")

    with urllib.request.urlopen(f"{psp}/v1/ledger") as answer:  # noqa: S310 - a sandbox on the loopback
        charges = json.load(answer)["charges"]
    captured = [charge["order_id"] for charge in charges]
    assert len(captured) == len(set(captured))
    named = {fields["meta"]["saga_id"] for name, fields, _ in cluster.replies if name == "payment.PaymentCaptured"}
    assert named == set(captured) == {cluster.saga(n) for n in range(ORDERS) if n % 4 != 3}
    values: dict[str, set[bytes]] = {}
    for _, fields, value in cluster.replies:
        values.setdefault(fields["meta"]["command_id"], set()).add(value)
    assert all(len(different) == 1 for different in values.values())


def test_it_ends_cleanly_and_says_what_it_lacks(cluster: Cluster) -> None:
    url = cluster.url("inventory")
    inventory = cluster.start("services.inventory.app", DATABASE_URL=url, STOCK_FILE=_stock(cluster))
    _lock(cluster, 1)
    cluster.wait(lambda: len(cluster.answered()) == 1, "the command is answered")
    inventory.send_signal(signal.SIGTERM)
    assert inventory.wait(20) == 0
    assert cluster.start("services.inventory.app", DATABASE_URL=f"sqlite:///{cluster.directory}/new.db").wait(20) == 2
    assert cluster.start("services.payment.app", DATABASE_URL=url, PSP_URL="").wait(20) == 2
    assert cluster.start("services.payment.app", DATABASE_URL="mysql://x/y", PSP_URL="http://x").wait(20) == 2
