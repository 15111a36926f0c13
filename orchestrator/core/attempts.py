"""Attempts of a step: dispatching its command, spending retries, parking behind an open circuit, giving up."""

from __future__ import annotations

from zlib import crc32

from orchestrator.core.definition import Call, Compensation, Milestone, RetryPolicy
from orchestrator.core.events import (
    FailureKind,
    StepFailed,
    StepParked,
    StepRetryScheduled,
    StepScheduled,
)
from orchestrator.core.inputs import Failed
from orchestrator.core.state import StepState, path_of
from orchestrator.core.turn import Turn

MAX_DISPATCHES = 1_000
"""Commands sent for one step at most, parked ones included."""

MAX_PARK_MS = 3_600_000
"""The longest wait for a circuit to close before the step is sent again, whatever its participant asks for."""

_UNCHANGED = Milestone()


def dispatch(turn: Turn, call: Call, undo: bool) -> None:
    """Record that the step's next command goes out, with the time-outs that bound it."""
    path = path_of(call.name, undo)
    held = turn.state.steps.get(path)
    plan: Call | Compensation = _compensation(call) if undo else call
    budget_at = held.budget_at if held else None
    if budget_at is None and isinstance(plan, Call) and plan.budget_ms is not None:
        budget_at = turn.now + plan.budget_ms
    timeout_at = turn.now + plan.timeout_ms
    if budget_at is not None and budget_at < timeout_at:
        timeout_at = budget_at
    saga_id = turn.state.saga_id
    first = held is None and not undo
    turn.record(
        StepScheduled(
            call.name,
            undo,
            held.attempt if held else 0,
            f"{saga_id}:{path}:{held.dispatches if held else 0}",
            f"{saga_id}:{path}",
            plan.command,
            plan.topic,
            timeout_at,
            budget_at,
        ),
        call.on_start if first else _UNCHANGED,
    )


def fail(turn: Turn, call: Call, held: StepState, failure: Failed) -> bool:
    """Record a failed attempt and the wait for the next one. Returns True where no further attempt follows."""
    policy = _compensation(call).retry if held.undo else call.retry
    # A circuit that stayed open until the step may not be sent again says no more than any passing fault.
    kind = FailureKind.TRANSIENT if failure.kind is FailureKind.UNAVAILABLE else failure.kind
    hopeless = kind is FailureKind.REJECTED or not failure.retriable
    retry = None if hopeless else _next_attempt(turn, held, policy)
    turn.record(
        StepFailed(
            call.name, held.undo, held.attempt, kind, failure.code, failure.message, failure.causes, retry is None
        )
    )
    if retry is not None:
        turn.record(retry)
    return retry is None


def park(turn: Turn, call: Call, held: StepState, code: str, retry_after_ms: int) -> bool:
    """Record that the step waits for a closed circuit. Returns False where it has been sent too often already."""
    if held.dispatches >= MAX_DISPATCHES:
        return False
    wait_ms = min(max(retry_after_ms, 1), MAX_PARK_MS)
    turn.record(StepParked(call.name, held.undo, held.attempt, turn.now + wait_ms, code))
    return True


def _next_attempt(turn: Turn, held: StepState, policy: RetryPolicy) -> StepRetryScheduled | None:
    if held.attempt >= policy.limit or held.dispatches >= MAX_DISPATCHES:
        return None
    backoff = min(policy.base_ms << min(held.attempt, 30), policy.max_ms)
    # Drawn from the command's identity: orders differ, replays do not.
    seed = f"{turn.state.saga_id}:{path_of(held.step, held.undo)}:{held.attempt}"
    jitter = crc32(seed.encode()) % (policy.jitter_ms + 1)
    due_at = turn.now + backoff + jitter
    if held.budget_at is not None and due_at >= held.budget_at:
        return None
    return StepRetryScheduled(held.step, held.undo, held.attempt + 1, due_at, backoff, jitter)


def _compensation(call: Call) -> Compensation:
    if call.compensation is None:
        raise ValueError(f"step {call.name} has no compensation")
    return call.compensation
