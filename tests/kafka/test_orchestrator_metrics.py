"""An orchestrator's metrics on a real broker: an illegal event raises its counter by one, and lag is shown."""

from __future__ import annotations

from pathlib import Path

from cli.ports import free_ports
from schemas import topics
from tests.kafka.orchestrator_fleet import Fleet
from tests.kafka.scraping import scrape_of
from tests.scraping import total


def test_an_illegal_event_on_the_topic_raises_the_counter_by_one(broker: str, tmp_path: Path) -> None:
    fleet = Fleet(broker, tmp_path)
    (port,) = free_ports(1)
    process = fleet.start(METRICS_PORT=str(port))
    try:
        (order_id,) = fleet.begin(1)
        fleet.finish([order_id])
        before = scrape_of(port)
        status = fleet.statuses[order_id]

        fleet.signal(order_id, "approve")
        told = fleet.events[order_id]
        fleet.pump_until(lambda: told[-1][0] == "saga.InputIgnored", "the record of the illegal event")

        after = scrape_of(port)
        name = "illegal_transition_total"
        assert total(after, name) == total(before, name) + 1
        assert fleet.statuses[order_id] == status
        assert total(after, "saga_ended_total", definition="order-fulfillment", outcome="COMPLETED") == 1
        assert total(after, "consumer_lag_records", topic=topics.INPUTS.name) == 0
        assert total(after, "stream_commit_seconds_count") == total(after, "stream_transactions_total") > 0
    finally:
        fleet.kill(process)
