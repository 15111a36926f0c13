"""How long a step may take at worst: all its attempts and the waits between them, in milliseconds."""

from __future__ import annotations

from orchestrator.core.attempts import backoff_ms
from orchestrator.core.definition import Call, RetryPolicy, Strategy


def longest_wait_ms(policy: RetryPolicy) -> int:
    """Return the sum of the longest waits between all the attempts that a policy allows."""
    return sum(backoff_ms(policy, attempt) + policy.jitter_ms for attempt in range(policy.limit))


def longest_ms(timeout_ms: int, policy: RetryPolicy, budget_ms: int | None = None) -> int:
    """Return how long a command may take with all its retries; a circuit that stays open is not counted."""
    everything = (policy.limit + 1) * timeout_ms + longest_wait_ms(policy)
    return everything if budget_ms is None else min(everything, budget_ms)


def is_retried(step: Call) -> bool:
    """Tell whether a step is tried again where it fails for now."""
    return step.retry.limit > 0 and step.strategy in {Strategy.RETRY_THEN_COMPENSATE, Strategy.RETRY}


def step_longest_ms(step: Call) -> int:
    """Return how long a step may take until it is done or has failed for good."""
    once = step.timeout_ms if step.budget_ms is None else min(step.timeout_ms, step.budget_ms)
    return longest_ms(step.timeout_ms, step.retry, step.budget_ms) if is_retried(step) else once


def undo_longest_ms(step: Call) -> int:
    """Return how long undoing a step may take until it is done or is given up."""
    undo = step.compensation
    return 0 if undo is None else longest_ms(undo.timeout_ms, undo.retry)


def in_words(milliseconds: int) -> str:
    """Return a duration as people write it: 2 min 3 s, 72 h, 4.8 s."""
    if milliseconds < 1_000:
        return f"{milliseconds} ms"
    if milliseconds < 60_000:
        return f"{milliseconds / 1_000:.1f}".removesuffix(".0") + " s"
    minutes, left = divmod(milliseconds, 60_000)
    parts: list[str] = []
    for name, size in (("days", 1_440), ("h", 60), ("min", 1)):
        amount, minutes = divmod(minutes, size)
        if amount:
            parts.append(f"{amount} {'day' if name == 'days' and amount == 1 else name}")
    if left >= 1_000:
        parts.append(f"{left // 1_000} s")
    return " ".join(parts[:2])
