"""The watchdog raises each alert once, whenever it is killed, and reads on where it stopped."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pytest

from services.feed import Entry
from services.participant.database import Conflict, Database
from services.watchdog.alert import Alert
from services.watchdog.pager import NotConfirmed
from services.watchdog.store import Store
from services.watchdog.vigil import Vigil
from services.watchdog.watch import Watch
from tests.contract.gateway.letters import parked
from tests.contract.gateway.story import BORN_MS, CODEC, Story, entries

AFTER = 300_000


class AlertsTopic:
    """ops.alerts as the pager sees it. `lose` makes a sending end in doubt: written or not, nobody is told."""

    def __init__(self) -> None:
        self.written: list[Alert] = []
        self.lose: str | None = None

    def end(self) -> int:
        """Return the offset of the next alert."""
        return len(self.written)

    def written_since(self, offset: int) -> set[str]:
        """Return the ids of what was written from an offset on."""
        return {alert.alert_id for alert in self.written[offset:]}

    def send(self, alerts: Sequence[Alert]) -> None:
        """Write alerts."""
        if self.lose != "before":
            self.written += alerts
        if self.lose is not None:
            raise NotConfirmed("the process dies here")


class Log:
    """saga.events as the watchdog reads it."""

    def __init__(self) -> None:
        self.records: list[Entry] = []
        self.next = 0

    def take(self, limit: int, wait_s: float, linger_s: float) -> list[Entry]:
        """Return what comes next."""
        del wait_s, linger_s
        found = [entry for entry in self.records if entry.offset >= self.next][:limit]
        if found:
            self.next = found[-1].offset + 1
        return found

    def at_end(self, partition: int) -> bool:
        """Tell whether everything has been read."""
        return partition == 0 and all(entry.offset < self.next for entry in self.records)


class Tower:
    """Everything around a watchdog, which may die and start again; `now_ms` is its clock."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.log = Log()
        self.topic = AlertsTopic()
        self.now_ms = BORN_MS

    @contextmanager
    def watchdog(self) -> Iterator[Vigil]:
        """Start a watchdog over the database."""
        database = Database(self.url)
        try:
            store = Store(database)
            positions = store.open((0,))
            self.log.next = positions[0]
            topic: Any = self.topic
            vigil = Vigil(
                events=self.log,
                store=store,
                pager=topic,
                watch=Watch(AFTER, store.locked()),
                codec=CODEC,
                positions=positions,
                now_ms=lambda: self.now_ms,
            )
            vigil.recover()
            yield vigil
        finally:
            database.close()

    def run(self, at_ms: int) -> None:
        """Run a watchdog for one turn at a time of day."""
        self.now_ms = at_ms
        with self.watchdog() as vigil:
            vigil.turn(0, 0)

    def alerted(self) -> list[str]:
        """Return the orders in the alerts topic."""
        return [alert.saga_id for alert in self.topic.written]


@pytest.fixture
def tower(new_url: Callable[[str], str]) -> Tower:
    """Give a tower whose log has a locked order and one that went on."""
    tower = Tower(new_url("watchdog"))
    locked = Story("ord_locked").started().scheduled("lock-inventory")
    locked.completed("lock-inventory", status="Inventory_Locked").scheduled("capture-payment")
    tower.log.records = entries(locked, Story("ord_fine").shipped())
    return tower


LOCKED_AT = BORN_MS + 4


def test_one_alert_at_300_s_and_none_before(tower: Tower) -> None:
    for at_ms in (LOCKED_AT, LOCKED_AT + 299_000, LOCKED_AT + AFTER - 1):
        tower.run(at_ms)
    assert tower.alerted() == []
    for at_ms in (LOCKED_AT + AFTER, LOCKED_AT + 2 * AFTER):
        tower.run(at_ms)
    assert tower.alerted() == ["ord_locked"]
    assert tower.topic.written[0].since_ms == LOCKED_AT


def test_a_watchdog_that_was_away_alerts_late_but_alerts(tower: Tower) -> None:
    tower.run(LOCKED_AT + 20 * AFTER)
    assert tower.alerted() == ["ord_locked"]


def test_an_order_that_advanced_while_the_watchdog_was_away_is_not_alerted(tower: Tower) -> None:
    tower.run(LOCKED_AT)
    paid = Story("ord_locked")
    paid.values = [b""] * 5
    paid.completed("capture-payment", lifecycle="paid")
    tower.log.records.append(Entry(0, 1000, paid.values[-1]))
    tower.run(LOCKED_AT + 20 * AFTER)
    assert tower.alerted() == []


