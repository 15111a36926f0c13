"""The inputs of a saga: what may happen to it from outside. Times are milliseconds since the epoch."""

from __future__ import annotations

from dataclasses import dataclass

from orchestrator.core.events import FailureKind, Json


@dataclass(frozen=True, slots=True)
class Start:
    """Begin the saga with its data and the deployment's parameters."""

    input_id: str
    data: Json
    parameters: Json
    traceparent: str


@dataclass(frozen=True, slots=True)
class Signal:
    """An outside event, such as an approval."""

    input_id: str
    name: str
    actor: str
    data: Json


@dataclass(frozen=True, slots=True)
class Cancel:
    """A request to stop and undo."""

    input_id: str
    actor: str
    reason: str


@dataclass(frozen=True, slots=True)
class Succeeded:
    """A participant did what a command asked for."""

    command_id: str
    step: str
    undo: bool
    output: Json


@dataclass(frozen=True, slots=True)
class Failed:
    """A participant did not do what a command asked for, or cannot tell. Without `retriable` no attempt follows."""

    command_id: str
    step: str
    undo: bool
    kind: FailureKind
    code: str
    message: str
    causes: tuple[str, ...]
    retry_after_ms: int | None
    retriable: bool = True


@dataclass(frozen=True, slots=True)
class TimerDue:
    """The time of the saga's next timer has come."""


Input = Start | Signal | Cancel | Succeeded | Failed | TimerDue
