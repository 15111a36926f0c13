"""Bugs to plant in definitions and in the core, each as a wrapper around the production functions."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from itertools import count
from typing import Any

from orchestrator.core import decide as core
from orchestrator.core.decide import Decision
from orchestrator.core.definition import Call, Definition, Join
from orchestrator.core.events import (
    Event,
    Recorded,
    SagaRevoked,
    SagaSuspended,
    StepCompleted,
    StepParked,
    StepRetryScheduled,
    StepScheduled,
    TimerStarted,
)
from orchestrator.core.evolve import evolve
from orchestrator.core.inputs import Cancel, Input, Succeeded, TimerDue
from orchestrator.core.state import Phase, State, StepStatus, path_of
from simulator.engine import PRODUCTION, Engine

Evolve = Callable[[State, Recorded], State]


def _told(state: State, events: Iterable[Recorded], fold: Evolve = evolve) -> Decision:
    """Return the decision of these events, numbered anew and folded over the state before."""
    told = [one._replace(sequence=number) for number, one in enumerate(events, state.sequence + 1)]
    for one in told:
        state = fold(state, one)
    return Decision(told, state)


def _rewriting(change: Callable[[State, Event], Event]) -> Engine:
    """Return a core whose events are changed as they are recorded."""

    def decide(definition: Definition, state: State, given: Input, now: int) -> Decision:
        events = core.decide(definition, state, given, now).events
        return _told(state, [one._replace(event=change(state, one.event)) for one in events])

    return PRODUCTION._replace(decide=decide)


def _deciding(decide: Callable[[Definition, State, Input, int], Decision]) -> Engine:
    def told(definition: Definition, state: State, given: Input, now: int) -> Decision:
        return _told(state, decide(definition, state, given, now).events)

    return PRODUCTION._replace(decide=told)


def _folding(fold: Evolve) -> Engine:
    def decide(definition: Definition, state: State, given: Input, now: int) -> Decision:
        return _told(state, core.decide(definition, state, given, now).events, fold)

    return PRODUCTION._replace(decide=decide, evolve=fold)


def without_undo(definition: Definition, *steps: str) -> Definition:
    """Take the compensation of steps away, behind the compiler's back."""
    calls = {name: node for name, node in definition.nodes.items() if name in steps and isinstance(node, Call)}
    nodes = {**definition.nodes, **{name: replace(call, compensation=None) for name, call in calls.items()}}
    return replace(definition, nodes=nodes)


def with_a_hasty_join(definition: Definition) -> Definition:
    """Let every join wait for its first branch alone."""
    joins = {name: node for name, node in definition.nodes.items() if isinstance(node, Join)}
    hasty = {name: replace(join, branches=join.branches[:1]) for name, join in joins.items()}
    return replace(definition, nodes={**definition.nodes, **hasty})


def with_endless_retries(definition: Definition) -> Definition:
    """Let every step be tried a million times."""
    calls = {name: node for name, node in definition.nodes.items() if isinstance(node, Call)}
    endless = {name: replace(call, retry=replace(call.retry, limit=1_000_000)) for name, call in calls.items()}
    return replace(definition, nodes={**definition.nodes, **endless})


def waiting_anew(wait_ms: int) -> Engine:
    """Begin a wait again when its time has come; every other time for one second only."""

    def decide(definition: Definition, state: State, given: Input, now: int) -> Decision:
        waiting = [path for path, step in state.steps.items() if step.status is StepStatus.WAITING]
        events = core.decide(definition, state, given, now).events
        if not isinstance(given, TimerDue) or not waiting:
            return _told(state, events)
        waited = (state.steps[waiting[0]].timeout_at or 0) - state.updated_at
        return _told(
            state,
            [events[0]._replace(event=TimerStarted(waiting[0], now + (wait_ms if waited == 1_000 else 1_000), ""))],
        )

    return PRODUCTION._replace(decide=decide)


def undoing_in_the_order_of_completion() -> Engine:
    """Undo first what was done first."""

    def decide(definition: Definition, state: State, given: Input, now: int) -> Decision:
        return core.decide(definition, state._replace(steps=dict(reversed(list(state.steps.items())))), given, now)

    return _deciding(decide)


def retrying_with_a_new_token() -> Engine:
    """Give each attempt a token of its own."""

    def change(_state: State, event: Event) -> Event:
        if isinstance(event, StepScheduled) and event.attempt:
            return replace(event, token=f"{event.token}:{event.attempt}")
        return event

    return _rewriting(change)


def going_on_after_a_cancel() -> Engine:
    """Record that somebody asked to cancel, and do nothing about it."""

    def decide(definition: Definition, state: State, given: Input, now: int) -> Decision:
        events = core.decide(definition, state, given, now).events
        return _told(state, events[:1] if isinstance(given, Cancel) else events)

    return PRODUCTION._replace(decide=decide)


