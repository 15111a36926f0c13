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


@dataclass(frozen=True, slots=True)
class StepScheduled:
    """A step's command goes out, or its compensation's where `undo` is true."""

    step: str
    undo: bool
    attempt: int
    command_id: str
    token: str
    command: str
    topic: str
    timeout_at: int | None
    budget_at: int | None


@dataclass(frozen=True, slots=True)
class StepCompleted:
    """A step has its result; a local one was computed here, without a command."""

    step: str
    undo: bool
    attempt: int
    output: Json
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


@dataclass(frozen=True, slots=True)
class SignalAwaited:
    """The saga waits for one of several outside events."""

    step: str
    signals: tuple[str, ...]
    timeout_at: int | None


@dataclass(frozen=True, slots=True)
class SignalReceived:
    """An awaited outside event came, or one that the definition still takes later on."""

    step: str
    signal: str
    actor: str
    data: Json


@dataclass(frozen=True, slots=True)
class InputIgnored:
    """An input that is not legal in this state: only the record of it is new."""

    input: str
    input_id: str
    actor: str
    reason: str


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

    output: Json


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