@pytest.mark.parametrize("died", ["before", "after"])
def test_a_watchdog_that_dies_while_it_sends_neither_loses_nor_repeats_the_alert(tower: Tower, died: str) -> None:
    tower.topic.written.append(Alert("an-older-one", "ord_older", 1, 2))
    tower.topic.lose = died
    with pytest.raises(NotConfirmed):
        tower.run(LOCKED_AT + AFTER)
    tower.topic.lose = None
    for _ in range(2):
        tower.run(LOCKED_AT + AFTER + 1000)
    assert tower.alerted() == ["ord_older", "ord_locked"]


def test_what_is_no_event_is_passed_over(tower: Tower) -> None:
    tower.log.records.insert(0, Entry(0, -1, b"poison"))
    tower.log.records.append(Entry(0, 1001, None))
    with tower.watchdog() as vigil:
        tower.log.next = -1
        tower.now_ms = LOCKED_AT + AFTER
        vigil.turn(0, 0)
    assert tower.alerted() == ["ord_locked"]


def test_a_second_watchdog_is_found_out(tower: Tower) -> None:
    with tower.watchdog() as slow:
        tower.run(LOCKED_AT)
        tower.log.next = 0
        with pytest.raises(Conflict):
            slow.turn(0, 0)


def suspended() -> Story:
    """Give an order whose refund failed once, and then for good."""
    story = Story("ord_sad").started().event("CompensationStarted", code="c", message="", plan=[])
    attempt = {"step": "capture-payment", "undo": True, "causes": [], "kind": "TRANSIENT", "code": "refund_failed"}
    story.event("StepFailed", **attempt, attempt=0, message="once", final=False)
    story.event("StepFailed", **attempt, attempt=1, message="again", final=True, status="COMPENSATING")
    return story.event("SagaSuspended", code="c", message="", steps=["capture-payment"], status="MANUAL_INTERVENTION")


@pytest.mark.parametrize("died", [None, "before", "after"])
def test_a_compensation_that_failed_for_good_pages_once_whenever_the_watchdog_dies(
    tower: Tower, died: str | None
) -> None:
    tower.log.records = entries(suspended(), Story("ord_fine").shipped())
    tower.topic.lose = died
    if died is not None:
        with pytest.raises(NotConfirmed):
            tower.run(BORN_MS + 9_000)
    tower.topic.lose = None
    for later in (10_000, 20_000):
        tower.run(BORN_MS + later)
    (alert,) = tower.topic.written
    assert alert.document() == {
        "alert_id": "ord_sad:compensation_failed:5",
        "kind": "compensation_failed",
        "severity": "high",
        "saga_id": "ord_sad",
        "step": "capture-payment",
        "status": "COMPENSATING",
        "since_ms": BORN_MS + 5,
        "raised_ms": BORN_MS + (10_000 if died is None else 9_000),
        "message": "saga ord_sad needs a person: the compensation of capture-payment failed for good: "
        "refund_failed: again",
    }


def test_a_held_step_pages_every_time_it_is_held_anew(tower: Tower) -> None:
    story = Story("etl_1", definition="nightly-etl").started()
    for _ in range(2):
        story.event("StepHeld", step="load", code="disk_full", message="no room", status="MANUAL_INTERVENTION")
        story.event(
            "InterventionMade", action="retry", steps=["load"], undo=False, actor="ann", reason="", status="RUNNING"
        )
    tower.log.records = entries(story)
    for _ in range(2):
        tower.run(BORN_MS + 10_000)
    assert [(alert.alert_id, alert.kind, alert.step) for alert in tower.topic.written] == [
        ("etl_1:step_held:3", "step_held", "load"),
        ("etl_1:step_held:5", "step_held", "load"),
    ]


def test_a_saga_that_stands_still_pages_for_the_record_that_cannot_be_used_and_not_for_those_behind(
    tower: Tower,
) -> None:
    story = parked(Story("ord_a").started(), 0, "saga.replies:2:41", "undecodable")
    tower.log.records = entries(parked(story, 1, "saga.inputs:0:7", "behind"))
    for _ in range(2):
        tower.run(BORN_MS + 10_000)
    (alert,) = tower.topic.written
    assert (alert.alert_id, alert.kind, alert.step) == ("ord_a:record_parked:3", "record_parked", None)
    assert alert.about.startswith(
        "saga ord_a stands still: the record at saga.replies:2:41 cannot be used: undecodable"
    )
