"""An effect as its row says it, and the stored form of an outcome."""

from __future__ import annotations

from enum import StrEnum
from typing import Any, NamedTuple

import orjson

from services.participant.outcome import Done, Failed, FailureKind, Outcome


class State(StrEnum):
    """Where an effect stands; `barred`: undone before it came."""

    OPEN = "open"
    DONE = "done"
    REFUSED = "refused"
    UNDONE = "undone"
    BARRED = "barred"


class Effect(NamedTuple):
    """A row of `effects`. The last five are what an open effect needs to be resumed and answered.

    `claim` names the one job that may end it: another replica that still works for it came too late.
    """

    token: str
    saga_id: str
    step: str
    type: str
    state: str
    result: str | None = None
    command_id: str | None = None
    partition: int | None = None
    intent: bytes | None = None
    traceparent: str | None = None
    claim: str | None = None

    def fields(self) -> dict[str, Any]:
        """Return the fields of the reply of an effect that is done; empty for any other."""
        if self.result is None:
            return {}
        fields: dict[str, Any] = orjson.loads(self.result).get("fields", {})
        return fields


def first_claim(command_id: str) -> str:
    """Return the claim of the first job of an effect; a command opens an effect once, so it is unique."""
    return f"{command_id}#1"


def next_claim(claim: str) -> str:
    """Return the claim of the job that follows."""
    command_id, _, number = claim.rpartition("#")
    return f"{command_id}#{int(number) + 1}"


def pack(outcome: Outcome) -> str:
    """Return what `effects.result` holds."""
    match outcome:
        case Done():
            return orjson.dumps({"reply": outcome.reply, "fields": outcome.fields}).decode()
        case Failed():
            return orjson.dumps({"kind": outcome.kind, "code": outcome.code, "message": outcome.message}).decode()


def unpack(result: str) -> Outcome:
    """Return the outcome that `pack` stored."""
    stored = orjson.loads(result)
    if "reply" in stored:
        return Done(stored["reply"], stored["fields"])
    return Failed(FailureKind(stored["kind"]), stored["code"], stored["message"])