def _as_if_open(state: State, path: str) -> State:
    opened = state.steps[path]._replace(status=StepStatus.SCHEDULED)
    return state._replace(phase=Phase.FORWARD, steps={**state.steps, path: opened})


def counting_a_reply_twice() -> Engine:
    """Take the result of a step that is done already."""

    def decide(definition: Definition, state: State, given: Input, now: int) -> Decision:
        if isinstance(given, Succeeded) and not given.undo and state.phase is Phase.FORWARD:
            held = state.steps.get(given.step)
            if held is not None and held.status is StepStatus.COMPLETED:
                return core.decide(definition, _as_if_open(state, given.step), given, now)
        return core.decide(definition, state, given, now)

    return _deciding(decide)


def reviving_after_turning_round() -> Engine:
    """Let a late success take a saga forward that has turned round."""

    def decide(definition: Definition, state: State, given: Input, now: int) -> Decision:
        if isinstance(given, Succeeded) and not given.undo and state.phase is Phase.COMPENSATING:
            held = state.steps.get(given.step)
            if held is not None and held.status is StepStatus.UNKNOWN:
                return core.decide(definition, _as_if_open(state, given.step), given, now)
        return core.decide(definition, state, given, now)

    return _deciding(decide)


def forgetting_unknown_outcomes() -> Engine:
    """Undo only what is known to be done."""

    def decide(definition: Definition, state: State, given: Input, now: int) -> Decision:
        if isinstance(given, TimerDue) and state.phase is Phase.FORWARD:
            doubted = [path for path, step in state.steps.items() if step.status is StepStatus.SCHEDULED]
            definition = without_undo(definition, *doubted)
        return core.decide(definition, state, given, now)

    return _deciding(decide)


def forgetting_what_was_skipped() -> Engine:
    """Leave what a person skipped as it is, though it may have happened."""

    def decide(definition: Definition, state: State, given: Input, now: int) -> Decision:
        skipped = [path for path, step in state.steps.items() if step.status is StepStatus.SKIPPED]
        return core.decide(without_undo(definition, *skipped), state, given, now)

    return _deciding(decide)


def leaving_tries_as_they_are(*steps: str) -> Engine:
    """Undo nothing of these steps where a try is left."""

    def decide(definition: Definition, state: State, given: Input, now: int) -> Decision:
        inside = any("/" in path for path in state.steps) and not isinstance(given, Cancel)
        return core.decide(without_undo(definition, *steps) if inside else definition, state, given, now)

    return PRODUCTION._replace(decide=decide)


def undoing_twice() -> Engine:
    """Send the first undo once more before the saga ends."""

    def change(state: State, event: Event) -> Event:
        done = [step for step in state.steps.values() if step.undo and step.status is StepStatus.COMPLETED]
        if not isinstance(event, SagaRevoked) or not done or done[0].dispatches > 1:
            return event
        path = path_of(done[0].step, True)
        token = f"{state.saga_id}:{path}"
        later = state.updated_at + 60_000
        return StepScheduled(done[0].step, True, 0, f"{token}:1", token, "x.Undo", "x.commands", later, None)

    return _rewriting(change)


def leaving_timers_set() -> Engine:
    """Keep the time-out of a step that is done."""

    def fold(state: State, recorded: Recorded) -> State:
        after, event = evolve(state, recorded), recorded.event
        if not isinstance(event, StepCompleted) or event.local:
            return after
        path = path_of(event.step, event.undo)
        timed = after.steps[path]._replace(timeout_at=state.steps[path].timeout_at)
        return after._replace(steps={**after.steps, path: timed})

    return _folding(fold)


def never_waking_what_is_parked() -> Engine:
    """Forget until when a step is parked."""

    def fold(state: State, recorded: Recorded) -> State:
        after, event = evolve(state, recorded), recorded.event
        if not isinstance(event, StepParked):
            return after
        path = path_of(event.step, event.undo)
        return after._replace(steps={**after.steps, path: after.steps[path]._replace(due_at=None)})

    return _folding(fold)


def hiding_a_failed_undo() -> Engine:
    """Call a saga revoked though a compensation of it failed for good."""

    def change(_state: State, event: Event) -> Event:
        return SagaRevoked(event.code, event.message) if isinstance(event, SagaSuspended) else event

    return _rewriting(change)


def writing_into_the_state() -> Engine:
    """Note something in the very state that was given."""

    def decide(definition: Definition, state: State, given: Input, now: int) -> Decision:
        outputs: Any = state.outputs
        outputs["seen"] = {"times": outputs.get("seen", {"times": 0})["times"] + 1}
        return core.decide(definition, state, given, now)

    return PRODUCTION._replace(decide=decide)


def drawing_lots_for_the_backoff() -> Engine:
    """Draw the wait for a retry anew each time it is decided."""
    lots = count()

    def change(_state: State, event: Event) -> Event:
        return replace(event, due_at=event.due_at + next(lots)) if isinstance(event, StepRetryScheduled) else event

    return _rewriting(change)
