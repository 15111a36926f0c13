"""Acting at a provider under an idempotency key: an unknown outcome is looked up, never guessed or blindly repeated."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from services.participant.client import NoAnswer, NotSent, Trouble
from services.participant.job import Job
from services.participant.outcome import Done, Failed, Outcome, transient, unavailable, unknown


@dataclass(frozen=True, slots=True)
class Absent:
    """A look-up found nothing under the key."""


Verdict = Outcome | Trouble | NoAnswer | NotSent
Found = Outcome | Absent | Trouble | NoAnswer | NotSent

_KEPT_CAUSES = 5


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

    async def in_time(self, call: Callable[[], Awaitable[Verdict]], until_ms: int) -> Verdict:
        """Call, but not past the deadline."""
        try:
            async with asyncio.timeout(max(0, until_ms - self.now_ms()) / 1000):
                return await call()
        except TimeoutError:
            return NoAnswer("the deadline came before an answer")


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
        if job.stop.requested or patience.now_ms() >= until_ms:
            break
        if causes and not isinstance(found, Absent):
            await patience.wait(turn, until_ms)
            continue
        verdict = await patience.in_time(call, until_ms)
        if isinstance(verdict, Done | Failed):
            return verdict
        if isinstance(verdict, NoAnswer):
            causes.append(verdict.detail)
        elif not causes:
            return _nothing_happened(verdict)
        else:
            await patience.wait(turn, until_ms)
    if not causes:
        return transient("too_late", "the time was over before the provider was called")
    return unknown("outcome_unknown", "the provider did not say what became of it", *causes[:_KEPT_CAUSES])


@dataclass(frozen=True, slots=True)
class Reversal:
    """How to undo an effect at a provider."""

    find: Callable[[], Awaitable[Found]]
    """Look up what is there under the key of the effect, and bar the key if that is nothing."""
    call: Callable[[Done], Awaitable[Verdict]]
    """Undo what is there. It carries a key of its own, so that repeating it after no answer is safe."""
    known: Done | None
    """What is there, if that is known for sure."""
    nothing: Done
    """The reply when nothing is there."""


async def undo(job: Job, reversal: Reversal, patience: Patience) -> Outcome:
    """Undo what is there; what is not known for sure is looked up first."""
    until_ms = patience.deadline_of(job)
    there = reversal.known
    if there is None or job.resumed:
        found = await reversal.find()
        if isinstance(found, Absent):
            return reversal.nothing
        if isinstance(found, Failed):
            return found
        if not isinstance(found, Done):
            return _nothing_happened(found)
        there = found
    return await _undo(there, reversal, until_ms, patience)


async def _undo(there: Done, reversal: Reversal, until_ms: int, patience: Patience) -> Outcome:
    causes: list[str] = []
    for turn in range(patience.tries):
        verdict = await reversal.call(there)
        if isinstance(verdict, Done | Failed):
            return verdict
        if isinstance(verdict, NoAnswer):
            causes.append(verdict.detail)
        elif not causes:
            return _nothing_happened(verdict)
        if patience.now_ms() >= until_ms:
            break
        await patience.wait(turn, until_ms)
    return unknown("outcome_unknown", "the provider did not say whether it undid it", *causes[:_KEPT_CAUSES])


def _nothing_happened(verdict: Trouble | NoAnswer | NotSent) -> Failed:
    match verdict:
        case NotSent(retry_after_ms, code):
            return unavailable(retry_after_ms, code)
        case Trouble(detail) | NoAnswer(detail):
            return transient("provider_trouble", "the provider could not do it now", detail)
