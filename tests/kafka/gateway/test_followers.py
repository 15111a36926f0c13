"""Projector and watchdog as processes on a real broker: killed and started again, they miss and repeat nothing."""

from __future__ import annotations

import json
import sqlite3
import time
import uuid
from collections.abc import Sequence
from typing import Any

from confluent_kafka import Producer

from schemas import topics
from tests.contract.gateway.story import Story
from tests.kafka.gateway.site import PATIENCE_S, Site, kill, terminate, wait_until


def publish(site: Site, stories: Sequence[Story], commit: bool = True) -> None:
    """Write the events of orders in one transaction, turn by turn."""
    producer = Producer(
        {"bootstrap.servers": site.bootstrap, "transactional.id": uuid.uuid4().hex, "partitioner": "murmur2_random"}
    )
    producer.init_transactions()
    producer.begin_transaction()
    for turn in range(max(len(story.values) for story in stories)):
        for story in stories:
            if turn < len(story.values):
                producer.produce(topics.EVENTS.name, story.values[turn], story.order_id.encode())
    producer.flush()
    if commit:
        producer.commit_transaction()
    else:
        producer.abort_transaction()


def read_model(site: Site, mark: str) -> dict[str, list[tuple[Any, ...]]]:
    """Return the orders and events whose id starts with a mark, as another process sees them."""
    connection = sqlite3.connect(site.path("projector"), timeout=30)
    try:
        return {
            "orders": connection.execute(
                "SELECT * FROM orders WHERE order_id LIKE ? ORDER BY 1", (f"{mark}%",)
            ).fetchall(),
            "events": connection.execute(
                "SELECT * FROM order_events WHERE saga_id LIKE ? ORDER BY saga_id, sequence", (f"{mark}%",)
            ).fetchall(),
        }
    finally:
        connection.close()


def spoil(site: Site) -> None:
    """Make every order of the read model wrong."""
    connection = sqlite3.connect(site.path("projector"), timeout=30)
    with connection:
        connection.execute("UPDATE orders SET customer_id = 'wrong'")
    connection.close()


def test_a_projector_killed_again_and_again_projects_each_event_once(site: Site) -> None:
    mark = f"ord_{uuid.uuid4().hex}_"
    stories = [Story(f"{mark}{n:05d}").shipped() for n in range(300)]
    total = sum(len(story.values) for story in stories)
    publish(site, [Story(f"{mark}aborted").shipped()], commit=False)
    publish(site, stories[:100])
    projector = site.start("projector")
    for part in (stories[100:200], stories[200:299]):
        before = len(read_model(site, mark)["events"])
        publish(site, part)
        wait_until(lambda seen=before: len(read_model(site, mark)["events"]) > seen, "some events are projected")  # type: ignore[misc]  # the default binds the value of this turn
        kill(projector)
        projector = site.start("projector")
    publish(site, stories[299:])
    wait_until(lambda: len(read_model(site, mark)["events"]) >= total, "all events are projected")
    whole = read_model(site, mark)
    assert [row[:2] for row in whole["events"]] == [
        (story.order_id, sequence) for story in stories for sequence in range(1, len(story.values) + 1)
    ]
    assert len(whole["orders"]) == len(stories)
    assert {row[10] for row in whole["orders"]} == {"COMPLETED"}
    spoil(site)
    kill(site.start("projector", "rebuild"))
    assert site.start("projector", "rebuild").wait(timeout=PATIENCE_S) == 0
    assert read_model(site, mark) == whole
    late = Story(f"{mark}late").shipped()
    publish(site, [late])
    wait_until(lambda: len(read_model(site, mark)["orders"]) > len(stories), "the live projector goes on")
    assert terminate(projector) == 0


def test_a_watchdog_alerts_once_though_killed_and_not_for_an_order_that_advanced(site: Site) -> None:
    mark = f"ord_{uuid.uuid4().hex}_"
    before = site.end_offsets()
    now_ms = time.time_ns() // 1_000_000
    locked, advanced = Story(f"{mark}locked", now_ms), Story(f"{mark}advanced", now_ms).shipped()
    locked.started().scheduled("lock-inventory").completed("lock-inventory", status="Inventory_Locked")

    def alerts() -> list[dict[str, Any]]:
        documents = [json.loads(record.value() or b"{}") for record in site.records(topics.ALERTS, before)]
        return [document for document in documents if document["saga_id"].startswith(mark)]

    def known() -> bool:
        connection = sqlite3.connect(site.path("watchdog"), timeout=30)
        try:
            return bool(connection.execute("SELECT 1 FROM locked WHERE saga_id = ?", (locked.order_id,)).fetchall())
        finally:
            connection.close()

    publish(site, [locked, advanced])
    watchdog = site.start("watchdog", LOCKED_ALERT_S="4")
    wait_until(known, "the watchdog knows the locked order")
    kill(watchdog)
    watchdog = site.start("watchdog", LOCKED_ALERT_S="4")
    wait_until(lambda: bool(alerts()), "the alert is there")
    kill(watchdog)
    watchdog = site.start("watchdog", LOCKED_ALERT_S="4")
    marker = Story(f"{mark}marker", now_ms)
    marker.started().completed("lock-inventory", status="Inventory_Locked")
    publish(site, [marker])
    wait_until(lambda: len(alerts()) > 1, "a later order is alerted too")
    assert terminate(watchdog) == 0
    first, second = alerts()
    assert (first["saga_id"], second["saga_id"]) == (locked.order_id, marker.order_id)
    assert first["raised_ms"] - first["since_ms"] >= 4_000
    assert (first["severity"], first["status"]) == ("high", "Inventory_Locked")


def test_a_follower_refuses_a_database_without_tables(site: Site) -> None:
    unmigrated = site.start("projector", DATABASE_URL=f"{site.database('projector')}.other")
    assert unmigrated.wait(timeout=PATIENCE_S) == 2
