"""Attempts of a step: dispatching its command, spending retries, parking behind an open circuit, giving up."""

from __future__ import annotations

from zlib import crc32

from orchestrator.core.definition import (
    UNCHANGED,
    Backoff,
    Call,
    Compensation,
    RetryPolicy,
    Strategy,
)
from orchestrator.core.events import (
    FailureKind,
    StepFailed,
    StepParked,
    StepRetryScheduled,
    StepScheduled,
)
from orchestrator.core.inputs import Failed
from orchestrator.core.state import StepState, path_of, token_of
from orchestrator.core.turn import Turn

MAX_DISPATCHES = 1_000
"""Commands sent for one step at most, parked ones included."""

MAX_PARK_MS = 3_600_000
"""The longest wait for a circuit to close before the step is sent again, whatever its participant asks for."""


def dispatch(turn: Turn, call: Call, path: str, *, undo: bool, source: str = "") -> None:
    """Record that the next command of the step at `path` goes out, with the time-outs that bound it."""
    step_path = path_of(path, undo)
    held = turn.state.steps.get(step_path)
    plan: Call | Compensation = compensation_of(call) if undo else call
    budget_at = held.budget_at if held else None
    if budget_at is None and isinstance(plan, Call) and plan.budget_ms is not None:
        budget_at = turn.now + plan.budget_ms
    timeout_at = turn.now + _timeout_ms(turn, plan)
    if budget_at is not None and budget_at < timeout_at:
        timeout_at = budget_at
    saga_id = turn.state.saga_id
    first = held is None and not undo
    turn.record(
        StepScheduled(
            path,
            undo,
            held.attempt if held else 0,
            f"{saga_id}:{step_path}:{held.dispatches if held else 0}",
            token_of(saga_id, step_path, held.business if held else 0),
            plan.command,
            plan.topic,
            timeout_at,
            budget_at,
            held.source if held else source,
        ),
        call.on_start if first else UNCHANGED,
    )


def _timeout_ms(turn: Turn, plan: Call | Compensation) -> int:
    if not plan.timeout_is_default:
        return plan.timeout_ms
    chosen: int = turn.state.origin.options.get("timeout_ms", plan.timeout_ms)
    return chosen


def fail(turn: Turn, call: Call, held: StepState, failure: Failed) -> bool:
    """Record a failed attempt and the wait for the next one. Returns True where no further attempt follows."""
    policy = compensation_of(call).retry if held.undo else call.retry
    # A circuit that stayed open until the step may not be sent again says no more than any passing fault.
    kind = FailureKind.TRANSIENT if failure.kind is FailureKind.UNAVAILABLE else failure.kind
    hopeless = kind is FailureKind.REJECTED or not failure.retriable
    once = not held.undo and call.strategy in (Strategy.COMPENSATE, Strategy.DEAD_LETTER)
    retry = None if hopeless or once else next_attempt(turn, held, policy)
    turn.record(
        StepFailed(
            held.step, held.undo, held.attempt, kind, failure.code, failure.message, failure.causes, retry is None
        )
    )
    if retry is not None:
        turn.record(retry)
    return retry is None


def park(turn: Turn, held: StepState, code: str, retry_after_ms: int) -> bool:
    """Record that the step waits for a closed circuit. Returns False where it has been sent too often already."""
    if held.dispatches >= MAX_DISPATCHES:
        return False
    wait_ms = min(max(retry_after_ms, 1), MAX_PARK_MS)
    turn.record(StepParked(held.step, held.undo, held.attempt, turn.now + wait_ms, code))
    return True


def next_attempt(turn: Turn, held: StepState, policy: RetryPolicy) -> StepRetryScheduled | None:
    """Return the wait for the next attempt, or None where none may follow."""
    limit = policy.limit
    if policy.is_default:
        limit = turn.state.origin.options.get("max_retries", limit)
    if held.attempt >= limit or held.dispatches >= MAX_DISPATCHES:
        return None
    backoff = backoff_ms(policy, held.attempt)
    # Drawn from the command's identity: orders differ, replays do not.
    seed = f"{turn.state.saga_id}:{path_of(held.step, held.undo)}:{held.attempt}"
    spread = policy.jitter_ms - policy.jitter_from_ms
    jitter = policy.jitter_from_ms + crc32(seed.encode()) % (spread + 1)
    due_at = turn.now + backoff + jitter
    if held.budget_at is not None and due_at >= held.budget_at:
        return None
    return StepRetryScheduled(held.step, held.undo, held.attempt + 1, due_at, backoff, jitter)


def backoff_ms(policy: RetryPolicy, attempt: int) -> int:
    """Return the wait after an attempt, counted from 0, in milliseconds and without its jitter."""
    match policy.backoff:
        case Backoff.CONSTANT:
            wait = policy.base_ms
        case Backoff.LINEAR:
            wait = policy.base_ms * (attempt + 1)
        case Backoff.EXPONENTIAL:
            wait = policy.base_ms << min(attempt, 30)
    return min(wait, policy.max_ms)


def compensation_of(call: Call) -> Compensation:
    """Return what undoes the step. Raises ValueError where it has no compensation."""
    if call.compensation is None:
        raise ValueError(f"step {call.name} has no compensation")
    return call.compensation
