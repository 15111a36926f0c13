"""What may happen next to an explored saga: replies, timers, people and outages, each with the faults that it takes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from orchestrator.core.definition import Listen
from orchestrator.core.events import Json
from orchestrator.core.inputs import Action, Cancel, Failed, Input, Resolve, Signal, Succeeded, TimerDue, Undo
from orchestrator.core.paths import name_of
from orchestrator.core.state import AWAITING_REPLY, Phase, StepState, StepStatus, path_of
from simulator.engine import Engine
from simulator.exploration.world import Reply, World
from simulator.scenario import NOTHING, Scenario

RETRY_AFTER_MS = 2_000
"""For how long an open circuit asks to be left alone."""


class Occasion(NamedTuple):
    """One thing that may happen: its kind, what it concerns, the input it is (none: a command arrives late), and when.

    `late` are the replies that it overtakes; `taken` the one that it delivers; `repairs` where a person mends things.
    """

    kind: str
    subject: str
    given: Input | None
    now: int
    cost: int = 0
    late: tuple[Reply, ...] = ()
    taken: Reply | None = None
    repairs: bool = False


def occasions(engine: Engine, scenario: Scenario, world: World) -> Iterator[Occasion]:
    """Yield all that may happen next."""
    state = world.state
    if state.phase is Phase.ENDED:
        yield from _after_the_end(world)
        return
    due = engine.next_due(state)
    side_by_side = due is not None and due - 1 > world.now and sum(_is_open(step) for step in state.steps.values()) > 1
    for reply in world.replies:
        for subject, given in _inputs(scenario, reply):
            yield Occasion("reply", subject, given, world.now, taken=reply)
            if due is not None and side_by_side:
                # Where steps run side by side, it is their delays that decide whose timer comes first.
                yield Occasion("reply-just-in-time", subject, given, due - 1, taken=reply)
            if due is not None and world.faults_left and due >= world.now:
                yield Occasion("reply-after-outage", subject, given, due + 1, 1, taken=reply)
    if due is not None:
        yield from _timers(world, due)
    for command in world.late:
        held = state.steps.get(path_of(command.step, command.undoes is not None))
        if held is not None and held.status in AWAITING_REPLY:
            yield Occasion("arrival", command.command_id, None, world.now)
    yield from _people(scenario, world)


def _is_open(step: StepState) -> bool:
    return step.status in AWAITING_REPLY or step.status is StepStatus.WAITING


def _after_the_end(world: World) -> Iterator[Occasion]:
    outcome = world.state.outcome
    if outcome == "SUSPENDED" and world.repairs_left:
        yield from _repairs(world)
    if outcome == "COMPLETED" and world.faults_left:
        yield Occasion("taken-back", "", Undo("in_u", "saga:other", "undone", None), world.now, 1)


def _timers(world: World, due: int) -> Iterator[Occasion]:
    state, at = world.state, max(due, world.now)
    overtaken = _overtaken(world, at)
    if len(overtaken) <= world.faults_left:
        before = ", ".join(reply.command_id for reply in overtaken)
        yield Occasion("timer", before, TimerDue(), at, len(overtaken), overtaken)
    deadline = None if state.pivoted else state.deadline
    if world.faults_left and state.phase is Phase.FORWARD and deadline is not None and deadline > at:
        yield Occasion("outage-to-deadline", "", TimerDue(), deadline, 1, _overtaken(world, deadline))


def _overtaken(world: World, at: int) -> tuple[Reply, ...]:
    return tuple(reply for reply in world.replies if reply.until is not None and reply.until <= at)


def _people(scenario: Scenario, world: World) -> Iterator[Occasion]:
    state = world.state
    awaited: set[str] = set()
    held = False
    for path, step in state.steps.items():
        if step.status is StepStatus.WAITING:
            node = scenario.definition.nodes.get(name_of(path))
            if isinstance(node, Listen) and state.phase is Phase.FORWARD:
                awaited.update(node.signals)
        elif step.status is StepStatus.HELD:
            held = True
    for name in scenario.takes:
        if name in awaited or world.faults_left:
            for number, data in enumerate(scenario.data_of(name)):
                subject = name if number == 0 else f"{name} #{number}"
                cost = 0 if name in awaited else 1
                yield Occasion("signal", subject, Signal("in_s", name, "ann", data), world.now, cost)
    if world.faults_left:
        yield Occasion("cancel", "", Cancel("in_c", "ann", "changed my mind"), world.now, 1)
    if held and world.repairs_left:
        yield from _repairs(world)


def _repairs(world: World) -> Iterator[Occasion]:
    for action in (Action.RETRY, Action.SKIP):
        given = Resolve("in_r", action, None, "ann", "seen to it")
        yield Occasion("person", action.value, given, world.now, repairs=True)


def _inputs(scenario: Scenario, reply: Reply) -> Iterator[tuple[str, Succeeded | Failed]]:
    """Yield a reply as an input, once for each result that it may have."""
    subject = f"{reply.command_id} {reply.code or 'done'}"
    if reply.kind is not None or reply.undo:
        yield subject, reply_input(reply, NOTHING)
        return
    for number, output in enumerate(scenario.answers(reply.step)):
        yield subject if number == 0 else f"{subject} #{number}", reply_input(reply, output)


def reply_input(reply: Reply, output: Json) -> Succeeded | Failed:
    """Return the input that a reply is."""
    if reply.kind is None:
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
