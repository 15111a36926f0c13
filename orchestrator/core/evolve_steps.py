"""How single steps change with the events about them: part of `evolve`."""

from __future__ import annotations

from collections.abc import Mapping

from orchestrator.core.events import (
    FailureKind,
    InterventionMade,
    Json,
    StepFailed,
    StepHeld,
    StepParked,
    StepRetryScheduled,
    StepScheduled,
)
from orchestrator.core.state import OPEN, StepState, StepStatus, path_of

Steps = Mapping[str, StepState]
_NEW = StepState("", False, StepStatus.SCHEDULED)


def scheduled(steps: Steps, event: StepScheduled) -> Steps:
    """Return the steps with this one's command sent."""
    path = path_of(event.step, event.undo)
    held = steps.get(path, _NEW)
    sent = StepState(
        event.step,
        event.undo,
        StepStatus.SCHEDULED,
        event.attempt,
        held.dispatches + 1,
        held.uncertain,
        event.timeout_at,
        event.budget_at,
        None,
        held.code,
        event.source,
        held.business,
    )
    return {**steps, path: sent}


def completed(steps: Steps, step: str, undo: bool, source: str = "") -> Steps:
    """Return the steps with this one settled, moved to the end: the order of completion is the order to undo."""
    path = path_of(step, undo)
    changed = dict(steps)
    held = changed.pop(path, _NEW)
    changed[path] = StepState(
        step,
        undo,
        StepStatus.COMPLETED,
        held.attempt,
        held.dispatches,
        held.uncertain,
        source=source or held.source,
        business=held.business,
    )
    return changed


def waiting(steps: Steps, step: str, timeout_at: int | None, source: str = "") -> Steps:
    """Return the steps with this one waiting, for a signal or a time."""
    return {**steps, step: StepState(step, False, StepStatus.WAITING, timeout_at=timeout_at, source=source)}


def failed(steps: Steps, event: StepFailed) -> Steps:
    """Return the steps with an attempt of this one failed."""
    path = path_of(event.step, event.undo)
    held = steps.get(path, _NEW)
    uncertain = held.uncertain or event.kind is FailureKind.UNKNOWN
    status = (StepStatus.UNKNOWN if uncertain else StepStatus.FAILED) if event.final else StepStatus.RETRYING
    after = StepState(
        event.step,
        event.undo,
        status,
        event.attempt,
        held.dispatches,
        uncertain,
        budget_at=None if event.final else held.budget_at,
        code=event.code,
        source=held.source,
        business=held.business,
    )
    return {**steps, path: after}


def retrying(steps: Steps, event: StepRetryScheduled) -> Steps:
    """Return the steps with this one waiting for its next attempt."""
    path = path_of(event.step, event.undo)
    held = steps.get(path, _NEW)
    after = held._replace(
        step=event.step,
        undo=event.undo,
        status=StepStatus.RETRYING,
        attempt=event.attempt,
        timeout_at=None,
        due_at=event.due_at,
    )
    return {**steps, path: after}


def parked(steps: Steps, event: StepParked) -> Steps:
    """Return the steps with this one parked; nothing was tried, so its budget begins anew with the next command."""
    path = path_of(event.step, event.undo)
    held = steps.get(path, _NEW)
    after = StepState(
        event.step,
        event.undo,
        StepStatus.PARKED,
        event.attempt,
        held.dispatches,
        held.uncertain,
        due_at=event.until,
        code=held.code,
        source=held.source,
        business=held.business,
    )
    return {**steps, path: after}


def held(steps: Steps, event: StepHeld) -> Steps:
    """Return the steps with this one waiting for a person, for no time at all."""
    before = steps.get(event.step, _NEW)
    after = before._replace(
        step=event.step,
        status=StepStatus.HELD,
        timeout_at=None,
        budget_at=None,
        due_at=None,
        code=event.code,
    )
    return {**steps, event.step: after}


def untimed(steps: Steps, step: str) -> Steps:
    """Return the steps with this one waiting for no time any more."""
    return {**steps, step: steps.get(step, _NEW)._replace(step=step, timeout_at=None)}


def closed(step: StepState, plan: tuple[str, ...]) -> StepState:
    """Return a step as it is left: nothing that happens to it from now on counts. An undo on its way goes on."""
    if step.status not in OPEN or step.undo:
        return step
    status = StepStatus.UNKNOWN if step.step in plan else StepStatus.SKIPPED
    return step._replace(status=status, timeout_at=None, budget_at=None, due_at=None)


def intervened(steps: Steps, event: InterventionMade) -> Steps:
    """Return the steps as a person's decision leaves them. What was refused for good is tried under a new token."""
    changed = dict(steps)
    for step in event.steps:
        path = path_of(step, event.undo)
        before = changed.get(path, _NEW._replace(step=step, undo=event.undo))
        if event.action == "skip":
            changed[path] = before._replace(status=StepStatus.SKIPPED)
        else:
            anew = before.business if before.uncertain else before.business + 1
            changed[path] = before._replace(status=StepStatus.FAILED, attempt=0, code=None, business=anew)
    return changed


def renamed(steps: Steps, names: Json) -> Steps:
    """Return the steps under the names of another version."""
    return {
        rename(path, names): step._replace(step=rename(step.step, names), source=rename(step.source, names))
        for path, step in steps.items()
    }


def rename(path: str, names: Json) -> str:
    """Return a path whose every name is replaced by its new one."""
    parts = (part.partition(":") for part in path.split("/"))
    return "/".join(f"{names.get(name, name)}{mark}{ending}" for name, mark, ending in parts)
