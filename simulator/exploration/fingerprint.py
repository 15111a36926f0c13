"""Two moments that can only go on alike have one fingerprint: times are relative, and what is over is forgotten."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from operator import attrgetter
from typing import Any

import orjson

from orchestrator.core.state import Phase, State, StepState
from simulator.account import SETTLED
from simulator.exploration.world import World
from simulator.participant import Mark

_READ_HERE = frozenset(
    {
        "saga_id", "definition", "version", "sequence", "phase", "started_at", "updated_at", "deadline", "steps",
        "plan", "outputs", "code", "message", "failed_step", "origin", "lifecycle", "status", "parts",
    }
)  # fmt: skip
"""Fields of a state that are taken apart below, or that never decide what a saga does next."""

_EPOCH = 1_000_000_000_000
"""Whole numbers from here on are times (milliseconds), and compared by their distance from now."""

_ATOMS = frozenset({str, type(None), bool})

_others = attrgetter(*(name for name in State._fields if name not in _READ_HERE))
_over = attrgetter("step", "undo", "status")
_why = attrgetter("step", "undo", "status", "source", "code")
_open = attrgetter(*StepState._fields)


def fingerprint(world: World) -> int:
    """Return 64 bits that tell this moment from every other one that may go on differently."""
    state, now = world.state, world.now
    times: list[int] = []
    steps = state.steps.values()
    unsettled = [tuple(_relative(_open(step), now, times)) for step in steps if step.status not in SETTLED]
    others = [value if type(value) in _ATOMS else _plain(value, now, times) for value in _others(state)]
    ahead = state.phase is Phase.FORWARD or state.outcome == "COMPLETED"
    return hash(
        (
            state.phase,
            tuple(unsettled),
            tuple(others),
            state.plan,
            orjson.dumps(state.outputs),
            _ahead(world, times) if ahead else _turned(world),
            frozenset((*reply[:-1], None if reply.until is None else reply.until - now) for reply in world.replies),
            frozenset(reply[:-1] for reply in world.heard),
            world.late,
            world.faults_left,
            world.repairs_left,
            world.account,
        )
    )


def _ahead(world: World, times: list[int]) -> tuple[Any, ...]:
    """Return what matters while a saga goes forward, or may be taken back."""
    state = world.state
    return (
        tuple(map(_why, state.steps.values())),
        state.code,
        state.lifecycle,
        state.status,
        None if state.deadline is None else sum(at < state.deadline for at in times),
        frozenset(world.books.entries.items()),
        tuple(world.lasting.items()),
    )


def _turned(world: World) -> tuple[Any, ...]:
    """Return what matters once a saga has turned round: no command goes forward any more, and no deadline ends it.

    Of an effect that is not in place it makes no difference why, unless its command is still on its way.
    """
    under_way = {command.token for command in world.late}
    entries = world.books.entries.items()
    return (
        tuple(map(_over, world.state.steps.values())),
        frozenset((token, one) for token, one in entries if one.undo or one.mark is Mark.DONE or token in under_way),
        tuple((token, fate) for token, fate in world.lasting.items() if ":undo" in token),
    )


def contents(state: State) -> tuple[object, ...]:
    """Return all of a state that code with a bug could write into."""
    return (
        tuple(state.steps.items()),
        tuple(state.unwinding.items()),
        orjson.dumps(state.outputs),
        orjson.dumps(state.origin.data),
    )


def _relative(values: tuple[Any, ...], now: int, times: list[int]) -> Iterator[Any]:
    for value in values:
        if type(value) is int and value >= _EPOCH:
            times.append(value)
            yield value - now
        else:
            yield value


def _plain(value: Any, now: int, times: list[int]) -> Any:  # noqa: PLR0911 - one return for each kind of value
    """Return a value of any kind as nested tuples, with its times made relative."""
    if value is None or type(value) is str:
        return value
    if type(value) is int:
        if value < _EPOCH:
            return value
        times.append(value)
        return value - now
    if is_dataclass(value):
        return tuple(_plain(getattr(value, field.name), now, times) for field in fields(value))
    if isinstance(value, Mapping):
        return () if not value else tuple((key, _plain(one, now, times)) for key, one in value.items())
    if isinstance(value, tuple | list):
        return tuple(_plain(one, now, times) for one in value)
    return value
