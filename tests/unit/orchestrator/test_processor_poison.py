"""What nobody can use becomes a dead letter or fails its own saga; it stops nothing else."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from schemas import topics
from schemas.codec import MAX_MESSAGE_BYTES
from tests.orchestrator_world import World, world_with
from tests.scripted_participants import Reply, failure, reply_meta, success

COMPLETED = ("shipped", "COMPLETED")
REVOKED = ("cancelled", "TRANSACTION_REVOKED")


def end_of(world: World, saga_id: str = "ord_a") -> tuple[str, str]:
    last = world.statuses(saga_id)[-1]
    return last["lifecycle"], last["status"]


def codes(world: World) -> list[str]:
    return [code for code, _, _ in world.dead_letters()]


POISON: list[bytes | None] = [
    None,
    b"",
    b"\x00",
    b"garbage",
    b'{"json": true}',
    b"\x01\x00\x00\x00\x75rest",
    b"\x00\x00\x00\xff\xffno such schema",
    b"\x00\x00\x00\x00\x75\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff",
    b"\x00\x00\x00\x00\x75" + b"\xfe" * 500,
]


@pytest.mark.parametrize("topic", [topics.INPUTS.name, topics.REPLIES.name])
@pytest.mark.parametrize("value", POISON)
def test_bytes_nobody_can_read_go_to_the_dead_letters_as_they_came_and_all_others_go_on(
    value: bytes | None, topic: str
) -> None:
    world = World()
    world.start_order("ord_a")
    world.settle()
    poison = world.put(topic, b"ord_a", value)
    world.start_order("ord_b")
    world.run()

    [(code, headers, letter)] = world.dead_letters()
    assert code == ("unknown_schema" if value and value.startswith(b"\x00\x00\x00\xff") else "undecodable")
    assert (letter.key, letter.value) == (b"ord_a", value)
    assert headers["origin_topic"] == topic.encode()
    assert headers["origin_partition"] == str(poison.partition).encode()
    assert headers["origin_offset"] == str(poison.offset).encode()
    assert headers["original_traceparent"] == b"00-trace-01"
    assert (end_of(world, "ord_a"), end_of(world, "ord_b")) == (("validated", "RUNNING"), COMPLETED)


@pytest.mark.parametrize("key", [None, b"", b"ord_b", b"ord_a ", b"\xff"])
def test_a_record_whose_key_is_not_its_saga_is_not_taken(key: bytes | None) -> None:
    world = World()
    honest = world.start_order("ord_x")
    start = world.codec.encode("saga.StartSaga", {**start_fields("ord_a"), "data": "{}"})
    world.put(topics.INPUTS.name, key, start)
    world.settle()

    assert codes(world) == ["misrouted"]
    assert world.names("ord_a") == []
    assert honest.key == b"ord_x"
    assert world.names("ord_x") != []


def start_fields(saga_id: str, definition: str = "order-fulfillment") -> dict[str, Any]:
    meta = {"saga_id": saga_id, "input_id": "in_1", "at": 1, "source": "/test"}
    return {"meta": meta, "definition": definition, "version": None}


@pytest.mark.parametrize("saga_id", ["", "ord_a/origin", "a:b", "ord_a:undo"])
def test_a_saga_id_that_keys_and_ids_cannot_hold_is_refused(saga_id: str) -> None:
    """A saga called `ord_a/origin` would overwrite what the saga `ord_a` was started with."""
    world = World()
    world.start_order("ord_a")
    world.settle()
    world.start_order(saga_id)
    world.restart(keep_stores=False)
    world.run()

    assert codes(world) == ["unusable_saga_id"]
    assert end_of(world) == COMPLETED


def test_an_input_for_a_saga_that_does_not_exist_is_a_dead_letter() -> None:
    world = World()
    world.send("saga.CancelSaga", "ord_a", actor="ann", reason="")
    world.settle()

    assert codes(world) == ["unknown_saga"]


def test_a_reply_for_a_saga_that_does_not_exist_is_a_dead_letter() -> None:
    world = World()
    meta = {"saga_id": "ord_a", "command_id": "c", "token": "t", "step": "ship", "attempt": 0}
    world.reply(*success("shipping.PickOrder", {"meta": meta}))
    world.settle()

    assert codes(world) == ["unknown_saga"]


@pytest.mark.parametrize(("definition", "version"), [("no-such", None), ("order-fulfillment", 7)])
def test_a_definition_that_is_not_loaded_is_a_dead_letter(definition: str, version: int | None) -> None:
    world = World()
    world.start_saga("ord_a", definition, {}, version)
    world.settle()

    assert codes(world) == ["unknown_definition"]
    assert world.names() == []


@pytest.mark.parametrize("data", ["", "{", "[]", '"text"', "1", "null", "NaN", '{"a": "\\ud800"}'])
def test_data_that_is_no_json_object_is_a_dead_letter(data: str) -> None:
    world = World()
    world.start_saga("ord_a", "order-fulfillment", data)
    world.settle()

    assert codes(world) == ["undecodable"]
    assert world.names() == []


def test_an_order_that_fits_its_own_record_but_not_its_events_is_a_dead_letter() -> None:
    world = World()
    small = world.start_order("ord_c", reference="")
    world.start_order("ord_a", reference="x" * (MAX_MESSAGE_BYTES - len(small.value or b"") - 10))
    world.start_order("ord_b")
    world.run()

    assert codes(world) == ["unusable_data"]
    assert world.names("ord_a") == []
    assert end_of(world, "ord_b") == COMPLETED


@pytest.mark.parametrize(
    ("message", "fields"),
    [
        ("saga.Signal", {"name": "approve", "actor": "ann", "data": "{"}),
        ("saga.Signal", {"name": "approve", "actor": "ann", "data": ""}),
    ],
)
def test_a_signal_with_broken_data_is_a_dead_letter_and_what_came_behind_it_waits(
    message: str, fields: dict[str, Any]
) -> None:
    world = World()
    world.start_order(total_minor=10_001, lines=[{"sku": "x", "quantity": 1, "unit_price_minor": 10_001}])
    world.settle()
    world.send(message, "ord_a", **fields)
    world.send("saga.Signal", "ord_a", name="approve", actor="ann", data="{}")
    world.run()

    assert codes(world) == ["undecodable"]
    assert end_of(world) == ("validated", "AWAITING_APPROVAL")
    world.send("saga.RedriveSaga", "ord_a", action="drop", actor="ann", reason="nonsense")
    world.run()
    assert end_of(world) == COMPLETED


def test_an_event_sent_to_the_orchestrator_is_not_taken_for_an_input() -> None:
    world = World()
    world.start_order()
    world.settle()
    event = next(record.value for record in world.records(topics.EVENTS.name))
    world.put(topics.REPLIES.name, b"ord_a", event)
    world.run()

    assert codes(world) == ["unexpected_message"]
    assert end_of(world) == COMPLETED


def large_when_locked(size: int) -> Callable[[str, Mapping[str, Any]], Reply]:
    def answer(name: str, command: Mapping[str, Any]) -> Reply:
        if name == "inventory.LockInventory":
            return success(name, command, reservation_id="x" * size)
        return success(name, command)

    return answer


@pytest.mark.parametrize("size", [90_000, MAX_MESSAGE_BYTES - 250])
def test_a_result_no_record_can_hold_has_happened_so_its_step_is_undone(size: int) -> None:
    world = World()
    world.start_order()
    world.run(large_when_locked(size))

    assert end_of(world) == REVOKED
    assert world.statuses()[-1]["reason"] == "reply_too_large"
    assert [name for name, _ in world.commands()] == ["inventory.LockInventory", "inventory.ReleaseInventory"]
    assert world.dead_letters() == []


def test_a_reply_that_its_participant_could_not_send_is_not_asked_for_again_and_its_step_is_undone() -> None:
    """Guards M162."""
    world = World()
    world.start_order()
    world.run(
        lambda name, command: (
            failure(command, "UNKNOWN", "reply_too_large")
            if name == "inventory.LockInventory"
            else success(name, command)
        )
    )

    assert end_of(world) == REVOKED
    assert [name for name, _ in world.commands()] == ["inventory.LockInventory", "inventory.ReleaseInventory"]


def test_a_large_result_that_leaves_room_is_kept() -> None:
    world = World()
    world.start_order()
    world.run(large_when_locked(60_000))

    assert end_of(world) == COMPLETED


MANY_STEPS = """
document: {{ dsl: 1.0.3, name: many, version: 1.0.0 }}
use:
  functions:
    act: {{ call: command, with: {{ topic: other.commands, message: other.Act }} }}
