"""Check that a saga which another one started ended as the step that ran it says, and was undone with it."""

from __future__ import annotations

import json
from collections.abc import Iterator

from verify.cases import Case, Cases
from verify.evidence import Event
from verify.report import Finding

_RUN = "saga.StartSaga"


def children_findings(cases: Cases) -> Iterator[Finding]:
    """Yield steps that say of their child saga what it does not, and sagas of which their parents know nothing."""
    for case in cases.by_id.values():
        for event in case.events:
            if event.name == "StepScheduled" and not event.undo and event.fields["command"] == _RUN:
                yield from _of_step(cases, case, event.step)
        yield from _of_child(cases, case)


def _of_step(cases: Cases, case: Case, step: str) -> Iterator[Finding]:
    child_id = f"{case.saga_id}.{step.replace('/', '.')}"
    child = cases.by_id.get(child_id)
    done, undone = (_is_done(case, step, undo=undo) for undo in (False, True))
    ends = [event.name for event in child.events if event.name.startswith("Saga")] if child is not None else []
    who = (case.saga_id, child_id)
    if done and not ends:
        yield Finding("children", who, f"{step} is done, and its saga never began")
    elif done and _is_awaited(child) and "SagaCompleted" not in ends:
        yield Finding("children", who, f"{step} is done, and its saga never completed")
    if child is None or not _is_awaited(child):
        return
    if undone and child.outcome != "REVOKED":
        yield Finding("children", who, f"{step} is undone, and its saga is {child.outcome or 'running'}")
    elif case.outcome == "REVOKED" and child.outcome == "COMPLETED" and f"{step}:undo" not in case.skipped:
        yield Finding("children", who, f"the saga is revoked, and that of {step} stands")


def _of_child(cases: Cases, case: Case) -> Iterator[Finding]:
    parent = _parent(case)
    if parent is None:
        return
    above = cases.by_id.get(parent["saga_id"])
    ran = above is not None and any(
        event.name == "StepScheduled" and event.step == parent["step"] and event.fields["command"] == _RUN
        for event in above.events
    )
    if not ran:
        saga_id, step = parent["saga_id"], parent["step"]
        yield Finding(
            "children", (case.saga_id, saga_id), f"{step} of {saga_id} is said to have started it: it did not"
        )


def _parent(case: Case) -> dict[str, str] | None:
    """Return who the saga's first event says waits for it."""
    first: Event | None = case.events[0] if case.events else None
    if first is None or first.name != "SagaStarted" or first.fields["parent"] is None:
        return None
    parent: dict[str, str] = json.loads(first.fields["parent"])
    return parent


def _is_awaited(child: Case | None) -> bool:
    return child is not None and _parent(child) is not None


def _is_done(case: Case, step: str, *, undo: bool) -> bool:
    return any(e.name == "StepCompleted" and e.step == step and e.undo == undo for e in case.events)
