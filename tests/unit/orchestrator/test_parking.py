"""A record that cannot be used parks its own saga: what comes behind it waits in order until a person decides."""

from __future__ import annotations

import json
from typing import Any

import pytest

from schemas import topics
from schemas.codec import Codec, Message, UnknownSchema
from tests.orchestrator_world import World
from tests.scripted_participants import success

GARBAGE = b"garbage"
COMPLETED = ("shipped", "COMPLETED")


def end_of(world: World, saga_id: str = "ord_a") -> tuple[str, str]:
    last = world.statuses(saga_id)[-1]
    return last["lifecycle"], last["status"]


def redrive(world: World, saga_id: str = "ord_a", action: str = "redrive", first: str | None = None) -> None:
    world.now += 1
    world.send("saga.RedriveSaga", saga_id, action=action, actor="ann", reason="looked at it", first=first)
    world.run()


def parked(world: World, saga_id: str = "ord_a") -> list[str]:
    return [fields["code"] for name, fields in world.events(saga_id) if name == "RecordParked"]


@pytest.fixture
def world() -> World:
    """An order waits for its reservation; garbage came in before the reply."""
    world = World()
    world.start_order()
    world.settle()
    world.put(topics.REPLIES.name, b"ord_a", GARBAGE)
    world.answer()
    return world


def test_the_saga_stands_still_and_everybody_else_goes_on(world: World) -> None:
    for number in range(50):
        world.start_order(f"ord_{number}")
    world.run()

    assert {end_of(world, f"ord_{number}") for number in range(50)} == {COMPLETED}
    assert end_of(world) == ("validated", "RUNNING")
    assert parked(world) == ["undecodable", "behind"]
    assert [code for code, _, _ in world.dead_letters()] == ["undecodable"]


def test_time_stands_still_for_a_saga_whose_records_wait(world: World) -> None:
    world.later(10 * 86_400_000)

    assert end_of(world) == ("validated", "RUNNING")


def test_without_the_poison_the_rest_is_handled_in_order_and_the_saga_completes(world: World) -> None:
    redrive(world, action="drop")

    assert end_of(world) == COMPLETED
    unparked = [fields for name, fields in world.events("ord_a") if name == "RecordUnparked"]
    assert [(fields["number"], fields["action"], fields["actor"]) for fields in unparked] == [
        (0, "drop", "ann"),
        (1, "redrive", "ann"),
    ]


def test_what_still_cannot_be_read_stays_where_it_is(world: World) -> None:
    redrive(world)

    assert world.names("ord_a")[-1] == "InputIgnored"
    redrive(world, action="drop")
    assert end_of(world) == COMPLETED


def test_redriving_twice_has_one_effect(world: World) -> None:
    redrive(world, action="drop")
    before = world.commands("ord_a")
    redrive(world, action="drop")

    assert world.names("ord_a")[-1] == "InputIgnored"
    assert world.commands("ord_a") == before


def test_a_request_about_one_record_leaves_the_next_one_that_waits_alone(world: World) -> None:
    second = world.put(topics.REPLIES.name, b"ord_a", GARBAGE)
    world.settle()
    about = next(fields for name, fields in world.events("ord_a") if name == "RecordParked")
    first = f"{about['topic']}:{about['partition']}:{about['offset']}"
    redrive(world, action="drop", first=first)
    dropped = [fields["number"] for name, fields in world.events("ord_a") if name == "RecordUnparked"]
    assert dropped == [0, 1]

    redrive(world, action="drop", first=first)
    assert world.events("ord_a")[-1][1]["reason"] == f"{first} is not the first record that waits"

    redrive(world, action="drop", first=f"{second.topic}:{second.partition}:{second.offset}")
    assert end_of(world) == COMPLETED


def test_a_record_that_can_be_read_and_still_not_used_stays_where_it_is() -> None:
    world = World()
    world.start_order()
    world.settle()
    world.send("saga.Signal", "ord_a", name="approve", actor="ann", data="no JSON")
    world.settle()
    redrive(world)

    assert world.names("ord_a")[-2:] == ["InputIgnored", "RecordParked"]
    redrive(world, action="drop")
    assert end_of(world) == COMPLETED


