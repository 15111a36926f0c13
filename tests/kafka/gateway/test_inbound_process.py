"""The process of orders.inbound on a real broker: signed orders start sagas once, whatever happens to the process."""

from __future__ import annotations

import base64
import json
import time
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import Producer

from cli.ports import free_ports
from schemas import topics
from schemas.codec import Codec
from services.gateway.orders import order_id_of
from services.signatures import headers_of
from tests.kafka.gateway.site import Site, kill, terminate, wait_until
from tests.kafka.scraping import scrape_of
from tests.order_form import form
from tests.scraping import total

SECRET = b"s" * 32
WHSEC = f"whsec_{base64.b64encode(SECRET).decode()}"
CODEC = Codec()


@pytest.fixture
def keys(tmp_path: Path) -> Path:
    """Give a keys file with one client that signs."""
    path = tmp_path / "keys.json"
    entry = {
        "id": "0" * 12, "sha256": "0" * 64, "client": "shop", "scopes": ["customer"], "customers": ["*"],
        "signing": [WHSEC], "created_at": "2026-01-01T00:00:00Z",
    }  # fmt: skip
    path.write_text(json.dumps({"keys": [entry]}))
    return path


def settings(site: Site, keys: Path, **more: str) -> Mapping[str, str]:
    """Return what the process is told beside what every service of the site is."""
    auth = {"GATEWAY_AUTH": "required", "GATEWAY_KEYS_FILE": str(keys)}
    return {"DATABASE_URL": site.database("gateway"), **auth, **more}


def send(site: Site, orders: Mapping[str, Any], secret: bytes = SECRET) -> None:
    """Write signed orders as a client would: with nothing but a Kafka producer and an HMAC."""
    producer = Producer({"bootstrap.servers": site.bootstrap, "partitioner": "murmur2_random"})
    for key, order in orders.items():
        body = json.dumps(order).encode()
        about = {**headers_of([secret], key, int(time.time()), body), "client-id": "shop"}
        producer.produce(topics.INBOUND.name, body, key, headers=list(about.items()))
    assert producer.flush(30) == 0


def starts(site: Site, since: Mapping[tuple[str, int], int]) -> list[str]:
    """Return the ids of the sagas that were started, one for each record."""
    found = [record for record in site.records(topics.INPUTS, since) if record.value()]
    names = [(CODEC.decode(record.value()).name, (record.key() or b"").decode()) for record in found]
    return [key for name, key in names if name == "saga.StartSaga"]


def test_signed_orders_start_sagas_once_though_the_process_is_killed(site: Site, keys: Path) -> None:
    (port,) = free_ports(1)
    run = uuid.uuid4().hex[:8]
    before = site.end_offsets()
    orders = {f"{run}-{number}": form(reference=str(number)) for number in range(60)}
    wanted = sorted(order_id_of("shop", key) for key in orders)
    process = site.start("gateway.inbound", **settings(site, keys))
    send(site, orders)
    wait_until(lambda: bool(starts(site, before)), "the first order is taken")
    kill(process)
    send(site, orders)
    send(site, {f"{run}-bad": form()}, secret=b"another secret of 24 byte")

    process = site.start("gateway.inbound", **settings(site, keys, METRICS_PORT=str(port)))
    wait_until(lambda: set(starts(site, before)) == set(wanted), "every order is taken")
    wait_until(lambda: len(site.records(topics.DEAD_LETTERS, before)) == 1, "the bad one is set aside")
    found = scrape_of(port)
    assert total(found, "inbound_orders_total", outcome="not_signed") == 1
    assert total(found, "consumer_lag_records", topic=topics.INBOUND.name) == 0
    assert terminate(process) == 0

    letter = site.records(topics.DEAD_LETTERS, before)[0]
    assert dict(letter.headers() or [])["error_code"] == b"not_signed"


def test_an_order_on_the_topic_and_the_same_one_posted_are_one(site: Site) -> None:
    key = uuid.uuid4().hex
    before = site.end_offsets()
    site.start_gateway()
    off = {"GATEWAY_AUTH": "off", "DATABASE_URL": site.database("gateway")}
    posted = site.call("POST", "/v1/orders", form(), key)
    assert posted.status == 202
    site.start("gateway.inbound", **off)
    producer = Producer({"bootstrap.servers": site.bootstrap, "partitioner": "murmur2_random"})
    producer.produce(topics.INBOUND.name, json.dumps(form()).encode(), key)
    producer.produce(topics.INBOUND.name, json.dumps(form(reference="another")).encode(), key)
    assert producer.flush(30) == 0

    wait_until(lambda: len(site.records(topics.DEAD_LETTERS, before)) == 1, "the reused key is refused")
    assert set(starts(site, before)) == {posted.body["order_id"]}
    (letter,) = site.records(topics.DEAD_LETTERS, before)
    assert dict(letter.headers() or [])["error_code"] == b"idempotency_key_reused"
