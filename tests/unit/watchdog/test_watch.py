"""An order that stays locked for 300 s is alerted once, at its time, and no other order ever."""

from __future__ import annotations

from typing import Any

from services.watchdog.alert import Alert
from services.watchdog.watch import Locked, Watch

LOCKED = "Inventory_Locked"
SINCE = 1_700_000_000_000
AFTER = 300_000


def seen(saga_id: str, status: str, at_ms: int) -> dict[str, Any]:
    """Return the part of an event's meta data that matters."""
    return {"saga_id": saga_id, "status": status, "at": at_ms}


def overdue(watch: Watch, now_ms: int, read_to_end: bool = True) -> list[str]:
    """Return the sagas that are overdue."""
    return [alert.saga_id for alert in watch.overdue(now_ms, lambda _: read_to_end, 100)]


def locked_order() -> Watch:
    """Return a watch that knows of one locked order."""
    watch = Watch(AFTER, [])
    watch.see(0, seen("ord_a", LOCKED, SINCE))
    return watch


def test_an_order_is_overdue_at_300_s_and_not_at_299() -> None:
    watch = locked_order()
    assert overdue(watch, SINCE + 299_000) == []
    assert overdue(watch, SINCE + AFTER - 1) == []
    assert overdue(watch, SINCE + AFTER) == ["ord_a"]


def test_time_counts_from_the_event_that_locked_not_from_later_ones() -> None:
    watch = locked_order()
    watch.see(0, seen("ord_a", LOCKED, SINCE + 200_000))
    (alert,) = watch.overdue(SINCE + AFTER, lambda _: True, 100)
    assert alert == Alert(f"ord_a:inventory_locked_too_long:{SINCE}", "ord_a", SINCE, SINCE + AFTER)
    assert alert.document() == {
        "alert_id": alert.alert_id,
        "kind": "inventory_locked_too_long",
        "severity": "high",
        "saga_id": "ord_a",
        "status": LOCKED,
        "since_ms": SINCE,
        "raised_ms": SINCE + AFTER,
        "message": "order ord_a has been Inventory_Locked for 300 s",
    }


def test_an_order_that_advanced_is_never_overdue() -> None:
    watch = locked_order()
    watch.see(0, seen("ord_a", "RUNNING", SINCE + 1))
    assert overdue(watch, SINCE + 10 * AFTER) == []


def test_an_order_locked_anew_counts_anew() -> None:
    watch = locked_order()
    watch.see(0, seen("ord_a", "RUNNING", SINCE + 1))
    watch.see(0, seen("ord_a", LOCKED, SINCE + 1000))
    assert overdue(watch, SINCE + AFTER) == []
    assert overdue(watch, SINCE + AFTER + 1000) == ["ord_a"]


def test_an_alert_is_raised_once_while_the_order_stays_locked() -> None:
    watch = locked_order()
    watch.raised(watch.overdue(SINCE + AFTER, lambda _: True, 100))
    assert overdue(watch, SINCE + 2 * AFTER) == []
    watch.see(0, seen("ord_a", LOCKED, SINCE + AFTER))
    assert overdue(watch, SINCE + 2 * AFTER) == []


def test_a_watch_that_lags_behind_alerts_nothing_it_may_still_read_about() -> None:
    watch = locked_order()
    assert overdue(watch, SINCE + 2 * AFTER, read_to_end=False) == []
    watch.see(0, seen("ord_b", "RUNNING", SINCE + AFTER))
    assert overdue(watch, SINCE + 2 * AFTER, read_to_end=False) == ["ord_a"]


def test_another_partition_being_far_ahead_is_no_reason_to_alert() -> None:
    watch = locked_order()
    watch.see(1, seen("ord_b", "RUNNING", SINCE + 2 * AFTER))
    assert overdue(watch, SINCE + 2 * AFTER, read_to_end=False) == []


def test_alerts_come_in_bounded_numbers() -> None:
    watch = Watch(AFTER, [Locked(f"ord_{n}", 0, SINCE) for n in range(5)])
    first = watch.overdue(SINCE + AFTER, lambda _: True, 3)
    watch.raised(first)
    rest = watch.overdue(SINCE + AFTER, lambda _: True, 3)
    assert sorted(alert.saga_id for alert in (*first, *rest)) == [f"ord_{n}" for n in range(5)]


def test_changes_are_net_of_what_came_and_went() -> None:
    watch = Watch(AFTER, [Locked("ord_old", 0, SINCE), Locked("ord_again", 0, SINCE)])
    for saga_id, status, at_ms in (
        ("ord_brief", LOCKED, 1),
        ("ord_brief", "RUNNING", 2),
        ("ord_old", "RUNNING", 3),
        ("ord_new", LOCKED, 4),
        ("ord_again", "RUNNING", 5),
        ("ord_again", LOCKED, 6),
    ):
        watch.see(0, seen(saga_id, status, at_ms))
    changes = watch.changes()
    assert sorted(changes.freed) == ["ord_again", "ord_old"]
    assert sorted(changes.locked, key=lambda k: k.saga_id) == [Locked("ord_again", 0, 6), Locked("ord_new", 0, 4)]
    assert watch.changes() == ([], [])
