"""The shapes of what is said about dead letters, for the OpenAPI document only."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field


class RedriveForm(BaseModel):
    """Who has a dead letter redriven, and why; with `dry_run` nothing is changed, only told."""

    model_config = ConfigDict(extra="forbid")
    actor: str = Field(max_length=128)
    reason: str = Field("", max_length=512)
    dry_run: bool = False


class ResolveForm(BaseModel):
    """Who closes a dead letter without its record, and why."""

    model_config = ConfigDict(extra="forbid")
    actor: str = Field(max_length=128)
    reason: str = Field(max_length=512)


class Origin(BaseModel):
    """Where a record came from."""

    topic: str
    partition: int | None
    offset: int | None


class DeadLetter(BaseModel):
    """What nobody could use; `parked`: its saga stands still until somebody decides about it."""

    id: str = Field(examples=["0-17"])
    at: str
    saga_id: str | None
    kind: Literal["record", "report", "timer"]
    code: str
    detail: str
    step: str | None
    origin: Origin | None
    value_bytes: int
    state: Literal["open", "redriven", "resolved"]
    parked: bool
    attempts: int
    decided_by: str | None
    reason: str | None
    decided_at: str | None
    url: str


class DeadLetterPage(BaseModel):
    """A page of dead letters, newest first."""

    dead_letters: list[DeadLetter]
    next_cursor: str | None


class WaitingRecord(BaseModel):
    """A record that a saga waits for."""

    record: str = Field(examples=["saga.replies:2:41"])
    code: str
    detail: str
    since: str
    dead_letter: str | None


class Message(BaseModel):
    """A record that can be read: what it says."""

    type: str
    fields: Any


class WholeDeadLetter(DeadLetter):
    """A dead letter with its bytes, decoded where they can be, the queue of its saga, and what can be done."""

    key: str | None
    headers: dict[str, str]
    message: Message | None
    undecodable: str | None
    value_base64: str | None
    history_url: str | None
    waiting: list[WaitingRecord]
    next: str


class LetterTaken(BaseModel):
    """The decision is on its way."""

    id: str
    action: Literal["redrive", "resolve"]
    would: str
    status_url: str


class SagaNow(BaseModel):
    """Where the saga of a letter stands."""

    saga_id: str
    lifecycle: str
    status: str


class DryRun(BaseModel):
    """What a redrive would come to; nothing was changed."""

    id: str
    action: Literal["redrive"]
    dry_run: bool
    would: str
    decodable: bool
    undecodable: str | None
    saga: SagaNow | None
    waiting: int
