"""Thousands of orders wait for an approval on a real broker: no thread and no connection, and others flow."""

from __future__ import annotations

from pathlib import Path

from campaigns.process_use import Use, use_of
from tests.kafka.orchestrator_fleet import Fleet

WAITING = 2_000
OTHERS = 50
ABOVE_THE_LIMIT = 15_000


def held(use: Use) -> tuple[int, int]:
    """Return the threads and sockets."""
    return use.threads, use.sockets


def test_orders_that_wait_hold_no_thread_and_no_connection_and_others_pass_them(broker: str, tmp_path: Path) -> None:
    fleet = Fleet(broker, tmp_path)
    process = fleet.start()
    try:
        fleet.finish(fleet.begin(OTHERS))
        idle = held(use_of(process.pid))

        def told_of(ids: list[str]) -> int:
            return sum(fleet.events.get(order_id, [("", {})])[-1][0] == "saga.SignalAwaited" for order_id in ids)

        waiting = fleet.begin(WAITING, OTHERS, ABOVE_THE_LIMIT)

        def asked() -> int:
            return sum(fleet.statuses.get(order_id, ("", ""))[1] == "AWAITING_APPROVAL" for order_id in waiting)

        fleet.pump_until(lambda: asked() == WAITING and told_of(waiting) == WAITING, "every order waits")
        fleet.pump_until(lambda: held(use_of(process.pid)) == idle, "no thread or connection is held for them")
        told = {order_id: len(fleet.events[order_id]) for order_id in waiting}
        others = fleet.begin(OTHERS, OTHERS + WAITING)
        fleet.finish(others)
        assert {fleet.statuses[order_id][1] for order_id in others} == {"COMPLETED"}
        assert asked() == WAITING
        assert {order_id: len(fleet.events[order_id]) for order_id in waiting} == told
        fleet.pump_until(lambda: held(use_of(process.pid)) == idle, "those that passed left nothing behind")
    finally:
        fleet.close()
