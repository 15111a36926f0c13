"""The inputs of a saga: what may happen to it from outside. Times are milliseconds since the epoch."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from orchestrator.core.definition import Definition
from orchestrator.core.events import FailureKind, Json


@dataclass(frozen=True, slots=True)
class Start:
    """Begin the saga with its data and the deployment's parameters.

    `options` override the definition's defaults (max_retries, timeout_ms); `parent` says whom the end is reported to:
    saga_id, command_id, token, step.
    """

    input_id: str
    data: Json
    parameters: Json
    traceparent: str
    options: Json = field(default_factory=dict)
    parent: Json | None = None


@dataclass(frozen=True, slots=True)
class Signal:
    """An outside event, such as an approval. `expected`, in all inputs: the last event of the state it is meant for.

    With a `step`, its path, no other step takes it.
    """

    input_id: str
    name: str
    actor: str
    data: Json
    expected: int | None = None
    step: str | None = None


@dataclass(frozen=True, slots=True)
class Cancel:
    """A request to stop and undo."""

    input_id: str
    actor: str
    reason: str
    expected: int | None = None


@dataclass(frozen=True, slots=True)
class Succeeded:
    """A participant did what a command asked for."""

    command_id: str
    step: str
    undo: bool
    output: Json


@dataclass(frozen=True, slots=True)
class Failed:
    """A participant did not do what a command asked for, or cannot tell.

    Without `retriable` no attempt follows. `business` is the attempt that a refusal is about: None is the newest.
    """

    command_id: str
    step: str
    undo: bool
    kind: FailureKind
    code: str
    message: str
    causes: tuple[str, ...]
    retry_after_ms: int | None
    retriable: bool = True
    business: int | None = None


@dataclass(frozen=True, slots=True)
class Undo:
    """The saga that started this one takes it back; `parent` says whom the end is reported to."""

    input_id: str
    actor: str
    reason: str
    parent: Json | None


class Action(StrEnum):
    """What a person may have done about steps that failed for good: one again, all again, one left as it is."""

    RETRY = "retry"
    RESUME = "resume"
    SKIP = "skip"


@dataclass(frozen=True, slots=True)
class Resolve:
    """A person deals with what waits for one; without a `step`, with all of it."""

    input_id: str
    action: Action
    step: str | None
    actor: str
    reason: str
    expected: int | None = None


@dataclass(frozen=True, slots=True)
class Migrate:
    """Go on under another version of the definition."""

    input_id: str
    target: Definition
    actor: str
    expected: int | None = None


@dataclass(frozen=True, slots=True)
class GiveUp:
    """The saga cannot be carried any further as it is: it turns round."""

    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Park:
    """A record of the saga cannot be handled now."""

    input_id: str
    topic: str
    partition: int
    offset: int
    code: str
    detail: str


REDRIVE, DROP = "redrive", "drop"
"""What may be done about a record that waits: handling it, or leaving it out for good."""


@dataclass(frozen=True, slots=True)
class Unpark:
    """The first record that waits is handled, or left out for good; `refused` says why it still cannot be."""

    input_id: str
    action: str
    actor: str
    reason: str
    refused: str | None = None


@dataclass(frozen=True, slots=True)
class TimerDue:
    """The time of the saga's next timer has come."""


Input = Start | Signal | Cancel | Succeeded | Failed | Undo | Resolve | Migrate | GiveUp | Park | Unpark | TimerDue
