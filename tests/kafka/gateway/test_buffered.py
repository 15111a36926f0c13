"""Orders are taken while nobody is there to handle them, and each is handled once when somebody is."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import Any

from tests.kafka.gateway.site import Site
from tests.kafka.orchestrator_fleet import Fleet

ORDERS = 40
FORM: dict[str, Any] = {
    "customer_id": "17850",
    "currency": "GBP",
    "total": "15.30",
    "payment_method": "pm_card_ok",
    "lines": [{"sku": "85123A", "description": "HEART", "quantity": 6, "unit_price": "2.55"}],
    "shipping": {"method": "standard", "country": "United Kingdom", "address": "1 High St"},
}


def test_orders_that_are_taken_in_an_outage_finish_once_after_it(site: Site, tmp_path: Path) -> None:
    site.start_gateway()
    taken = [site.call("POST", "/v1/orders", FORM, uuid.uuid4().hex) for _ in range(ORDERS)]
    assert {answer.status for answer in taken} == {202}
    ids = [answer.body["order_id"] for answer in taken]
    assert {site.call("GET", f"/v1/orders/{order_id}").body["lifecycle"] for order_id in ids} == {"pending"}

    fleet = Fleet(site.bootstrap, tmp_path, run="ord_")
    try:
        fleet.start()
        fleet.finish(ids)
        assert {fleet.statuses[order_id][1] for order_id in ids} == {"COMPLETED"}
        told = {order_id: [name for name, _ in fleet.events[order_id]] for order_id in ids}
        assert {names.count("saga.SagaStarted") + names.count("saga.SagaCompleted") for names in told.values()} == {2}
        sent = [fields["meta"]["command_id"] for _, fields in fleet.commands if fields["meta"]["saga_id"] in told]
        assert len(sent) == len(set(sent)) > ORDERS
    finally:
        fleet.close()
