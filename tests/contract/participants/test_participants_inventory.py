"""Inventory: every command once, however often it comes; stock is never oversold and never lost."""

from __future__ import annotations

from typing import Any

import pytest

from streams.errors import Fatal
from tests.contract.participants.world import World

LOCK = "inventory.LockInventory"
RELEASE = "inventory.ReleaseInventory"
DEDUCT = "inventory.DeductInventory"
RESTOCK = "inventory.RestockInventory"


def _lines(**quantities: int) -> list[dict[str, Any]]:
    return [{"sku": sku, "quantity": quantity} for sku, quantity in quantities.items()]


def _books(world: World) -> dict[tuple[str, str], tuple[int, int]]:
    rows = world.rows("SELECT sku, warehouse_id, on_hand, reserved FROM stock")
    return {(sku, warehouse): (on_hand, reserved) for sku, warehouse, on_hand, reserved in rows}


def test_an_order_is_reserved_in_the_warehouse_with_most_free_stock(inventory: World) -> None:
    inventory.replica()
    inventory.send(LOCK, inventory.meta("s1", "lock"), lines=_lines(tea=4, mug=2))
    inventory.settle()
    name, reply = inventory.reply()
    assert name == "inventory.InventoryLocked"
    assert reply["warehouse_id"] == "B"
    assert reply["allocations"] == [
        {"warehouse_id": "B", "sku": "tea", "quantity": 4},
        {"warehouse_id": "B", "sku": "mug", "quantity": 2},
    ]
    assert _books(inventory)["tea", "B"] == (30, 4)


def test_an_order_no_warehouse_holds_alone_is_split(inventory: World) -> None:
    inventory.replica()
    inventory.send(LOCK, inventory.meta("s1", "lock"), lines=_lines(mug=11, pot=4))
    inventory.settle()
    _, reply = inventory.reply()
    assert {(one["warehouse_id"], one["sku"]): one["quantity"] for one in reply["allocations"]} == {
        ("A", "mug"): 10,
        ("B", "mug"): 1,
        ("C", "pot"): 4,
    }
    assert reply["warehouse_id"] == "A"


def test_a_sku_that_comes_twice_in_an_order_counts_as_one_line(inventory: World) -> None:
    inventory.replica()
    inventory.send(LOCK, inventory.meta("s1", "lock"), lines=[*_lines(pot=3), *_lines(pot=2)])
    inventory.settle()
    assert inventory.reply()[1]["code"] == "out_of_stock"


def test_an_order_is_refused_whole_when_one_line_is_short(inventory: World) -> None:
    inventory.replica()
    before = _books(inventory)
    inventory.send(LOCK, inventory.meta("s1", "lock"), lines=_lines(tea=1, rare=3))
    inventory.settle()
    name, reply = inventory.reply()
    assert (name, reply["kind"], reply["code"]) == ("saga.CommandFailed", "REJECTED", "out_of_stock")
    assert _books(inventory) == before


def test_a_refusal_stays_the_answer_to_its_token(inventory: World) -> None:
    inventory.replica()
    inventory.send(LOCK, inventory.meta("s1", "lock"), lines=_lines(pot=5))
    inventory.send(LOCK, inventory.meta("s1", "lock", n=1), lines=_lines(pot=1))
    inventory.settle()
    assert [reply["code"] for _, reply in inventory.replies()] == ["out_of_stock", "out_of_stock"]


def test_a_command_that_comes_ten_times_has_one_effect_and_ten_equal_replies(inventory: World) -> None:
    inventory.replica()
    record = inventory.send(LOCK, inventory.meta("s1", "lock"), lines=_lines(tea=3))
    for _ in range(4):
        inventory.send_again(record)
    inventory.settle()
    for _ in range(5):
        inventory.send_again(record)
        inventory.settle()
    replies = inventory.read("saga.replies")
    assert len(replies) == 10
    assert len({record.value for record in replies}) == 1
    assert len({tuple(record.headers) for record in replies}) == 1
    assert _books(inventory)["tea", "B"] == (30, 3)


