"""Thousands of orders wait for an approval on a real broker: no thread, no connection, no work, and others flow."""

from __future__ import annotations

from pathlib import Path

from campaigns.process_use import Use, use_of
from cli.ports import free_ports
from tests.kafka.orchestrator_fleet import Fleet
from tests.kafka.scraping import scrape_of
from tests.scraping import total

WAITING = 2_000
OTHERS = 50
ABOVE_THE_LIMIT = 15_000
WORK = ("stream_records_total", "stream_timers_total", "stream_transactions_total", "stream_changelog_records_total")


def held(use: Use) -> tuple[int, int]:
    """Return the threads and sockets."""
    return use.threads, use.sockets


def test_orders_that_wait_hold_no_thread_and_no_connection_and_others_pass_them(broker: str, tmp_path: Path) -> None:
    fleet = Fleet(broker, tmp_path)
    (port,) = free_ports(1)
    process = fleet.start(METRICS_PORT=str(port))
    try:
        fleet.finish(fleet.begin(OTHERS))
        idle = held(use_of(process.pid))

        waiting = fleet.begin(WAITING, OTHERS, ABOVE_THE_LIMIT)

        def asked() -> int:
            return sum(fleet.statuses.get(order_id, ("", ""))[1] == "AWAITING_APPROVAL" for order_id in waiting)

        fleet.pump_until(lambda: asked() == WAITING, "every order waits")
        fleet.pump_until(lambda: held(use_of(process.pid)) == idle, "no thread or connection is held for them")
        before = scrape_of(port)
        for _ in range(20):
            fleet.pump()
        after = scrape_of(port)
        assert {name: total(after, name) for name in WORK} == {name: total(before, name) for name in WORK}

        others = fleet.begin(OTHERS, OTHERS + WAITING)
        fleet.finish(others)
        assert {fleet.statuses[order_id][1] for order_id in others} == {"COMPLETED"}
        assert asked() == WAITING
        fleet.pump_until(lambda: held(use_of(process.pid)) == idle, "those that passed left nothing behind")
    finally:
        fleet.close()
