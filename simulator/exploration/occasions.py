"""What may happen next to an explored saga: replies, timers, people and outages, each with the faults that it takes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from orchestrator.core.definition import Listen
from orchestrator.core.inputs import Cancel, Failed, Input, Signal, Succeeded, TimerDue
from orchestrator.core.state import Phase, StepStatus
from simulator.engine import Engine
from simulator.exploration.world import Reply, World
from simulator.scenario import NOTHING, Scenario, name_of, signals_of

RETRY_AFTER_MS = 2_000
"""For how long an open circuit asks to be left alone."""


class Occasion(NamedTuple):
    """One thing that may happen: its kind, what it concerns, the input it is (none: a command arrives late), and when.

    `late` are the replies that it overtakes; `taken` the one that it delivers.
    """

    kind: str
    subject: str
    given: Input | None
    now: int
    cost: int = 0
    late: tuple[Reply, ...] = ()
    taken: Reply | None = None


def occasions(engine: Engine, scenario: Scenario, world: World) -> Iterator[Occasion]:
    """Yield all that may happen next; none where the saga has ended."""
    state = world.state
    if state.phase is Phase.ENDED:
        return
    due = engine.next_due(state)
    for reply in world.replies:
        given = reply_input(scenario, reply)
        yield Occasion("reply", _subject(reply), given, world.now, taken=reply)
        if due is not None and world.faults_left and due >= world.now:
            yield Occasion("reply-after-outage", _subject(reply), given, due + 1, 1, taken=reply)
    if due is not None:
        yield from _timers(world, due)
    for command in world.late:
        held = state.steps.get(command.step if command.undoes is None else f"{command.step}:undo")
        if held is not None and held.status in _OPEN:
            yield Occasion("arrival", command.command_id, None, world.now)
    yield from _people(scenario, world)


_OPEN = frozenset({StepStatus.SCHEDULED, StepStatus.RETRYING, StepStatus.PARKED})


def _timers(world: World, due: int) -> Iterator[Occasion]:
    at = max(due, world.now)
    overtaken = _overtaken(world, at)
    if len(overtaken) <= world.faults_left:
        yield Occasion("timer", "", TimerDue(), at, len(overtaken), overtaken)
    deadline = world.state.deadline
    if world.faults_left and world.state.phase is Phase.FORWARD and deadline is not None and deadline > at:
        yield Occasion("outage-to-deadline", "", TimerDue(), deadline, 1, _overtaken(world, deadline))


def _overtaken(world: World, at: int) -> tuple[Reply, ...]:
    return tuple(reply for reply in world.replies if reply.until is not None and reply.until <= at)


def _people(scenario: Scenario, world: World) -> Iterator[Occasion]:
    state = world.state
    awaited: set[str] = set()
    if state.phase is Phase.FORWARD:
        for path, step in state.steps.items():
            node = scenario.definition.nodes.get(name_of(path))
            if step.status is StepStatus.WAITING and isinstance(node, Listen):
                awaited.update(node.signals)
    for name in signals_of(scenario.definition):
        if name in awaited or world.faults_left:
            data = scenario.signals.get(name, NOTHING)
            yield Occasion("signal", name, Signal("in_s", name, "ann", data), world.now, 0 if name in awaited else 1)
    if world.faults_left:
        yield Occasion("cancel", "", Cancel("in_c", "ann", "changed my mind"), world.now, 1)


def reply_input(scenario: Scenario, reply: Reply) -> Succeeded | Failed:
    """Return the input that a reply is."""
    if reply.kind is None:
        output = NOTHING if reply.undo else scenario.result(reply.step)
        return Succeeded(reply.command_id, reply.step, reply.undo, output)
    return Failed(
        reply.command_id,
        reply.step,
        reply.undo,
        reply.kind,
        reply.code,
        f"{reply.code}.",
        (),
        RETRY_AFTER_MS if reply.kind == "UNAVAILABLE" else None,
        reply.retriable,
    )


def _subject(reply: Reply) -> str:
    return f"{reply.command_id} {reply.code or 'done'}"
