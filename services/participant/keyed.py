"""Acting at a provider under an idempotency key: an unknown outcome is looked up, never guessed, never blindly repeated."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from services.participant.client import CircuitOpen, NoAnswer, Trouble
from services.participant.job import Job
from services.participant.outcome import Done, Failed, Outcome, transient, unavailable, unknown


@dataclass(frozen=True, slots=True)
class Absent:
    """A look-up found nothing under the key."""


Verdict = Outcome | Trouble | NoAnswer | CircuitOpen
Found = Done | Failed | Absent | Trouble | NoAnswer | CircuitOpen


@dataclass(frozen=True, slots=True)
class Patience:
    """Bounds of one job; times in milliseconds."""

    now_ms: Callable[[], int]
    tries: int = 12
    """Actions and look-ups together."""
    first_pause_ms: int = 100
    longest_pause_ms: int = 1_000
    without_deadline_ms: int = 10_000
    pause: Callable[[float], Awaitable[None]] = field(default=asyncio.sleep)

    def deadline_of(self, job: Job) -> int:
        """Return when the job has to end, in milliseconds since the epoch."""
        return self.now_ms() + self.without_deadline_ms if job.deadline_ms is None else job.deadline_ms

    async def wait(self, turn: int, until_ms: int) -> None:
        """Wait before the next try, not past the deadline."""
        pause_ms = min(self.first_pause_ms << min(turn, 10), self.longest_pause_ms, max(0, until_ms - self.now_ms()))
        await self.pause(pause_ms / 1000)


async def act(
    job: Job, call: Callable[[], Awaitable[Verdict]], find: Callable[[], Awaitable[Found]], patience: Patience
) -> Outcome:
    """Call until the outcome is known or the deadline has come; once a call got no answer, only a look-up decides.

    TRANSIENT and UNAVAILABLE are answered only while nothing can have happened.
    """
    until_ms = patience.deadline_of(job)
    causes: list[str] = ["an earlier attempt was interrupted"] if job.resumed else []
    for turn in range(patience.tries):
        if causes:
            found = await find()
            if isinstance(found, Done | Failed):
                return found
            over = job.stop.requested or patience.now_ms() >= until_ms
            if over:
                break
            if not isinstance(found, Absent):
                await patience.wait(turn, until_ms)
                continue
        elif patience.now_ms() >= until_ms or job.stop.requested:
            return transient("too_late", "the time was over before the provider was called")
        verdict = await call()
        match verdict:
            case Done() | Failed():
                return verdict
            case NoAnswer(detail):
                causes.append(detail)
            case Trouble(detail) if not causes:
                return transient("provider_trouble", "the provider could not do it now", detail)
            case CircuitOpen(retry_after_ms) if not causes:
                return unavailable(retry_after_ms)
            case Trouble() | CircuitOpen():
                await patience.wait(turn, until_ms)
    return unknown("outcome_unknown", "the provider did not say what became of it", *causes[:5])


async def undo(
    job: Job,
    find: Callable[[], Awaitable[Found]],
    call: Callable[[Done], Awaitable[Verdict]],
    known: Done | None,
    nothing: Done,
    patience: Patience,
) -> Outcome:
    """Undo what is there under the key of the original effect; a look-up that finds nothing also bars that key.

    The call carries its own key, so repeating it after no answer is safe.
    """
    until_ms = patience.deadline_of(job)
    if known is None or job.resumed:
        found = await find()
        match found:
            case Absent():
                return nothing
            case Done():
                known = found
            case Failed():
                return found
            case Trouble(detail) | NoAnswer(detail):
                return transient("provider_trouble", "the provider could not be asked", detail)
            case CircuitOpen(retry_after_ms):
                return unavailable(retry_after_ms)
    causes: list[str] = []
    for turn in range(patience.tries):
        verdict = await call(known)
        match verdict:
            case Done() | Failed():
                return verdict
            case NoAnswer(detail):
                causes.append(detail)
            case Trouble(detail) if not causes:
                return transient("provider_trouble", "the provider could not undo it now", detail)
            case CircuitOpen(retry_after_ms) if not causes:
                return unavailable(retry_after_ms)
            case Trouble() | CircuitOpen():
                await patience.wait(turn, until_ms)
        if patience.now_ms() >= until_ms:
            break
    return unknown("outcome_unknown", "the provider did not say whether it undid it", *causes[:5])
