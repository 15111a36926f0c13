"""The model of a participant, with which sagas are explored and simulated, answers as a real participant does."""

from __future__ import annotations

import json
import random
from typing import NamedTuple

import pytest

from orchestrator.core.events import FailureKind
from simulator.participant import EMPTY, SUPERSEDED, Command, Wish, handle
from streams.record import Record
from tests.contract.participants.world import World

KINDS = {Wish.REFUSE: "REJECTED", Wish.FAIL: "TRANSIENT", Wish.NOT_NOW: "UNAVAILABLE"}
STEP = "hold"


class Given(NamedTuple):
    """One command: what it is to the model, and how it is written."""

    command: Command
    wish: Wish


def given(saga: str, dice: random.Random, numbers: dict[bool, int]) -> Given:
    """Draw a command, or its undo."""
    undo = dice.random() < 0.35
    number = numbers[undo]
    numbers[undo] += 1
    wish = Wish.DO if undo else dice.choice([Wish.DO, Wish.DO, Wish.REFUSE, Wish.FAIL, Wish.NOT_NOW])
    token = f"{saga}:{STEP}"
    if undo:
        return Given(Command(f"{token}:undo:{number}", f"{token}:undo", token, STEP), wish)
    return Given(Command(f"{token}:{number}", token, None, STEP), wish)


def send(world: World, saga: str, one: Given) -> Record:
    undo = one.command.undoes is not None
    meta = world.meta(saga, STEP, n=int(one.command.command_id.rpartition(":")[2]), undo=undo)
    assert meta["command_id"] == one.command.command_id
    assert meta["token"] == one.command.token
    data = {} if undo else {"resource": "stock", "fail": {"kind": KINDS[one.wish]} if one.wish in KINDS else None}
    kind = "tasks.Release" if undo else "tasks.Reserve"
    value = world.codec.encode("saga.GenericCommand", {"meta": meta, "type": kind, "data": json.dumps(data)})
    return world.log.produce(world.topic, saga.encode(), value, [])


def answer(world: World) -> tuple[FailureKind | None, bool]:
    """Return the kind of the one reply, none for one that is done, and whether it names an undo that came before."""
    world.settle()
    [(name, fields)] = world.replies()
    if name != "saga.CommandFailed":
        return None, False
    return FailureKind(fields["kind"]), fields["code"] == SUPERSEDED


@pytest.mark.parametrize("seed", range(25))
def test_any_order_of_commands_undos_and_repetitions_is_answered_alike(tasks: World, seed: int) -> None:
    tasks.replica()
    dice, saga = random.Random(seed), f"m{seed}"  # noqa: S311 - sequences that can be drawn again
    books, numbers = EMPTY, {False: 0, True: 0}
    sent: list[tuple[Given, Record]] = []
    for _ in range(8):
        if sent and dice.random() < 0.3:
            one, record = dice.choice(sent)
            tasks.send_again(record)
        else:
            one = given(saga, dice, numbers)
            sent.append((one, send(tasks, saga, one)))
        books, expected = handle(books, one.command, one.wish)

        assert answer(tasks) == (expected.kind, expected.code == SUPERSEDED), [each for each, _ in sent]
    held = tasks.rows("SELECT count(*) FROM effects WHERE state = 'done' AND token NOT LIKE '%undo'")[0][0]
    assert held == len(books.in_place)
