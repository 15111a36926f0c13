"""The oracle's own fold of a saga's events into its state, written from the published schemas alone."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from verify.evidence import TERMINAL, Event


@dataclass(slots=True)
class Step:
    """Where one step, or one compensation, stands after the events seen so far."""

    status: str = "SCHEDULED"
    attempt: int = 0
    dispatches: int = 0
    code: str | None = None
    uncertain: bool = False


@dataclass(slots=True)
class Folded:
    """A saga's state as its events give it; `steps` has a key (step, undo) in the order of first mention."""

    sequence: int = 0
    definition: str = ""
    version: int = 0
    lifecycle: str = ""
    status: str = ""
    phase: str = "FORWARD"
    outcome: str | None = None
    started_at: int = 0
    deadline: int | None = None
    code: str | None = None
    message: str | None = None
    failed_step: str | None = None
    plan: list[str] = field(default_factory=list)
    outputs: dict[str, Any] = field(default_factory=dict)
    steps: dict[tuple[str, bool], Step] = field(default_factory=dict)


def fold(events: Sequence[Event]) -> Folded:
    """Return the state after the events; total: an event that has no effect of its own moves the common fields only."""
    folded = Folded()
    for event in events:
        folded.sequence = event.sequence
        folded.definition, folded.version = event.definition, event.version
        folded.lifecycle, folded.status = event.lifecycle, event.status
        effect = _EFFECTS.get(event.name)
        if effect is not None:
            effect(folded, event)
        if event.name in TERMINAL:
            folded.phase, folded.outcome = "ENDED", TERMINAL[event.name]
    return folded


def _step(folded: Folded, event: Event) -> Step:
    return folded.steps.setdefault((event.step, event.undo), Step())


def _settle(folded: Folded, event: Event) -> None:
    step = _step(folded, event)
    step.status, step.code = "COMPLETED", None


def _drop_from_plan(folded: Folded, event: Event) -> None:
    folded.plan = [name for name in folded.plan if name != event.step]


def _started(folded: Folded, event: Event) -> None:
    folded.started_at = event.at_ms
    folded.deadline = event.fields["deadline"]


def _scheduled(folded: Folded, event: Event) -> None:
    step = _step(folded, event)
    step.status, step.attempt = "SCHEDULED", event.fields["attempt"]
    step.dispatches += 1


def _completed(folded: Folded, event: Event) -> None:
    _settle(folded, event)
    if event.undo:
        _drop_from_plan(folded, event)
    else:
        folded.outputs[event.step] = json.loads(event.fields["output"])


def _failed(folded: Folded, event: Event) -> None:
    step = _step(folded, event)
    step.attempt, step.code = event.fields["attempt"], event.fields["code"]
    step.uncertain = step.uncertain or event.fields["kind"] == "UNKNOWN"
    if not event.fields["final"]:
        step.status = "RETRYING"
        return
    step.status = "UNKNOWN" if step.uncertain else "FAILED"
    if event.undo:
        _drop_from_plan(folded, event)


def _retry_scheduled(folded: Folded, event: Event) -> None:
    step = _step(folded, event)
    step.status, step.attempt = "RETRYING", event.fields["attempt"]


def _parked(folded: Folded, event: Event) -> None:
    step = _step(folded, event)
    step.status, step.attempt = "PARKED", event.fields["attempt"]


def _branch_chosen(folded: Folded, event: Event) -> None:
    _settle(folded, event)
    folded.outputs[event.step] = {"branch": event.fields["branch"], "target": event.fields["target"]}


def _awaited(folded: Folded, event: Event) -> None:
    folded.steps[event.step, False] = Step("WAITING")


def _received(folded: Folded, event: Event) -> None:
    _settle(folded, event)
    fields = event.fields
    folded.outputs[event.step] = {
        "signal": fields["signal"],
        "actor": fields["actor"],
        "data": json.loads(fields["data"]),
    }


def _compensation_started(folded: Folded, event: Event) -> None:
    """Turn the saga round: a step still in flight is unknown where it will be undone, and skipped where not."""
    folded.phase = "COMPENSATING"
    folded.plan = list(event.fields["plan"])
    folded.code, folded.message = event.fields["code"], event.fields["message"]
    folded.failed_step = event.fields["failed_step"]
    for (name, _), step in folded.steps.items():
        if step.status in _IN_FLIGHT:
            step.status = "UNKNOWN" if name in folded.plan else "SKIPPED"


_IN_FLIGHT = frozenset({"SCHEDULED", "WAITING", "RETRYING", "PARKED"})

_EFFECTS: Mapping[str, Callable[[Folded, Event], None]] = {
    "SagaStarted": _started,
    "StepScheduled": _scheduled,
    "StepCompleted": _completed,
    "StepFailed": _failed,
    "StepRetryScheduled": _retry_scheduled,
    "StepParked": _parked,
    "BranchChosen": _branch_chosen,
    "SignalAwaited": _awaited,
    "SignalReceived": _received,
    "CompensationStarted": _compensation_started,
}