def test_a_retry_under_the_same_token_gets_the_stored_outcome(inventory: World) -> None:
    inventory.replica()
    inventory.send(LOCK, inventory.meta("s1", "lock"), lines=_lines(tea=3))
    inventory.settle()
    inventory.send(LOCK, inventory.meta("s1", "lock", n=1), lines=_lines(tea=3))
    inventory.settle()
    (_, first), (_, second) = inventory.replies()
    assert second["meta"]["command_id"] == "s1:lock:1"
    assert second["allocations"] == first["allocations"]
    assert _books(inventory)["tea", "B"] == (30, 3)


def test_lock_deduct_restock_release_give_every_unit_back(inventory: World) -> None:
    inventory.replica()
    before = _books(inventory)
    inventory.send(LOCK, inventory.meta("s1", "lock"), lines=_lines(tea=40, mug=1))
    inventory.send(DEDUCT, inventory.meta("s1", "deduct"))
    inventory.settle()
    assert sum(on_hand for (sku, _), (on_hand, _) in _books(inventory).items() if sku == "tea") == 5
    inventory.send(RESTOCK, inventory.meta("s1", "deduct", undo=True))
    inventory.send(RELEASE, inventory.meta("s1", "lock", undo=True))
    inventory.settle()
    replies = dict(inventory.replies())
    assert replies["inventory.InventoryDeducted"]["deducted_units"] == 41
    assert replies["inventory.InventoryRestocked"]["restocked_units"] == 41
    assert replies["inventory.InventoryReleased"]["released_units"] == 0
    assert _books(inventory) == before


def test_command_and_undo_in_one_batch_keep_their_order(inventory: World) -> None:
    inventory.replica()
    before = _books(inventory)
    inventory.send(LOCK, inventory.meta("s1", "lock"), lines=_lines(tea=3))
    inventory.send(LOCK, inventory.meta("s1", "lock", n=1), lines=_lines(tea=3))
    inventory.send(RELEASE, inventory.meta("s1", "lock", undo=True))
    inventory.send(RELEASE, inventory.meta("s1", "lock", n=1, undo=True))
    inventory.settle()
    names = [name.split(".")[1] for name, _ in inventory.replies()]
    assert names == ["InventoryLocked", "InventoryLocked", "InventoryReleased", "InventoryReleased"]
    assert _books(inventory) == before
    assert inventory.rows("SELECT state FROM allocations") == [("released",)]


def test_an_undo_before_its_command_is_done_and_refuses_the_late_command(inventory: World) -> None:
    inventory.replica()
    before = _books(inventory)
    inventory.send(RELEASE, inventory.meta("s1", "lock", undo=True))
    inventory.send(LOCK, inventory.meta("s1", "lock"), lines=_lines(tea=3))
    inventory.settle()
    (undone, first), (refused, second) = inventory.replies()
    assert (undone, first["released_units"]) == ("inventory.InventoryReleased", 0)
    assert (refused, second["kind"], second["code"]) == ("saga.CommandFailed", "REJECTED", "superseded_by_undo")
    assert _books(inventory) == before
    assert ("s1:lock", "barred") in inventory.rows("SELECT token, state FROM effects")


def test_a_retry_after_the_undo_is_refused(inventory: World) -> None:
    inventory.replica()
    inventory.send(LOCK, inventory.meta("s1", "lock"), lines=_lines(tea=3))
    inventory.send(RELEASE, inventory.meta("s1", "lock", undo=True))
    inventory.send(LOCK, inventory.meta("s1", "lock", n=1), lines=_lines(tea=3))
    inventory.settle()
    assert inventory.replies()[-1][1]["code"] == "superseded_by_undo"


