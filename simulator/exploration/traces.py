"""A run written down so that it can be run again: the moves of a counter-example, followed step by step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from simulator.account import Violation
from simulator.engine import Engine
from simulator.exploration.fingerprint import contents, fingerprint
from simulator.exploration.moves import START, Broken, Move
from simulator.exploration.occasions import occasions
from simulator.exploration.sending import ways
from simulator.exploration.turns import Turn, begin, standing, take
from simulator.exploration.world import World
from simulator.properties import GOES_ROUND, PURE
from simulator.scenario import Scenario

FORMAT = "sagaline-trace/1"


class UnusableTrace(ValueError):
    """This is no trace."""


class Step(NamedTuple):
    """One move that was made, the turn that it was, and the moment after it (none where the turn itself is wrong)."""

    move: Move
    turn: Turn
    after: World | None


class Retraced(NamedTuple):
    """A trace that was run again: its steps, and everything that is wrong at its end.

    `departs` says where the run goes another way than the trace, where it does.
    """

    steps: tuple[Step, ...]
    wrong: tuple[Violation, ...]
    departs: str | None = None


def retrace(engine: Engine, scenario: Scenario, faults: int, moves: Sequence[Move]) -> Retraced:
    """Make the moves again, as far as they are possible. Raises UnusableTrace where they are none."""
    steps: list[Step] = []
    world: World | None = None
    marks: list[int] = []
    for move in moves:
        turn = _turn(engine, scenario, faults, world, move)
        if turn is None:
            return Retraced(tuple(steps), (), f"{describe(move)}: cannot happen here")
        if turn.wrong:
            return Retraced((*steps, Step(move, turn, None)), turn.wrong)
        world = next((after for fates, after in ways(turn.world, turn.sent) if fates == move.fates), None)
        if world is None:
            return Retraced(tuple(steps), (), f"{describe(move)}: other commands follow")
        steps.append(Step(move, turn, world))
        marks.append(fingerprint(world))
    if world is None:
        raise UnusableTrace("the trace holds no move")
    return Retraced(tuple(steps), tuple(_wrong(engine, scenario, world, marks)))


def _turn(engine: Engine, scenario: Scenario, faults: int, world: World | None, move: Move) -> Turn | None:
    if world is None:
        if move.kind != START:
            raise UnusableTrace(f"{describe(move)}: a trace begins with {START}")
        return begin(engine, scenario, faults)
    for occasion in occasions(engine, scenario, world):
        if (occasion.kind, occasion.subject) == (move.kind, move.subject):
            return take(engine, scenario, world, occasion)
    return None


def _wrong(engine: Engine, scenario: Scenario, world: World, marks: Sequence[int]) -> list[Violation]:
    wrong = list(standing(engine, scenario, world))
    before = contents(world.state)
    for occasion in occasions(engine, scenario, world):
        take(engine, scenario, world, occasion)
    if contents(world.state) != before:
        wrong.append(Violation(PURE, "deciding changed the state that it was given"))
    if marks[-1] in marks[:-1]:
        wrong.append(GOES_ROUND)
    return wrong


_PARTS: Mapping[str, type] = {
    "definition": str, "scenario": str, "data": dict, "faults": int, "violation": dict, "moves": list,
}  # fmt: skip


def describe(move: Move) -> str:
    """Return a move in a few words."""
    return " ".join(part for part in (move.kind, move.subject) if part)


def trace_of(scenario: Scenario, reference: str, faults: int, broken: Broken) -> dict[str, Any]:
    """Return a counter-example as JSON; `reference` is the name or the path by which the definition was given."""
    return {
        "format": FORMAT,
        "definition": reference,
        "version": scenario.definition.version,
        "scenario": scenario.name,
        "data": scenario.data,
        "faults": faults,
        "violation": broken.violation._asdict(),
        "moves": [{"kind": move.kind, "subject": move.subject, "fates": list(move.fates)} for move in broken.moves],
    }


def moves_of(trace: Any) -> tuple[Move, ...]:
    """Return the moves of a trace. Raises UnusableTrace where it is none."""
    if not isinstance(trace, dict) or trace.get("format") != FORMAT:
        raise UnusableTrace(f"this is no trace: its format is not {FORMAT}")
    for name, kind in _PARTS.items():
        if not isinstance(trace.get(name), kind) or isinstance(trace[name], bool):
            raise UnusableTrace(f"the trace has no {name} that can be read")
    if not isinstance(trace["violation"].get("property"), str):
        raise UnusableTrace("the violation of the trace names no property")
    try:
        return tuple(Move(one["kind"], one["subject"], tuple(one["fates"])) for one in trace["moves"])
    except (KeyError, TypeError) as error:
        raise UnusableTrace(f"the moves of the trace cannot be read: {error!r}") from error