milestones:
  started: {{ lifecycle: new, status: RUNNING }}
  compensating: {{ status: COMPENSATING }}
  completed: {{ lifecycle: old, status: COMPLETED }}
  revoked: {{ lifecycle: cancelled, status: REVOKED }}
  suspended: {{ status: SUSPENDED }}
do:
{steps}
"""


def many_steps(count: int) -> str:
    step = "  - step-{number}: {{ call: act, compensate: {{ call: act }} }}"
    return MANY_STEPS.format(steps="\n".join(step.format(number=number) for number in range(count)))


def test_a_saga_of_many_results_that_outgrows_its_record_is_undone_and_not_stuck(tmp_path: Path) -> None:
    world = world_with(tmp_path, many_steps(70))
    world.start_saga("sag_a", "many", {})
    world.run(
        lambda _name, command: ("saga.GenericReply", {"meta": reply_meta(command), "data": json.dumps("x" * 1_900)})
    )

    assert end_of(world, "sag_a") == ("cancelled", "REVOKED")
    assert world.statuses("sag_a")[-1]["reason"] == "reply_too_large"
    assert world.dead_letters() == []


def test_a_participant_without_schemas_of_its_own_is_sent_generic_commands(tmp_path: Path) -> None:
    world = world_with(tmp_path, many_steps(3))
    world.start_saga("sag_a", "many", {})
    world.run()

    assert end_of(world, "sag_a") == ("old", "COMPLETED")
    assert {name for name, _ in world.commands("sag_a")} == {"saga.GenericCommand"}
    assert {fields["type"] for _, fields in world.commands("sag_a")} == {"other.Act"}


def test_a_generic_reply_that_holds_no_json_is_a_dead_letter_and_time_stands_still_until_it_is_dropped(
    tmp_path: Path,
) -> None:
    world = world_with(tmp_path, many_steps(1))
    world.start_saga("sag_a", "many", {})
    world.settle()
    world.answer(lambda _name, command: ("saga.GenericReply", {"meta": reply_meta(command), "data": "{"}))
    assert codes(world) == ["undecodable"]

    world.later(31_000)
    assert world.names("sag_a")[-1] == "RecordParked"
    world.send("saga.RedriveSaga", "sag_a", action="drop", actor="ann", reason="nonsense")
    world.settle()
    world.later(1_000)
    world.run()
    assert end_of(world, "sag_a") == ("old", "COMPLETED")


@pytest.mark.parametrize("total", [5_000.0, 2**63])
def test_a_command_that_does_not_fit_its_schema_fails_its_step_and_the_order_is_revoked(total: Any) -> None:
    world = World()
    world.start_order(total_minor=total, lines=[{"sku": "x", "quantity": 1, "unit_price_minor": int(total)}])
    world.settle()
    world.send("saga.Signal", "ord_a", name="approve", actor="ann", data="{}")
    world.run()

    assert end_of(world) == REVOKED
    assert world.statuses()[-1]["reason"] == "unsendable_command"
    assert [name for name, _ in world.commands()] == ["inventory.LockInventory", "inventory.ReleaseInventory"]
    assert world.dead_letters() == []


@pytest.mark.parametrize("lines", [[2**31], [2**30, 2**30], [2**40]])
def test_more_units_than_a_command_can_hold_are_refused_and_not_sent_wrong(lines: list[int]) -> None:
    world = World()
    rows = [{"sku": "x", "quantity": quantity, "unit_price_minor": 1} for quantity in lines]
    world.start_order(total_minor=sum(lines), lines=rows)
    world.run()

    assert end_of(world) == REVOKED
    assert world.statuses()[-1]["reason"] == "invalid_order"
    assert world.commands() == []


def test_a_command_that_cannot_be_sent_in_the_middle_undoes_what_was_done_before() -> None:
    def no_parcels(name: str, command: Mapping[str, Any]) -> Reply:
        if name == "inventory.LockInventory":
            return "saga.GenericReply", {"meta": reply_meta(command), "data": "{}"}
        return success(name, command)

    world = World()
    world.start_order()
    world.run(no_parcels)

    assert end_of(world) == REVOKED
    undone = [fields["step"] for name, fields in world.events() if name == "StepCompleted" and fields["undo"]]
    assert undone == ["confirm-order", "deduct-inventory", "capture-payment", "lock-inventory"]
    assert "shipping.PickOrder" not in {name for name, _ in world.commands()}
    assert world.dead_letters() == []


@pytest.mark.parametrize("size", [5_000, 90_000])
def test_a_long_reason_is_cut_and_the_order_ends(size: int) -> None:
    def verbose(name: str, command: Mapping[str, Any]) -> Reply:
        if name == "payment.CapturePayment":
            return failure(command, "REJECTED", "card_declined", message="x" * size, causes=["y"] * 20)
        return success(name, command)

    world = World()
    world.start_order()
    world.run(verbose)

    assert end_of(world) == REVOKED
    assert world.dead_letters() == []
    assert max(len(record.value or b"") for record in world.records(topics.EVENTS.name)) < 10_000


def test_an_input_for_a_definition_that_is_no_longer_loaded_stops_no_other_saga(tmp_path: Path) -> None:
    world = world_with(tmp_path, many_steps(1))
    world.start_saga("sag_a", "many", {})
    world.settle()
    commands = world.unanswered()
    world.load_registry = World().load_registry
    world.restart()
    for name, command in commands:
        world.reply(*success(name, command))
    world.start_order("ord_b")
    world.run()

    assert codes(world) == ["unknown_definition"]
    assert end_of(world, "ord_b") == COMPLETED
    assert world.names("sag_a")[-1] == "RecordParked"