def test_bad_commands_are_answered_and_unreadable_records_set_aside(inventory: World) -> None:
    inventory.replica()
    inventory.send(LOCK, inventory.meta("s1", "lock"), lines=_lines(tea=-1))
    inventory.send(LOCK, inventory.meta("s2", "lock"), lines=[])
    inventory.send(LOCK, inventory.meta("s3", "lock"), lines=_lines(**{"te\0a": 1}))
    inventory.send("payment.RefundPayment", inventory.meta("s4", "refund"))
    inventory.send(DEDUCT, inventory.meta("s5", "deduct"))
    inventory.send(RELEASE, inventory.meta("s6", "lock"))
    inventory.log.produce(inventory.topic, b"s7", b"no message of ours", [])
    inventory.send(LOCK, {**inventory.meta("s8", "lock"), "saga_id": "s\0"}, lines=_lines(tea=1))
    inventory.send(LOCK, inventory.meta("s9", "lock"), lines=_lines(tea=1))
    inventory.settle()
    answers = {reply["meta"]["saga_id"]: reply.get("code", name) for name, reply in inventory.replies()}
    assert answers == {
        **dict.fromkeys(("s1", "s2", "s3", "s4", "s6"), "invalid_command"),
        "s5": "not_reserved",
        "s9": "inventory.InventoryLocked",
    }
    letters = [dict(record.headers) for record in inventory.dead_letters()]
    assert sorted(letter["error_code"] for letter in letters) == [b"undecodable", b"unusable_identity"]
    assert all(letter["origin_topic"] == inventory.topic.encode() for letter in letters)


def test_what_follows_an_unreadable_command_of_the_same_saga_is_handled_and_its_undo_bars_it(inventory: World) -> None:
    """Commands of a saga that are under way at once do not build on each other: none of them waits for a poison one."""
    inventory.replica()
    before = _books(inventory)
    inventory.log.produce(inventory.topic, b"s1", b"the lock, spoiled", [])
    inventory.send(LOCK, inventory.meta("s1", "other"), lines=_lines(tea=1))
    inventory.send(RELEASE, inventory.meta("s1", "other", undo=True))
    inventory.send(RELEASE, inventory.meta("s1", "lock", undo=True))
    inventory.settle()
    names = [name.split(".")[1] for name, _ in inventory.replies()]
    assert names == ["InventoryLocked", "InventoryReleased", "InventoryReleased"]
    assert len(inventory.dead_letters()) == 1

    redriven = inventory.send(LOCK, inventory.meta("s1", "lock"), lines=_lines(tea=3))
    inventory.send_again(redriven)
    inventory.settle()
    assert {reply["code"] for _, reply in inventory.replies()} == {"superseded_by_undo"}
    assert _books(inventory) == before


def test_the_trace_of_a_command_goes_on_in_its_reply(inventory: World) -> None:
    inventory.replica()
    record = inventory.send(LOCK, inventory.meta("s1", "lock"), lines=_lines(tea=1))
    inventory.settle()
    (reply,) = inventory.read("saga.replies")
    about = dict(reply.headers)
    assert about["traceparent"] == dict(record.headers)["traceparent"]
    assert about["causationid"] == b"s1:lock:0"
    assert about["ce_source"] == b"inventory"
    assert reply.key == b"s1"


def test_a_crash_between_sql_and_kafka_sends_the_reply_again_and_has_one_effect(inventory: World) -> None:
    first = inventory.replica()
    inventory.send(LOCK, inventory.meta("s1", "lock"), lines=_lines(tea=3))
    inventory.log.take_over("replica-0")
    with pytest.raises(Fatal):
        first.step()
    assert inventory.replies() == []
    inventory.crash(first)
    inventory.replica()
    inventory.settle()
    assert inventory.reply()[0] == "inventory.InventoryLocked"
    assert _books(inventory)["tea", "B"] == (30, 3)


def test_two_replicas_fed_the_same_command_have_one_effect_and_answer_alike(inventory: World) -> None:
    one, other = inventory.replica("replica-0"), inventory.replica("replica-1")
    inventory.settle()
    record = inventory.send(LOCK, inventory.meta("s1", "lock"), lines=_lines(tea=3))
    for partition in range(4):
        if partition != record.partition:
            inventory.log.produce(record.topic, record.key, record.value, record.headers, partition=partition)
    one.step()
    other.step()
    inventory.settle()
    replies = inventory.read("saga.replies")
    assert len(replies) == 4
    assert len({reply.value for reply in replies}) == 1
    assert _books(inventory)["tea", "B"] == (30, 3)
