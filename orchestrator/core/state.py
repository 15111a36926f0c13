"""The state of a saga: the fold of its events. Times are milliseconds since the epoch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Any, NamedTuple

from orchestrator.core.events import Json, Leaving


class Phase(StrEnum):
    """Which way a saga moves."""

    FORWARD = "FORWARD"
    COMPENSATING = "COMPENSATING"
    ENDED = "ENDED"


class StepStatus(StrEnum):
    """Where a step stands."""

    SCHEDULED = "SCHEDULED"
    WAITING = "WAITING"
    RETRYING = "RETRYING"
    PARKED = "PARKED"
    COMPLETED = "COMPLETED"
    FAILED = "FAILED"
    UNKNOWN = "UNKNOWN"
    SKIPPED = "SKIPPED"
    HELD = "HELD"


AWAITING_REPLY = frozenset({StepStatus.SCHEDULED, StepStatus.RETRYING, StepStatus.PARKED})
"""Statuses of a called step whose result still counts."""

OPEN = AWAITING_REPLY | {StepStatus.WAITING, StepStatus.HELD}
"""Statuses of a step that is not settled."""

RUNNING = frozenset({StepStatus.WAITING, StepStatus.HELD})
"""Statuses of a scope whose parts go on: past the point of no return they do so while it waits for a person."""

FAILED_FOR_GOOD = frozenset({StepStatus.FAILED, StepStatus.UNKNOWN})
"""Statuses of a compensation that did not work."""

CONTEXT = ":context"
"""Where the exported context is kept among the outputs; no step has a ':' in its name."""
ITEMS = ":items"
ERROR = ":error"
"""What is kept of a scope among the outputs, by its path and this ending."""


@dataclass(frozen=True, slots=True)
class Origin:
    """What the saga was started with; it never changes."""

    data: Json
    parameters: Json
    traceparent: str
    options: Json = field(default_factory=dict)


class Unwinding(NamedTuple):
    """What is still to be undone of a part of a scope, next first, and what follows then."""

    plan: tuple[str, ...]
    leaving: Leaving


class Parts(NamedTuple):
    """What the steps tell of a scope's parts: kept beside them, so that nobody has to go through all of them.

    `last` is the number of the part that began last, `running` counts those that have begun and not ended, and `won` is
    the path of the first one that ended well.
    """

    last: int = -1
    running: int = 0
    won: str | None = None


class StepState(NamedTuple):
    """One step, or its compensation where `undo` is true; `step` is its path without the `:undo`.

    `dispatches` counts the commands sent, `attempt` only those that spent an attempt; `uncertain` is true once an
    attempt may have had its effect though it gave no answer. `source` is the path of the step whose result is this
    one's input: empty for the saga's own input, and where no expression of the definition asks for it. `business`
    counts how often a person had it tried anew after a definite refusal: its old token would stay refused.
    """

    step: str
    undo: bool
    status: StepStatus
    attempt: int = 0
    dispatches: int = 0
    uncertain: bool = False
    timeout_at: int | None = None
    budget_at: int | None = None
    due_at: int | None = None
    code: str | None = None
    source: str = ""
    business: int = 0


class State(NamedTuple):
    """A saga. `steps` is keyed by step path, ordered by completion; `plan` holds the steps to undo, next first.

    `unwinding` is keyed by the path of a part of a scope; `parent` says whom the end is reported to; `pivoted` is true
    from the point of no return on; `parked` holds the numbers of the records that wait, in order, and why. `parts`, by
    the path of a scope, follows from the steps.
    """

    saga_id: str
    definition: str
    version: int
    sequence: int
    lifecycle: str
    status: str
    phase: Phase
    outcome: str | None
    started_at: int
    updated_at: int
    deadline: int | None
    steps: Mapping[str, StepState]
    plan: tuple[str, ...]
    outputs: Mapping[str, Any]
    code: str | None
    message: str | None
    failed_step: str | None
    origin: Origin
    unwinding: Mapping[str, Unwinding] = MappingProxyType({})
    parent: Json | None = None
    pivoted: bool = False
    parked: tuple[tuple[int, str], ...] = ()
    parts: Mapping[str, Parts] = MappingProxyType({})


def path_of(step: str, undo: bool) -> str:
    """Return the step path, the part of command ids and tokens that names the step."""
    return f"{step}:undo" if undo else step


def token_of(saga_id: str, path: str, business: int) -> str:
    """Return the execution token of a step path: equal in every retry of the same business attempt."""
    return f"{saga_id}:{path}~{business}" if business else f"{saga_id}:{path}"


def next_due(state: State) -> int | None:
    """Return when the saga's earliest timer is due, or None where it waits for no time at all.

    While records wait, time stands still for the saga: what is due comes after them.
    """
    if state.phase is Phase.ENDED or state.parked:
        return None
    due = state.deadline if state.phase is Phase.FORWARD and not state.pivoted else None
    for step in state.steps.values():
        at = step.timeout_at if step.due_at is None else step.due_at
        if at is not None and (due is None or at < due):
            due = at
    return due
