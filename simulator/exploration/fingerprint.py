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

_READ_HERE = frozenset(
    {
        "saga_id", "definition", "version", "sequence", "phase", "started_at", "updated_at", "deadline", "steps",
        "plan", "outputs", "code", "message", "failed_step", "origin",
    }
)  # fmt: skip
"""Fields of a state that are taken apart below, or that never decide what a saga does next."""

_EPOCH = 1_000_000_000_000
"""Whole numbers from here on are times (milliseconds), and compared by their distance from now."""

_ATOMS = frozenset({str, type(None), bool})

_others = attrgetter(*(field.name for field in fields(State) if field.name not in _READ_HERE))
_over = attrgetter("step", "undo", "status", "source")
_why = attrgetter("step", "undo", "status", "source", "code")
_open = attrgetter(*(field.name for field in fields(StepState)))


def fingerprint(world: World) -> int:
    """Return 64 bits that tell this moment from every other one that may go on differently."""
    state, now = world.state, world.now
    deadline = state.deadline
    times: list[int] = []
    steps = state.steps.values()
    # A saga that turned round reports its reason and reads it no more.
    reason = state.code if state.phase is Phase.FORWARD else None
    return hash(
        (
            state.phase,
            reason,
            tuple(map(_why if state.phase is Phase.FORWARD else _over, steps)),
            tuple([tuple(_relative(_open(step), now, times)) for step in steps if step.status not in SETTLED]),
            state.plan,
            tuple([value if type(value) in _ATOMS else _plain(value, now, times) for value in _others(state)]),
            orjson.dumps(state.outputs),
            None if deadline is None else sum(at < deadline for at in times),
            frozenset(world.books.entries.items()),
            frozenset((*reply[:-1], None if reply.until is None else reply.until - now) for reply in world.replies),
            frozenset(reply[:-1] for reply in world.heard),
            world.late,
            tuple(world.lasting.items()),
            world.faults_left,
            world.repairs_left,
            world.account,
        )
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
