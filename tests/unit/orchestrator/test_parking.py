"""A record that cannot be used parks its own saga: what comes behind it waits in order until a person decides."""

from __future__ import annotations

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


def redrive(world: World, saga_id: str = "ord_a", action: str = "redrive") -> None:
    world.now += 1
    world.send("saga.RedriveSaga", saga_id, action=action, actor="ann", reason="looked at it")
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

    def decode(self, data: bytes | None) -> Message:
        if data == self.hidden:
            raise UnknownSchema("schema id 999 is not published")
        return super().decode(data)


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
