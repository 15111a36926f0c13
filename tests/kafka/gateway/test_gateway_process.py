"""The gateway as a process on a real broker: what got 202 is in Kafka, what is bad leaves no trace."""

from __future__ import annotations

import json
import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from schemas import topics
from schemas.codec import Codec
from tests.kafka.gateway.site import Reply, Site, kill, terminate
from tests.order_form import form

FORM = form()


def test_an_order_that_got_202_is_in_kafka(site: Site) -> None:
    process = site.start_gateway()
    before = site.end_offsets()
    taken = site.call("POST", "/v1/orders", FORM, uuid.uuid4().hex)
    assert taken.status == 202
    (record,) = site.records(topics.INPUTS, before)
    message = Codec().decode(record.value())
    assert (record.key() or b"").decode() == taken.body["order_id"]
    assert message.name == "saga.StartSaga"
    assert json.loads(message.fields["data"])["order_id"] == taken.body["order_id"]
    headers = dict(record.headers() or [])
    assert headers["ce_type"] == b"sagaline.saga.StartSaga"
    assert headers["traceparent"]
    shown = site.call("GET", f"/v1/orders/{taken.body['order_id']}")
    assert (shown.status, shown.body["lifecycle"]) == (200, "pending")
    assert site.call("GET", "/readyz").status == 200
    assert terminate(process) == 0


def test_bad_input_leaves_no_record_on_any_topic(site: Site) -> None:
    site.start_gateway()
    before = site.end_offsets()
    line = FORM["lines"][0]
    bad: list[tuple[Any, bytes | None, str | None, int]] = [
        (FORM | {"colour": "red"}, None, "k", 422),
        (FORM | {"total": "15.31"}, None, "k", 422),
        (FORM | {"total": "15.3000"}, None, "k", 422),
        (FORM | {"customer_id": None}, None, "k", 422),
        (FORM | {"currency": "XXX"}, None, "k", 422),
        (FORM | {"lines": [line | {"quantity": -6}]}, None, "k", 422),
        (FORM | {"lines": [line | {"quantity": 0}]}, None, "k", 422),
        (FORM | {"lines": [line | {"unit_price": "0.00"}]}, None, "k", 422),
        (FORM | {"lines": [line] * 1400, "total": "21420.00"}, None, "k", 413),
        (None, b'{"customer_id": "17850"', "k", 400),
        (None, b" " * 200_000, "k", 413),
        (FORM, None, None, 400),
    ]
    for body, raw, key, status in bad:
        refused = site.call("POST", "/v1/orders", body, key, raw)
        assert (refused.status, refused.body["status"]) == (status, status), body
        assert status != 422 or refused.body["errors"]
    assert site.call("POST", "/v1/orders/ord_none/approve", {"actor": "a"}).status == 404
    assert site.end_offsets() == before


def test_a_kill_loses_no_order_and_doubles_none(site: Site) -> None:
    process = site.start_gateway()
    before = site.end_offsets()
    keys = [uuid.uuid4().hex for _ in range(300)]

    def attempt(key: str) -> Reply | None:
        if key == keys[150]:
            kill(process)
        try:
            return site.call("POST", "/v1/orders", FORM, key)
        except OSError:
            return None

    with ThreadPoolExecutor(16) as pool:
        first = [reply for reply in pool.map(attempt, keys) if reply is not None and reply.status == 202]
    confirmed = {reply.body["order_id"] for reply in first}
    assert 0 < len(confirmed) < len(keys)
    assert confirmed <= {(record.key() or b"").decode() for record in site.records(topics.INPUTS, before)}
    site.start_gateway()
    with ThreadPoolExecutor(16) as pool:
        again = list(pool.map(lambda key: site.call("POST", "/v1/orders", FORM, key), keys))
    assert {reply.status for reply in again} == {202}
    order_ids = {reply.body["order_id"] for reply in again}
    assert len(order_ids) == len(keys)
    assert confirmed <= order_ids
    assert order_ids == {(record.key() or b"").decode() for record in site.records(topics.INPUTS, before)}


def test_without_kafka_nothing_is_claimed(site: Site) -> None:
    process = site.start_gateway(KAFKA_BOOTSTRAP_SERVERS="127.0.0.1:1")
    refused = site.call("POST", "/v1/orders", FORM, "k")
    assert (refused.status, refused.body["type"]) == (503, "/problems/kafka-unavailable")
    assert site.call("GET", "/readyz").status == 503
    assert site.call("GET", "/healthz").status == 200
    assert terminate(process) == 0
