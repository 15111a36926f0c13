"""What a participant does for each command: plain data and functions, one closed union."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from sqlalchemy import Connection

from services.participant.answers import Outgoing
from services.participant.command import Command
from services.participant.effect import Effect
from services.participant.job import FeedPage, Job, JobDone
from services.participant.outcome import Done, Outcome

L = TypeVar("L")
"""The ledger: a participant's own tables as far as one batch needs them, in memory."""

Check = Callable[[Mapping[str, Any]], str | None]
"""Says what is wrong with a command's fields, or None."""


@dataclass(frozen=True, slots=True)
class Local(Generic[L]):
    """An effect in our own database, there in the same transaction as the command."""

    check: Check
    apply: Callable[[Command, L], Outcome]


@dataclass(frozen=True, slots=True)
class LocalUndo(Generic[L]):
    """The compensation of a Local effect; `nothing` is the reply when there is none."""

    apply: Callable[[Command, Effect, L], Outcome]
    nothing: Done


@dataclass(frozen=True, slots=True)
class Provider(Generic[L]):
    """An effect at a provider: accepted durably first, then called, then recorded."""

    check: Check
    call: Callable[[Job], Awaitable[Outcome]]
    record: Callable[[Job, Done, L], None]


@dataclass(frozen=True, slots=True)
class ProviderUndo(Generic[L]):
    """The compensation of a Provider effect; `nothing` is the reply when it is known that there is none."""

    call: Callable[[Job], Awaitable[Outcome]]
    record: Callable[[Job, Done, L], None]
    nothing: Done


@dataclass(frozen=True, slots=True)
class Bulk(Generic[L]):
    """As Provider, for a provider that takes many effects in one call; answers come in the order of the jobs."""

    check: Check
    call: Callable[[Sequence[Job]], Awaitable[Sequence[Outcome]]]
    record: Callable[[Job, Done, L], None]


Handler = Local[L] | LocalUndo[L] | Provider[L] | ProviderUndo[L] | Bulk[L]


@dataclass(frozen=True, slots=True)
class Feed(Generic[L]):
    """Events a provider lists by number: read after the cursor, recorded once, told to the sagas."""

    interval_ms: int
    cursor: Callable[[Connection], int]
    """The number of the last event that is recorded."""
    read: Callable[[int], Awaitable[FeedPage]]
    """A page without events if the provider cannot be asked; the next interval tries again."""
    record: Callable[[FeedPage, L], Sequence[Outgoing]]
    """Returns the records to send; each has an `outbox_id`."""


@dataclass(frozen=True, slots=True)
class Service(Generic[L]):
    """One participant: its name is its consumer group and the `participant` of its replies."""

    name: str
    topic: str
    revision: str
    """The Alembic revision its statements are written for."""
    handlers: Mapping[str, Handler[L]]
    load: Callable[[Connection, Sequence[Command], Sequence[JobDone | FeedPage]], L]
    save: Callable[[Connection, L], None]
    feed: Feed[L] | None = None
