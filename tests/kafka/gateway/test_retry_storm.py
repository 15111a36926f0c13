"""Repeated orders through two gateways that are killed: one record key for each order, one answer for each client."""

from __future__ import annotations

import asyncio

from campaigns.idempotency import order_of, verdict_of
from campaigns.retry_storm import Edges, rage
from schemas import topics
from schemas.codec import Codec
from tests.kafka.gateway.site import Site

ORDERS = 50
CLIENTS = 200


def test_each_key_is_one_order_though_gateways_die(site: Site) -> None:
    settings = {
        "KAFKA_BOOTSTRAP_SERVERS": site.bootstrap,
        "DATABASE_URL": site.database("gateway"),
        "READ_MODEL_URL": site.database("projector"),
        "GATEWAY_AUTH": "off",
    }
    with Edges(settings) as edges:
        before = site.end_offsets()
        storm = asyncio.run(rage(edges, [order_of(n) for n in range(ORDERS)], CLIENTS, 2, 7, 120.0))
    codec = Codec()
    names = {codec.decode(record.value()).name for record in site.records(topics.INPUTS, before)}
    assert names == {"saga.StartSaga"}
    started = {(record.key() or b"").decode() for record in site.records(topics.INPUTS, before)}
    verdict = verdict_of(storm, [(saga_id, 1) for saga_id in started], 0.0)
    assert verdict["faults"] == []
    assert (verdict["orders"], verdict["clients"], verdict["sagas"], verdict["kills"]) == (ORDERS, CLIENTS, ORDERS, 2)
