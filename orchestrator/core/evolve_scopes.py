"""How loops, races and tries change with the events about them: part of `evolve`."""

from __future__ import annotations

from collections.abc import Mapping

from orchestrator.core.errors import described
from orchestrator.core.events import GatherClosed, InterventionMade, Leaving, ScopeEntered, ScopeFailed, ScopeUnwound
from orchestrator.core.evolve_steps import closed, untimed
from orchestrator.core.paths import part_of
from orchestrator.core.state import ERROR, ITEMS, State, StepState, StepStatus, Unwinding

Plan = tuple[str, ...]


def changed(state: State, event: ScopeEntered | ScopeFailed | ScopeUnwound | GatherClosed) -> State:
    """Return the state after an event about a scope."""
    match event:
        case ScopeEntered():
            return _entered(state, event)
        case ScopeFailed():
            return _failed(state, event)
        case ScopeUnwound():
            part = part_of(event.step, event.part)
            return state._replace(unwinding={key: one for key, one in state.unwinding.items() if key != part})
        case GatherClosed():
            return state._replace(steps=untimed(state.steps, event.step))


def _entered(state: State, event: ScopeEntered) -> State:
    """Return the state with a scope begun, or its next attempt."""
    scope = StepState(
        event.step,
        False,
        StepStatus.WAITING,
        event.attempt,
        timeout_at=event.timeout_at,
        budget_at=event.timeout_at,
        source=event.source,
    )
    outputs = state.outputs if not event.items else {**state.outputs, event.step + ITEMS: list(event.items)}
    return state._replace(steps={**state.steps, event.step: scope}, outputs=outputs)


def _failed(state: State, event: ScopeFailed) -> State:
    """Return the state with a part of a scope closed: nothing in it goes on, and its plan is to be undone."""
    part = part_of(event.step, event.part)
    inside = part + "/"
    within = [path for path in state.steps if path.startswith(inside)]
    steps = {**state.steps, **{path: closed(state.steps[path], event.plan) for path in within}}
    steps[part] = StepState(part, False, StepStatus.FAILED, code=event.code)
    unwinding = {key: one for key, one in state.unwinding.items() if not key.startswith(inside)}
    unwinding[part] = Unwinding(event.plan, event.leaving)
    outputs = state.outputs
    if event.leaving in (Leaving.RETRY, Leaving.CATCH):
        outputs = {**outputs, event.step + ERROR: described(event.code, event.message, event.failed_step)}
    return state._replace(steps=steps, unwinding=unwinding, outputs=outputs)


def taken_up(state: State, event: InterventionMade) -> State:
    """Return the state with parts that waited for a person going on: their undos again, or without those skipped."""
    steps, unwinding = dict(state.steps), dict(state.unwinding)
    for part, held in state.unwinding.items():
        own = tuple(step for step in event.steps if step.startswith(part + "/"))
        if own and part in steps:
            steps[part] = steps[part]._replace(status=StepStatus.FAILED)
            unwinding[part] = Unwinding(held.plan if event.action == "skip" else own, held.leaving)
    return state._replace(steps=steps, unwinding=unwinding)


def undone(plan: Plan, unwinding: Mapping[str, Unwinding], step: str) -> tuple[Plan, Mapping[str, Unwinding]]:
    """Return what is left to undo without this step."""
    left = tuple(one for one in plan if one != step)
    if not unwinding:
        return left, unwinding
    return left, {
        part: Unwinding(tuple(one for one in held.plan if one != step), held.leaving)
        for part, held in unwinding.items()
    }
