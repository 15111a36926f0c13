"""The orchestrator as a process on a real broker: killed, doubled, robbed of its disk; every saga ends exactly once."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.kafka.orchestrator_fleet import Fleet
from tests.scripted_participants import Reply, failure, success

REVOKED = ("cancelled", "TRANSACTION_REVOKED")
SHIPPED = ("shipped", "COMPLETED")


@pytest.fixture
def fleet(broker: str, tmp_path: Path) -> Iterator[Fleet]:
    """Give a fleet without a process yet."""
    made = Fleet(broker, tmp_path)
    yield made
    made.close()


def declining_some(name: str, command: dict[str, Any]) -> Reply:
    """Every fifth order is declined, and every seventh fails to ship."""
    number = int(command["meta"]["saga_id"].rpartition("_")[2])
    if name == "payment.CapturePayment" and number % 5 == 0:
        return failure(command, "REJECTED", "card_declined")
    if name == "shipping.ShipOrder" and number % 7 == 0:
        return failure(command, "REJECTED", "address_rejected")
    return success(name, command)


def assert_ends(fleet: Fleet, ids: list[str]) -> None:
    """Assert that each order ended as its answers had it, or was revoked as one whose time for a payment was over.

    A machine that takes long to start a process again makes some of these.
    """
    for number, saga_id in enumerate(ids):
        failed = [told for name, told in fleet.events[saga_id] if name == "saga.StepFailed"]
        late = any(told["final"] and told["code"] == "timeout" for told in failed)
        revoked = late or number % 5 == 0 or number % 7 == 0
        assert fleet.statuses[saga_id] == (REVOKED if revoked else SHIPPED)
    assert SHIPPED in fleet.statuses.values()


def test_killed_in_mid_flight_again_and_again_every_saga_ends_once(fleet: Fleet) -> None:
    """Guards exactly-once: 60 orders of some eight steps each, and a kill -9 whenever another tenth is sent."""
    fleet.answer = declining_some
    process = fleet.start()
    ids = fleet.begin(60)
    for _ in range(5):
        target = len(fleet.commands) + 60
        # What is read at once may be more than that: with the last commands all may have ended.
        fleet.pump_until(
            lambda target=target: len(fleet.commands) >= target or len(fleet.ended()) == len(ids),  # type: ignore[misc]  # bound per round
            f"{target} commands",
        )
        fleet.kill(process)
        process = fleet.start()
    fleet.finish(ids)

    fleet.assert_exactly_once(ids)
    assert_ends(fleet, ids)


def test_without_its_disk_it_goes_on_from_the_changelog_as_if_nothing_had_been(fleet: Fleet) -> None:
    fleet.answer = declining_some
    process = fleet.start()
    ids = fleet.begin(30)
    for target in (60, 120):
        fleet.pump_until(lambda target=target: len(fleet.commands) >= target, f"{target} commands")  # type: ignore[misc]  # bound per round
        fleet.kill(process)
        fleet.forget_stores()
        process = fleet.start()
    fleet.finish(ids)

    fleet.assert_exactly_once(ids)
    assert_ends(fleet, ids)


def test_two_processes_share_the_partitions_and_one_takes_over_when_the_other_is_killed(fleet: Fleet) -> None:
    fleet.answer = declining_some
    fleet.start("orchestrator-0")
    second = fleet.start("orchestrator-1")
    fleet.pump_until(
        lambda: fleet.owners() == {"orchestrator-0": 2, "orchestrator-1": 2}, "an even share of the partitions"
    )
    ids = fleet.begin(40)
    fleet.pump_until(lambda: len(fleet.commands) >= 80, "80 commands")
    fleet.kill(second)
    fleet.finish(ids)

    fleet.assert_exactly_once(ids)
    assert_ends(fleet, ids)


def test_a_timer_outlives_the_process_that_set_it_and_never_fires_early(fleet: Fleet) -> None:
    def busy_at_first(name: str, command: dict[str, Any]) -> Reply:
        if name == "inventory.LockInventory" and command["meta"]["command_id"].endswith(":0"):
            return failure(command, "UNAVAILABLE", "circuit_open", retry_after_ms=3_000)
        return success(name, command)

    fleet.answer = busy_at_first
    process = fleet.start()
    [saga_id] = fleet.begin(1)
    fleet.pump_until(lambda: "saga.StepParked" in dict(fleet.events.get(saga_id, [])), "the parking of the step")
    parked = dict(fleet.events[saga_id])["saga.StepParked"]
    fleet.kill(process)
    fleet.start()
    fleet.finish([saga_id])

    fleet.assert_exactly_once([saga_id])
    sendings = [fields["meta"] for name, fields in fleet.commands if name == "inventory.LockInventory"]
    assert [meta["command_id"] for meta in sendings] == [f"{saga_id}:lock-inventory:{n}" for n in (0, 1)]
    assert sendings[1]["issued_at"] >= parked["until"]
    assert parked["until"] < time.time_ns() // 1_000_000


def test_it_ends_cleanly_on_sigterm_and_what_came_meanwhile_is_done_by_the_next_one(fleet: Fleet) -> None:
    process = fleet.start()
    first = fleet.begin(5)
    fleet.finish(first)
    process.terminate()
    assert process.wait(60) == 0
    second = fleet.begin(5, first=5)
    fleet.start()
    fleet.finish(second)

    fleet.assert_exactly_once([*first, *second])
