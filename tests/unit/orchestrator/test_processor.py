"""The orchestrator as a stream processor: what it writes for what it reads, through aborts and restarts."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from schemas import topics
from tests.orchestrator_world import RETENTION_MS, World
from tests.scripted_participants import Reply, failure, success

COMPLETED = ("shipped", "COMPLETED")
REVOKED = ("cancelled", "TRANSACTION_REVOKED")


def end_of(world: World, saga_id: str = "ord_a") -> tuple[str, str]:
    last = world.statuses(saga_id)[-1]
    return last["lifecycle"], last["status"]


def check_sequences(world: World, saga_id: str = "ord_a") -> None:
    numbers = [fields["meta"]["sequence"] for _, fields in world.events(saga_id)]
    assert numbers == list(range(1, len(numbers) + 1))


def test_an_order_runs_from_its_start_to_its_end() -> None:
    world = World()
    world.start_order()
    world.run()

    assert end_of(world) == COMPLETED
    check_sequences(world)
    assert world.names()[0] == "SagaStarted"
    assert world.names()[-1] == "SagaCompleted"
    assert len(world.commands()) == 8
    assert world.dead_letters() == []


def test_many_orders_run_side_by_side_and_each_keeps_its_own_order_of_events() -> None:
    world = World()
    for number in range(20):
        world.start_order(f"ord_{number}")
    world.run()

    for number in range(20):
        assert end_of(world, f"ord_{number}") == COMPLETED
        check_sequences(world, f"ord_{number}")


def test_a_saga_that_is_started_again_is_the_same_saga() -> None:
    world = World()
    world.start_order()
    world.start_order()
    world.settle()
    world.start_order()
    world.run()
    world.start_order()
    world.settle()

    assert world.names().count("SagaStarted") == 1
    assert len(world.commands()) == 8


def test_the_business_state_is_written_when_it_changes_and_only_then() -> None:
    world = World()
    world.start_order()
    world.run()

    states = [(status["lifecycle"], status["status"]) for status in world.statuses()]
    assert states == [
        ("validated", "RUNNING"),
        ("validated", "Inventory_Locked"),
        ("paid", "RUNNING"),
        ("picking", "RUNNING"),
        ("packed", "RUNNING"),
        ("shipped", "RUNNING"),
        ("shipped", "COMPLETED"),
    ]
    assert set(world.statuses()[-1]) == {
        "saga_id", "definition", "version", "sequence", "lifecycle", "status", "at", "reason",
    }  # fmt: skip


def test_a_revoked_order_says_why() -> None:
    world = World()
    world.start_order()
    world.run(declined)

    assert end_of(world) == REVOKED
    assert world.statuses()[-1]["reason"] == "card_declined"


def declined(name: str, command: Mapping[str, Any]) -> Reply:
    if name == "payment.CapturePayment":
        return failure(command, "REJECTED", "card_declined")
    return success(name, command)


def test_each_record_says_what_it_is_and_what_caused_it() -> None:
    world = World()
    world.start_order()
    world.settle()

    [command] = world.records(topics.INVENTORY_COMMANDS.name)
    events = world.records(topics.EVENTS.name)
    headers = dict(command.headers)
    assert command.key == b"ord_a"
    assert headers["ce_type"] == b"sagaline.inventory.LockInventory"
    assert headers["ce_id"] == b"ord_a:lock-inventory:0"
    assert headers["ce_subject"] == b"ord_a"
    assert headers["traceparent"] == b"00-trace-01"
    assert headers["causationid"] == dict(events[-1].headers)["ce_id"]
    assert dict(events[0].headers)["causationid"] == f"in_{world.now}".encode()
    assert {record.key for record in events} == {b"ord_a"}


def test_a_command_carries_its_ids_its_deadline_and_what_it_undoes() -> None:
    world = World()
    world.start_order()
    world.run(declined)

    metas = {name: fields["meta"] for name, fields in world.commands()}
    assert metas["payment.CapturePayment"] == {
        "saga_id": "ord_a",
        "sequence": 7,
        "command_id": "ord_a:capture-payment:0",
        "token": "ord_a:capture-payment",
        "undoes": None,
        "step": "capture-payment",
        "attempt": 0,
        "issued_at": world.now,
        "deadline": world.now + 4_800,
    }
    assert metas["inventory.ReleaseInventory"]["undoes"] == "ord_a:lock-inventory"
    assert metas["inventory.ReleaseInventory"]["token"] == "ord_a:lock-inventory:undo"  # noqa: S105 - an execution token


def test_several_changes_of_a_saga_in_one_transaction_are_one_record_of_its_state() -> None:
    world = World()
    world.start_order()
    world.send("saga.CancelSaga", "ord_a", actor="ann", reason="changed my mind")
    world.settle()

    assert len(world.changelog()[b"ord_a"]) == 1
    assert len(world.changelog()[b"ord_a/origin"]) == 1
    assert "CompensationStarted" in world.names()


def test_what_a_saga_was_started_with_is_written_once() -> None:
    world = World()
    world.start_order()
    world.run()

    assert len(world.changelog()[b"ord_a/origin"]) == 1
    assert len(world.changelog()[b"ord_a"]) > 5


def test_duplicate_replies_write_nothing() -> None:
    world = World()
    world.start_order()
    world.settle()
    [(name, command)] = world.unanswered()
    world.reply(*success(name, command))
    world.settle()
    before = len(world.events()), len(world.commands()), len(world.changelog()[b"ord_a"])

    for _ in range(10):
        world.reply(*success(name, command))
    world.settle()
    assert (len(world.events()), len(world.commands()), len(world.changelog()[b"ord_a"])) == before


@pytest.mark.parametrize("failing", range(9))
def test_an_aborted_transaction_leaves_no_trace_and_is_done_again(failing: int) -> None:
    """Guards exactly-once: a processor that remembers what was aborted skips events or sends commands twice."""
    world = World()
    world.start_order()
    for _ in range(failing):
        world.settle()
        world.answer()
    world.driver.failing_commits = 2
    world.run()

    assert end_of(world) == COMPLETED
    check_sequences(world)
    ids = [fields["meta"]["command_id"] for _, fields in world.commands()]
    assert len(ids) == len(set(ids)) == 8


@pytest.mark.parametrize("keep_stores", [True, False])
@pytest.mark.parametrize("after", range(9))
def test_a_new_process_goes_on_where_the_old_one_was_lost(after: int, keep_stores: bool) -> None:
    world = World()
    world.start_order()
    world.settle()
    for _ in range(after):
        world.answer()
    world.restart(keep_stores=keep_stores)
    world.run()

    assert end_of(world) == COMPLETED
    check_sequences(world)
    assert len(world.commands()) == 8


def test_timers_outlive_a_restart() -> None:
    world = World()
    world.start_order()
    world.settle()
    world.restart(keep_stores=False)
    world.settle()

    world.later(29_999)
    assert "StepFailed" not in world.names()
    world.later(1)
    assert world.names()[-2:] == ["StepFailed", "StepRetryScheduled"]
    world.restart()
    world.later(1_000)
    assert world.names()[-1] == "StepScheduled"
    assert [fields["meta"]["command_id"] for _, fields in world.commands()] == [
        "ord_a:lock-inventory:0",
        "ord_a:lock-inventory:1",
    ]


def test_a_payment_that_never_answers_is_revoked_after_4_8_seconds_and_refunded_first() -> None:
    world = World()
    world.start_order()
    world.settle()
    world.answer()
    world.unanswered()

    world.later(4_799)
    assert end_of(world) == ("validated", "Inventory_Locked")
    world.later(1)
    world.run()
    assert end_of(world) == REVOKED
    undone = [fields["step"] for name, fields in world.events() if name == "StepCompleted" and fields["undo"]]
    assert undone == ["capture-payment", "lock-inventory"]


def test_an_undo_that_fails_for_good_is_handed_to_a_person() -> None:
    def no_refund(name: str, command: Mapping[str, Any]) -> Reply:
        if name in {"shipping.PickOrder", "payment.RefundPayment"}:
            return failure(command, "REJECTED", "no")
        return success(name, command)

    world = World()
    world.start_order()
    world.run(no_refund)

    assert end_of(world) == ("picking", "MANUAL_INTERVENTION")
    [(code, headers, record)] = world.dead_letters()
    assert code == "compensation_failed"
    assert b"capture-payment" in headers["error_detail"]
    assert json.loads(record.value or b"")["step"] == "capture-payment"
    assert record.key == b"ord_a"


def test_a_finished_saga_is_forgotten_when_its_time_is_up() -> None:
    world = World()
    world.start_order()
    world.run()
    world.later(RETENTION_MS - 1)
    assert world.changelog()[b"ord_a"][-1].value is not None

    world.later(1)
    assert world.changelog()[b"ord_a"][-1].value is None
    assert world.changelog()[b"ord_a/origin"][-1].value is None
    world.send("saga.Signal", "ord_a", name="delivered", actor="carrier", data="{}")
    world.settle()
    assert world.dead_letters()[-1][0] == "unknown_saga"


def test_a_saga_that_waits_for_a_person_is_never_forgotten() -> None:
    def no_release(name: str, command: Mapping[str, Any]) -> Reply:
        if name in {"payment.CapturePayment", "inventory.ReleaseInventory"}:
            return failure(command, "REJECTED", "no")
        return success(name, command)

    world = World()
    world.start_order()
    world.run(no_release)
    assert end_of(world)[1] == "MANUAL_INTERVENTION"
    world.later(100 * RETENTION_MS)

    assert world.changelog()[b"ord_a"][-1].value is not None
