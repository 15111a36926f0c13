"""One service is replaced again and again under load, on a real broker, while all others go on running."""

from __future__ import annotations

import signal
from collections import Counter
from pathlib import Path
from typing import Any

from tests.kafka.orchestrator_fleet import Fleet
from tests.kafka.participants.cluster import Cluster
from tests.kafka.participants.merchant import Merchant
from tests.saga_story import order_data
from tests.scripted_participants import Reply, success

STOCK = 100_000
IN_FLIGHT = 60
BETWEEN = 60
"""Orders that end between one replacement and the next."""
REPLACEMENTS = 4
REAL = ("payment.", "inventory.")


def _scripted(name: str, command: dict[str, Any]) -> Reply | None:
    return None if name.startswith(REAL) else success(name, command)


def test_inventory_is_replaced_under_load_and_no_order_is_lost_or_done_twice(broker: str, tmp_path: Path) -> None:
    fleet, cluster = Fleet(broker, tmp_path, _scripted), Cluster(broker, tmp_path)
    merchant = Merchant(cluster.sandbox("psp", "PSP_URL"))
    (tmp_path / "stock.csv").write_text(f"warehouse_id,sku,on_hand\nA,{order_data()['lines'][0]['sku']},{STOCK}\n")
    try:
        cluster.wait(merchant.is_up, "the merchant to answer")
        payment = cluster.start("services.payment.app", DATABASE_URL=cluster.url("payment"), SAGA_INSTANCE="payment-0")
        settings = {
            "DATABASE_URL": cluster.url("inventory"),
            "STOCK_FILE": str(tmp_path / "stock.csv"),
            "SAGA_INSTANCE": "inventory-0",
        }
        inventory = cluster.start("services.inventory.app", **settings)
        orchestrator = fleet.start()
        ids: list[str] = []

        def ended_under_load() -> int:
            """Return how many orders have ended, and start as many anew."""
            ended = len(fleet.ended())
            ids.extend(fleet.begin(IN_FLIGHT - (len(ids) - ended), len(ids)))
            return ended

        for _ in range(REPLACEMENTS):
            enough = len(fleet.ended()) + BETWEEN
            fleet.pump_until(lambda enough=enough: ended_under_load() >= enough, "orders end under load")  # type: ignore[misc]  # a default binds the value of this turn
            inventory.send_signal(signal.SIGTERM)
            assert inventory.wait(30) == 0
            inventory = cluster.start("services.inventory.app", **settings)
        fleet.finish(ids)
        assert {fleet.statuses[order_id][1] for order_id in ids} == {"COMPLETED"}
        fleet.assert_exactly_once(ids)
        assert merchant.captures() == Counter(ids)
        assert cluster.allocated(fleet.run) == {order_id: [("deducted", 1)] for order_id in ids}
        assert (orchestrator.poll(), inventory.poll(), payment.poll()) == (None, None, None)
    finally:
        fleet.close()
        cluster.close()
