"""A merchant that is down under a thousand orders, on a real broker: a few calls in all, and every order finishes."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

from cli.ports import free_ports
from tests.kafka.orchestrator_fleet import Fleet
from tests.kafka.participants.cluster import Cluster
from tests.kafka.participants.merchant import Merchant
from tests.kafka.scraping import scrape_of
from tests.scraping import total
from tests.scripted_participants import Reply, success

ORDERS = 1_000
THRESHOLD = 5
PROBES = 1
MOST_REVOKED = ORDERS // 20
"""A payment is decided within 4.8 s, so on a machine that is busy with other things a few have to be given up."""
OPEN = 2
CLOSED = 0


def _all_but_payment(name: str, command: dict[str, Any]) -> Reply | None:
    return None if name.startswith("payment.") else success(name, command)


def test_a_thousand_orders_call_a_merchant_that_is_down_a_few_times_and_finish_when_it_is_back(
    broker: str, tmp_path: Path
) -> None:
    fleet, cluster = Fleet(broker, tmp_path, _all_but_payment), Cluster(broker, tmp_path)
    merchant = Merchant(cluster.sandbox("psp", "PSP_URL"))
    database, ports = cluster.url("payment"), free_ports(2)
    try:
        cluster.wait(merchant.is_up, "the merchant to answer")
        merchant.fail()
        for number, port in enumerate(ports):
            cluster.start(
                "services.payment.app", DATABASE_URL=database, SAGA_INSTANCE=f"payment-{number}",
                METRICS_PORT=str(port), BREAKER_OPEN_MS="4000",
            )  # fmt: skip
        cluster.wait(lambda: all(scrape_of(port) for port in ports), "both replicas to run")
        fleet.start()
        ids = fleet.begin(ORDERS)

        def shown(name: str) -> list[float]:
            return [total(scrape_of(port), name) for port in ports]

        def waiting() -> int:
            return sum(any(name == "saga.StepParked" for name, _ in told) for told in fleet.events.values())

        fleet.pump_until(lambda: waiting() == ORDERS, "every order waits for the merchant")
        fleet.pump_until(lambda: min(shown("circuit_breaker_opened_total")) >= 2, "each replica has probed in vain")
        fleet.pump_until(lambda: shown("circuit_breaker_state") == [OPEN, OPEN], "both circuits are open")
        calls, opened = len(merchant.calls()), shown("circuit_breaker_opened_total")
        assert calls <= sum(THRESHOLD + PROBES * times for times in opened)
        assert sum(shown("provider_calls_refused_total")) >= ORDERS - calls
        assert fleet.ended() == []

        merchant.mend()
        fleet.finish(ids)
        outcomes = Counter(fleet.statuses[order_id][1] for order_id in ids)
        assert set(outcomes) <= {"COMPLETED", "TRANSACTION_REVOKED"}
        assert outcomes["TRANSACTION_REVOKED"] <= MOST_REVOKED
        assert merchant.captures() == Counter(one for one in ids if fleet.statuses[one][1] == "COMPLETED")
        assert shown("circuit_breaker_state") == [CLOSED, CLOSED]
    finally:
        fleet.close()
        cluster.close()
