"""Work for the provider thread, and what comes back from it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from services.participant.effect import Effect
from services.participant.outcome import Outcome


class Stop:
    """Set once, from any thread: make no further attempt, settle with what is known."""

    __slots__ = ("requested",)

    def __init__(self) -> None:
        self.requested = False


@dataclass(frozen=True, slots=True)
class Job:
    """An open effect to be brought to an end. `deadline_ms` is absolute, in milliseconds since the epoch."""

    token: str
    name: str
    fields: Mapping[str, Any]
    deadline_ms: int | None
    partition: int
    """Of the topic its command came from: who owns that, owns the job."""
    claim: str
    """What the effect must still say when the job ends."""
    resumed: bool
    """An earlier attempt may have reached the provider: look first."""
    undoes: str | None = None
    original: Effect | None = None
    """For compensations: the effect to undo as it stood when the job was made."""
    stop: Stop = field(default_factory=Stop)


@dataclass(frozen=True, slots=True)
class JobDone:
    """A job and how it ended."""

    job: Job
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class FeedPage:
    """Events a provider listed after number `after`; `last` is the number of the last one, `after` if there is none."""

    after: int
    last: int
    events: Sequence[Mapping[str, Any]]
