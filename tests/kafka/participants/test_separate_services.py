"""Participants are processes of their own: one that is away holds up its own commands, and providers are settings."""

from __future__ import annotations

import signal
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import ConsumerGroupState
from confluent_kafka.admin import AdminClient

from cli.ports import free_ports
from cli.topics import create_topics
from schemas.topics import PAYMENT_COMMANDS
from tests.kafka.orchestrator_fleet import Fleet
from tests.kafka.participants.cluster import Cluster
from tests.kafka.participants.merchant import Merchant
from tests.saga_story import order_data
from tests.scripted_participants import Reply, success

ORDERS = 20
STOCK = 100_000
AT_WORK = ("payment", "inventory")


@pytest.fixture
def cluster(broker: str, tmp_path: Path) -> Iterator[Cluster]:
    """Give a cluster with all topics and nothing running."""
    list(create_topics(broker))
    made = Cluster(broker, tmp_path)
    yield made
    made.close()


def _at_work(bootstrap: str) -> set[str]:
    """Return the consumer groups that have members."""
    admin = AdminClient({"bootstrap.servers": bootstrap})  # the answer comes only while it lives
    groups = admin.list_consumer_groups().result(30).valid
    return {group.group_id for group in groups if group.state == ConsumerGroupState.STABLE}


def test_a_service_that_is_away_stops_nobody_else_and_a_reply_by_hand_moves_its_saga(cluster: Cluster) -> None:
    away: dict[str, dict[str, Any]] = {}

    def answered(name: str, command: dict[str, Any]) -> Reply | None:
        """Answer for notification; payment and inventory are real, and nobody is there for shipping."""
        if name.startswith("shipping."):
            away[command["meta"]["saga_id"]] = command
        return success(name, command) if name.startswith("notification.") else None

    fleet = Fleet(cluster.bootstrap, cluster.directory, answered)
    merchant = Merchant(cluster.sandbox("psp", "PSP_URL"))
    stock = cluster.directory / "stock.csv"
    stock.write_text(f"warehouse_id,sku,on_hand\nA,{order_data()['lines'][0]['sku']},{STOCK}\n")
    try:
        cluster.wait(merchant.is_up, "the merchant to answer")
        for name in AT_WORK:
            url = cluster.url(name)
            cluster.start(f"services.{name}.app", DATABASE_URL=url, STOCK_FILE=str(stock), SAGA_INSTANCE=f"{name}-0")
        fleet.start()
        ids = fleet.begin(ORDERS)
        fleet.pump_until(lambda: set(away) == set(ids), "every order waits for shipping alone")

        groups = _at_work(cluster.bootstrap)
        assert ({*AT_WORK, "orchestrator"} <= groups, "shipping" in groups) == (True, False)
        assert merchant.captures() == Counter(ids)
        assert cluster.allocated(fleet.run) == {order_id: [("deducted", 1)] for order_id in ids}
        assert {fleet.statuses[order_id][0] for order_id in ids} == {"picking"}

        def by_hand(order_id: str) -> None:
            """Answer for shipping, once, and wait for what follows."""
            command = away.pop(order_id)
            fleet.reply(success(next(name for name, fields in fleet.commands if fields is command), command))
            ended = ("shipped", "COMPLETED")
            fleet.pump_until(lambda: order_id in away or fleet.statuses[order_id] == ended, "the reply moves its saga")

        by_hand(ids[0])
        assert {away[order_id]["meta"]["step"] for order_id in ids[1:]} == {"pick"}
        assert away[ids[0]]["meta"]["step"] == "pack"
        while away:
            by_hand(next(iter(away)))
        assert {fleet.statuses[order_id] for order_id in ids} == {("shipped", "COMPLETED")}
    finally:
        fleet.close()


def test_a_provider_is_a_setting_and_another_address_is_called_from_then_on(cluster: Cluster) -> None:
    settings = {"DATABASE_URL": cluster.url("payment"), "SAGA_INSTANCE": f"payment-{cluster.run}"}
    for number, port in enumerate(free_ports(2)):
        ledger, address = str(cluster.directory / f"{number}.db"), f"http://127.0.0.1:{port}"
        cluster.start("services.sandboxes.psp", SANDBOX_DATABASE=ledger, PORT=str(port))
        merchant = Merchant(address)
        cluster.wait(merchant.is_up, "the merchant to answer")
        payment = cluster.start("services.payment.app", PSP_URL=address, **settings)
        cluster.send(
            PAYMENT_COMMANDS.name, "payment.CapturePayment", cluster.saga(number), "pay", customer_id="1",
            amount_minor=100, currency="GBP", payment_method="pm_card_ok",
        )  # fmt: skip
        cluster.wait(lambda number=number: len(cluster.answered()) == number + 1, "the command is answered")  # type: ignore[misc]  # a default binds the value of this turn
        payment.send_signal(signal.SIGTERM)
        assert payment.wait(30) == 0
        assert merchant.captures() == Counter([cluster.saga(number)])
