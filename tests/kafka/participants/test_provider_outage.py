"""A merchant that is down under a thousand orders, on a real broker: few calls, no retries in chorus, and all orders finish."""

from __future__ import annotations

import json
import urllib.request
from collections import Counter
from pathlib import Path
from typing import Any

from cli.ports import free_ports
from tests.kafka.orchestrator_fleet import Fleet
from tests.kafka.participants.cluster import Cluster
from tests.kafka.scraping import scrape_of
from tests.scraping import total
from tests.scripted_participants import Reply, success

ORDERS = 1_000
THRESHOLD = 5
PROBES = 1
OPEN = 2
CLOSED = 0


class Merchant:
    """The PSP's sandbox."""

    def __init__(self, url: str) -> None:
        self._url = url

    def _ask(self, method: str, path: str, body: object = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self._url + path, data, method=method)  # noqa: S310 - our own sandbox
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310 - as above
            return json.load(answer)

    def is_up(self) -> bool:
        try:
            return bool(self._ask("GET", "/healthz"))
        except OSError:
            return False

    def fail(self) -> None:
        for operation in ("charge", "lookup"):
            self._ask("POST", "/v1/faults", {"operation": operation, "action": "error", "times": 1_000_000})

    def mend(self) -> None:
        self._ask("DELETE", "/v1/faults")

    def calls(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self._ask("GET", "/v1/calls")
        return found

    def captures(self) -> Counter[str]:
        return Counter(charge["order_id"] for charge in self._ask("GET", "/v1/ledger")["charges"])


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
        failed = sum(call["status"] == 503 for call in merchant.calls())
        outcomes = Counter(fleet.statuses[order_id][1] for order_id in ids)
        assert set(outcomes) <= {"COMPLETED", "TRANSACTION_REVOKED"}
        assert outcomes["TRANSACTION_REVOKED"] <= failed // 4
        assert merchant.captures() == Counter(one for one in ids if fleet.statuses[one][1] == "COMPLETED")
        assert shown("circuit_breaker_state") == [CLOSED, CLOSED]
    finally:
        fleet.close()
        cluster.close()