def test_it_waits_through_restarts_and_the_loss_of_the_store(world: World) -> None:
    world.restart(keep_stores=False)
    world.settle()
    redrive(world, action="drop")

    assert end_of(world) == COMPLETED
    assert not [key for key, records in world.changelog().items() if b"/parked/" in key and records[-1].value]


class OlderBuild(Codec):
    """The codec of a build to which the schema of one message is not published."""

    def __init__(self, hidden: bytes) -> None:
        super().__init__()
        self.hidden = hidden

    def decode(self, data: bytes | None, *, as_written: bool = False) -> Message:
        if data == self.hidden:
            raise UnknownSchema("schema id 999 is not published")
        return super().decode(data, as_written=as_written)


def test_a_message_of_an_unknown_schema_waits_for_the_build_that_knows_it() -> None:
    world = World()
    world.start_order()
    world.settle()
    [(name, command)] = world.unanswered()
    reply: Any = success(name, command)
    value = world.codec.encode(*reply)
    newer, world.codec = world.codec, OlderBuild(value)
    world.restart()
    world.put(topics.REPLIES.name, b"ord_a", value)
    world.settle()
    world.later(31_000)
    assert parked(world) == ["unknown_schema"]
    assert world.names("ord_a")[-1] == "RecordParked"

    world.codec = newer
    world.restart()
    world.later(31_000)
    world.run()

    assert end_of(world) == COMPLETED


def test_a_saga_that_ended_is_not_parked() -> None:
    world = World()
    world.start_order()
    world.run()
    world.put(topics.REPLIES.name, b"ord_a", GARBAGE)
    world.settle()

    assert parked(world) == []
    assert [code for code, _, _ in world.dead_letters()] == ["undecodable"]


def test_only_so_many_records_wait_and_the_others_are_dead_letters(world: World) -> None:
    for number in range(120):
        world.send("saga.Signal", "ord_a", name=f"s{number}", actor="ann", data="{}")
    world.settle()

    assert len(parked(world)) == 100
    assert [code for code, _, _ in world.dead_letters()].count("too_many_wait") == 22


def test_of_a_thousand_sagas_one_poison_record_stops_its_own_and_what_waits_goes_on_in_order() -> None:
    world, poisoned = World(), "ord_500"
    for number in range(1_000):
        world.start_order(f"ord_{number}")
    world.settle()
    reply: Any = next(success(*one) for one in world.commands(poisoned))
    value = world.codec.encode(*reply)
    newer, world.codec = world.codec, OlderBuild(value)
    world.restart()
    world.put(topics.REPLIES.name, poisoned.encode(), value)
    world.settle()
    world.send("saga.Signal", poisoned, name="gift-wrap", actor="ann", data="{}")
    world.send("saga.CancelSaga", poisoned, actor="ann", reason="too late")
    world.run(lambda name, command: None if command["meta"]["saga_id"] == poisoned else success(name, command))

    statuses = [json.loads(record.value or b"") for record in world.records(topics.STATUS.name)]
    ends = {status["saga_id"]: (status["lifecycle"], status["status"]) for status in statuses}
    assert len(ends) == 1_000
    assert [saga_id for saga_id, end in ends.items() if end != COMPLETED] == [poisoned]
    assert parked(world, poisoned) == ["unknown_schema", "behind", "behind"]

    world.codec = newer
    world.restart()
    before = len(world.names(poisoned))
    redrive(world, poisoned)
    handled = [name for name in world.names(poisoned)[before:] if not name.startswith("Step")]
    assert handled[:6] == [
        "RecordUnparked",
        "RecordUnparked",
        "InputIgnored",
        "RecordUnparked",
        "CancelRequested",
        "CompensationStarted",
    ]
    assert end_of(world, poisoned) == ("cancelled", "TRANSACTION_REVOKED")
