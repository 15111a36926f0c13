"""The events of a saga: all that ever happened to it, in the past tense. Times are milliseconds since the epoch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NamedTuple

Json = Mapping[str, Any]


class FailureKind(StrEnum):
    """What a failure says about the effect of the command."""

    REJECTED = "REJECTED"
    TRANSIENT = "TRANSIENT"
    UNKNOWN = "UNKNOWN"
    UNAVAILABLE = "UNAVAILABLE"


@dataclass(frozen=True, slots=True)
class SagaStarted:
    """A saga exists."""

    data: Json
    parameters: Json
    deadline: int | None
    options: Json
    parent: Json | None


@dataclass(frozen=True, slots=True)
class StepScheduled:
    """A step's command goes out, or its compensation's where `undo` is true. `source`: see StepState."""

    step: str
    undo: bool
    attempt: int
    command_id: str
    token: str
    command: str
    topic: str
    timeout_at: int | None
    budget_at: int | None
    source: str = ""


@dataclass(frozen=True, slots=True)
class StepCompleted:
    """A step has its result; a local one was computed here, without a command. The end of an iteration is one, too."""

    step: str
    undo: bool
    attempt: int
    output: Any
    local: bool


@dataclass(frozen=True, slots=True)
class StepFailed:
    """An attempt failed or timed out; after a final one no further attempt follows."""

    step: str
    undo: bool
    attempt: int
    kind: FailureKind
    code: str
    message: str
    causes: tuple[str, ...]
    final: bool


@dataclass(frozen=True, slots=True)
class StepRetryScheduled:
    """The next attempt waits for `backoff_ms` (base x 2^attempt) plus `jitter_ms`."""

    step: str
    undo: bool
    attempt: int
    due_at: int
    backoff_ms: int
    jitter_ms: int


@dataclass(frozen=True, slots=True)
class StepParked:
    """The provider's circuit is open: the step waits and spends no attempt."""

    step: str
    undo: bool
    attempt: int
    until: int
    code: str


@dataclass(frozen=True, slots=True)
class BranchChosen:
    """A decision point took one branch."""

    step: str
    branch: str
    target: str
    source: str = ""


@dataclass(frozen=True, slots=True)
class SignalAwaited:
    """The saga waits for one of several outside events, or for each of them where `every` is true."""

    step: str
    signals: tuple[str, ...]
    timeout_at: int | None
    every: bool = False


@dataclass(frozen=True, slots=True)
class TimerStarted:
    """The saga waits until a time."""

    step: str
    due_at: int
    source: str


@dataclass(frozen=True, slots=True)
class SignalReceived:
    """An awaited outside event came, or one that the definition still takes later on."""

    step: str
    signal: str
    actor: str
    data: Json
    settles: bool = True


@dataclass(frozen=True, slots=True)
class EventEmitted:
    """The saga tells the world something; with a `subject`, another saga too, as a signal."""

    step: str
    event_id: str
    type: str
    subject: str | None
    data: Any
    source: str


@dataclass(frozen=True, slots=True)
class ContextExported:
    """A step put an exported context in place of the one before; results that are in it unchanged are left out."""

    step: str
    context: Json


class Leaving(StrEnum):
    """What follows when what a failed or closed part did is undone: it is tried again, caught, done without, closed."""

    RETRY = "RETRY"
    CATCH = "CATCH"
    MISS = "MISS"
    CLOSE = "CLOSE"


@dataclass(frozen=True, slots=True)
class ScopeEntered:
    """A loop, a race or a try begins; `items` are what a loop goes over."""

    step: str
    attempt: int
    items: tuple[Any, ...]
    timeout_at: int | None
    source: str


@dataclass(frozen=True, slots=True)
class ScopeFailed:
    """A part of a scope (an iteration, a branch, an attempt) is left; `plan` lists what it did, to be undone first."""

    step: str
    part: str
    code: str
    message: str
    failed_step: str | None
    plan: tuple[str, ...]
    leaving: Leaving


@dataclass(frozen=True, slots=True)
class ScopeUnwound:
    """What a part of a scope did is undone."""

    step: str
    part: str


@dataclass(frozen=True, slots=True)
class GatherClosed:
    """The time for answers is up: what is there counts."""

    step: str


@dataclass(frozen=True, slots=True)
class PivotPassed:
    """The point of no return: from now on the saga only goes forward."""

    step: str


@dataclass(frozen=True, slots=True)
class StepHeld:
    """A step that failed for good waits for a person: the saga may not turn round, or not by itself."""

    step: str
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class InterventionMade:
    """A person had steps tried again or skipped; `undo` tells compensations from steps."""

    action: str
    steps: tuple[str, ...]
    undo: bool
    actor: str
    reason: str


@dataclass(frozen=True, slots=True)
class UndoRequested:
    """The saga that started this one takes it back; `settled` where nothing more will happen because of it."""

    actor: str
    reason: str
    parent: Json | None
    settled: bool


@dataclass(frozen=True, slots=True)
class SagaMigrated:
    """The saga goes on under another version of its definition; None leaves the results as they are."""

    version: int
    renamed: Json
    outputs: Json | None
    actor: str


BEHIND = "behind"
"""Why a record waits that could be used: another one of its saga waits before it."""


@dataclass(frozen=True, slots=True)
class RecordParked:
    """A record that cannot be used, or that came after one, waits: the saga stands still until a person decides."""

    number: int
    topic: str
    partition: int
    offset: int
    code: str
    detail: str


@dataclass(frozen=True, slots=True)
class RecordUnparked:
    """A record waits no longer: it is handled now, or it never will be."""

    number: int
    action: str
    actor: str
    reason: str


@dataclass(frozen=True, slots=True)
class InputIgnored:
    """An input that is not legal in this state: only the record of it is new.

    `expected` and `meant_for` are what it named: the last event of the state that it was meant for, and the path of the
    step.
    """

    input: str
    input_id: str
    actor: str
    reason: str
    expected: int | None = None
    meant_for: str | None = None


@dataclass(frozen=True, slots=True)
class CancelRequested:
    """Somebody asked to cancel."""

    actor: str
    reason: str


@dataclass(frozen=True, slots=True)
class CompensationStarted:
    """The saga turns round; `plan` lists the steps in the order in which they will be undone."""

    code: str
    message: str
    failed_step: str | None
    plan: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SagaCompleted:
    """The saga ended as it should."""

    output: Any


@dataclass(frozen=True, slots=True)
class SagaRevoked:
    """The saga ended with everything undone."""

    code: str
    message: str


@dataclass(frozen=True, slots=True)
class SagaSuspended:
    """The compensations of `steps` failed for good: a person has to act."""

    code: str
    message: str
    steps: tuple[str, ...]


Event = (
    SagaStarted
    | StepScheduled
    | StepCompleted
    | StepFailed
    | StepRetryScheduled
    | StepParked
    | BranchChosen
    | SignalAwaited
    | SignalReceived
    | TimerStarted
    | EventEmitted
    | ContextExported
    | ScopeEntered
    | ScopeFailed
    | ScopeUnwound
    | GatherClosed
    | PivotPassed
    | StepHeld
    | InterventionMade
    | UndoRequested
    | SagaMigrated
    | RecordParked
    | RecordUnparked
    | InputIgnored
    | CancelRequested
    | CompensationStarted
    | SagaCompleted
    | SagaRevoked
    | SagaSuspended
)


class Recorded(NamedTuple):
    """An event in its place: lifecycle and status are those after it, `cause` is the id of what caused it."""

    sequence: int
    at: int
    lifecycle: str
    status: str
    cause: str
    event: Event
