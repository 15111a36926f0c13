"""What may come of a command: it is done, or it failed in one of four ways."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class FailureKind(StrEnum):
    """What a failure says about the effect."""

    REJECTED = "REJECTED"
    TRANSIENT = "TRANSIENT"
    UNKNOWN = "UNKNOWN"
    UNAVAILABLE = "UNAVAILABLE"


@dataclass(frozen=True, slots=True)
class Done:
    """The effect is there. `fields` are the reply's, without its meta; `facts` are for the participant's tables."""

    reply: str
    fields: Mapping[str, Any]
    facts: Mapping[str, Any] = field(default_factory=dict)
    undid: bool = True
    """On compensations: False when there was nothing to undo."""


@dataclass(frozen=True, slots=True)
class Failed:
    """The effect is not there, or nobody can tell: the fields of CommandFailed without its meta."""

    kind: FailureKind
    code: str
    message: str
    causes: tuple[str, ...] = ()
    retry_after_ms: int | None = None


Outcome = Done | Failed


def rejected(code: str, message: str) -> Failed:
    """Return a definite refusal: no effect, and none will come of a retry."""
    return Failed(FailureKind.REJECTED, code, message)


def transient(code: str, message: str, *causes: str) -> Failed:
    """Return a failure without effect that a retry may overcome."""
    return Failed(FailureKind.TRANSIENT, code, message, causes)


def unknown(code: str, message: str, *causes: str) -> Failed:
    """Return the admission that nobody here can tell whether the effect is there."""
    return Failed(FailureKind.UNKNOWN, code, message, causes)


CIRCUIT_OPEN = "circuit_open"
PROVIDER_BUSY = "provider_busy"
_NOT_TRIED = {
    CIRCUIT_OPEN: "the provider's circuit is open",
    PROVIDER_BUSY: "more wait for the provider than it answers in time",
}


def unavailable(retry_after_ms: int, code: str) -> Failed:
    """Return that nothing was tried, for one of two reasons: CIRCUIT_OPEN, PROVIDER_BUSY."""
    return Failed(FailureKind.UNAVAILABLE, code, _NOT_TRIED[code], (), retry_after_ms)


INVALID_COMMAND = "invalid_command"
SUPERSEDED = rejected("superseded_by_undo", "the effect was undone before this command came")
