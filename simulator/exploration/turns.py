"""One turn of an explored saga: an input is decided by the production core, and every property is looked at."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import NamedTuple

from orchestrator.core.decide import Decision
from orchestrator.core.definition import Listen
from orchestrator.core.events import Recorded, StepScheduled
from orchestrator.core.inputs import Cancel, Input, Signal, Start, Succeeded, TimerDue
from orchestrator.core.paths import name_of
from orchestrator.core.react import SendCommand, StartChild, UndoChild
from orchestrator.core.state import Phase, State, StepStatus, path_of, token_of
from simulator.account import SETTLED, Violation
from simulator.consequences import Consequence, consequences
from simulator.engine import Engine
from simulator.exploration.occasions import Occasion, reply_input
from simulator.exploration.sending import Sent
from simulator.exploration.world import Reply, World, first_world
from simulator.participant import Command, Wish, handle
from simulator.properties import BOUNDED, DUPLICATES, ENDS, PURE, REPLAY, at_the_end, observe
from simulator.scenario import NOTHING, Scenario

BEGINNING_MS = 1_750_000_000_000
SAGA_ID = "saga"
_LATER_MS = 10 * 365 * 86_400_000


class Turn(NamedTuple):
    """What an occasion led to: the moment before its commands went out, those commands, and what is wrong."""

    world: World
    sent: tuple[Sent, ...]
    events: tuple[Recorded, ...]
    wrong: tuple[Violation, ...]


def begin(engine: Engine, scenario: Scenario, faults: int) -> Turn:
    """Start the saga."""
    command = Start("in_1", scenario.data, scenario.parameters, "")
    decision = engine.start(scenario.definition, SAGA_ID, command, BEGINNING_MS)
    again = engine.start(scenario.definition, SAGA_ID, command, BEGINNING_MS)
    world = first_world(decision.state, BEGINNING_MS, faults)
    wrong = [] if again == decision else [Violation(PURE, "the start is decided differently when it is handled again")]
    return _told(engine, scenario, world, decision.state._replace(steps={}), decision, wrong)


def take(engine: Engine, scenario: Scenario, world: World, occasion: Occasion) -> Turn:
    """Let something happen."""
    if occasion.given is None:
        return Turn(_arrived(world, occasion.subject), (), (), ())
    state, definition, now = world.state, scenario.definition, occasion.now
    decision = engine.decide(definition, state, occasion.given, now)
    wrong: list[Violation] = []
    # A crash before the commit loses the decision, and the input is handled again.
    if engine.decide(definition, state, occasion.given, now) != decision:
        wrong.append(Violation(PURE, f"{occasion.kind} is decided differently when it is handled again"))
    if occasion.given == _TIMER and not decision.events:
        wrong.append(Violation(ENDS, "a timer is due and nothing comes of it: it stays due for ever"))
    folded = state
    for recorded in decision.events:
        folded = engine.evolve(folded, recorded)
    if folded != decision.state:
        wrong.append(Violation(REPLAY, f"the fold of the events of {occasion.kind} is another state than the live one"))
    replies = tuple(
        reply._replace(until=None) if reply in occasion.late else reply
        for reply in world.replies
        if reply is not occasion.taken
    )
    heard = world.heard if occasion.taken is None else (*world.heard, occasion.taken._replace(until=None))
    paid = world._replace(now=now, replies=replies, heard=heard, faults_left=world.faults_left - occasion.cost)
    if occasion.repairs:
        # What was refused before stays refused under its token: an earlier refusal may count again from here on.
        paid = paid._replace(repairs_left=world.repairs_left - 1, lasting=_NOTHING_LASTS, heard=())
    return _told(engine, scenario, paid, state, decision, wrong)


_TIMER = TimerDue()
_NOTHING_LASTS: Mapping[str, str] = MappingProxyType({})


def _arrived(world: World, command_id: str) -> World:
    """Return the moment after a late command arrived: it has its effect now, and its answer may come at any time."""
    command = next(one for one in world.late if one.command_id == command_id)
    books, answer = handle(world.books, command, Wish.DO)
    undo = command.undoes is not None
    reply = Reply(command.command_id, command.step, undo, answer.kind, answer.code, True, None)
    late = tuple(one for one in world.late if one is not command)
    return world._replace(books=books, late=late, replies=(*world.replies, reply))


def _told(
    engine: Engine, scenario: Scenario, world: World, before: State, decision: Decision, wrong: list[Violation]
) -> Turn:
    """Return the turn that a decision makes of a moment."""
    account = world.account
    decision, found = consequences(engine, scenario.definition, decision, world.now)
    for recorded in decision.events:
        account, violations = observe(scenario, before, world.books, account, recorded)
        wrong += violations
    state = decision.state
    after = world._replace(
        state=state,
        account=account,
        replies=tuple(reply for reply in world.replies if _is_open(state, reply)),
        heard=tuple(reply for reply in world.heard if _is_open(state, reply)),
    )
    return Turn(after, tuple(_sent(state, found)), tuple(decision.events), tuple(wrong))


def _is_open(state: State, reply: Reply) -> bool:
    held = state.steps.get(path_of(reply.step, reply.undo))
    return held is not None and held.status not in SETTLED


def _sent(state: State, found: list[Consequence]) -> Iterator[Sent]:
    for recorded, effect in found:
        event = recorded.event
        if not isinstance(event, StepScheduled):
            continue
        undoes = token_of(state.saga_id, event.step, state.steps[event.step].business) if event.undo else None
        match effect:
            case SendCommand():
                command = Command(effect.command_id, effect.token, effect.undoes, effect.step, topic=effect.topic)
                yield Sent(command, event.timeout_at, effect.command, effect.topic)
            case StartChild() | UndoChild():
                command = Command(effect.command_id, event.token, undoes, event.step, child=True)
                does = "start" if undoes is None else "take back"
                yield Sent(command, event.timeout_at, f"{does} {effect.child_id}", "sagas", effect.parent is None)


def standing(engine: Engine, scenario: Scenario, world: World) -> Iterator[Violation]:
    """Yield what is wrong with a moment as it stands."""
    state = world.state
    yield from _repeated(engine, scenario, world)
    if state.phase is Phase.ENDED:
        yield from _ended(engine, scenario, world)
    else:
        yield from _unbounded(engine, scenario, world)


def _repeated(engine: Engine, scenario: Scenario, world: World) -> Iterator[Violation]:
    """Replies that were heard before, and any reply to a settled step, must lead to no event."""
    state, definition = world.state, scenario.definition
    for reply in world.heard:
        if engine.decide(definition, state, reply_input(reply, NOTHING), world.now).events:
            yield Violation(DUPLICATES, f"the reply to {reply.command_id} comes again and counts again")
    for step in state.steps.values():
        if step.status in SETTLED and step.dispatches:
            command_id = f"{state.saga_id}:{path_of(step.step, step.undo)}:{step.dispatches - 1}"
            given = Succeeded(command_id, step.step, step.undo, NOTHING)
            if engine.decide(definition, state, given, world.now).events:
                yield Violation(DUPLICATES, f"a reply to {command_id} counts though its step is {step.status} already")


def _ended(engine: Engine, scenario: Scenario, world: World) -> Iterator[Violation]:
    state, books = world.state, world.books
    for command in world.late:
        books, _ = handle(books, command, Wish.DO)
    yield from at_the_end(scenario, state, books, world.account)
    if engine.next_due(state) is not None:
        yield Violation(ENDS, "a timer is still set after the saga has ended")
    inputs: list[tuple[str, Input]] = [("timer", TimerDue()), ("cancel", Cancel("in_c", "ann", ""))]
    inputs += [(f"signal {name}", Signal("in_s", name, "ann", {})) for name in scenario.takes]
    for label, given in inputs:
        after = engine.decide(scenario.definition, state, given, world.now + _LATER_MS)
        if any(isinstance(one.event, StepScheduled) for one in after.events) or after.state.outcome != state.outcome:
            yield Violation(ENDS, f"the saga has ended as {state.outcome}, and {label} makes it go on")


_TIMED = {StepStatus.SCHEDULED: "timeout_at", StepStatus.RETRYING: "due_at", StepStatus.PARKED: "due_at"}


def _unbounded(engine: Engine, scenario: Scenario, world: World) -> Iterator[Violation]:
    state = world.state
    for path, step in state.steps.items():
        timer = _TIMED.get(step.status)
        if timer is not None and getattr(step, timer) is None:
            yield Violation(BOUNDED, f"{path} is {step.status} without a time at which the saga goes on")
    if engine.next_due(state) is None and not unbounded_listens(scenario, world) and not is_held(state):
        yield Violation(BOUNDED, "the saga waits for nothing that must come")


def unbounded_listens(scenario: Scenario, world: World) -> list[str]:
    """Return the paths of the steps that wait for a signal without a time-out of their own."""
    return [
        path
        for path, step in world.state.steps.items()
        if step.status is StepStatus.WAITING
        and step.timeout_at is None
        and isinstance(scenario.definition.nodes.get(name_of(path)), Listen)
    ]


def is_held(state: State) -> bool:
    """Tell whether a step waits for a person."""
    return any(step.status is StepStatus.HELD for step in state.steps.values())
