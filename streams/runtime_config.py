"""The bounds of the runtime, each with its unit and its default."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RuntimeConfig:
    """Topics and bounds of one runtime; all partitions numbered n belong to task n."""

    input_topics: tuple[str, ...]
    changelog_topic: str
    dead_letter_topic: str
    max_records: int = 2_000
    """Records and timers in one transaction."""
    max_transaction_ms: int = 150
    """Time spent on records in one transaction before it is committed with what it has."""
    poll_timeout_ms: int = 200
    """Longest wait for a record when nothing is due."""
    max_timers: int = 200
    """Timers of one task that fire in one transaction."""
    due_horizon_ms: int = 1_000
    """How far ahead the due index is searched for the next timer."""
    max_consecutive_aborts: int = 20
    """Aborts without a commit between them before the process gives up."""
    abort_backoff_ms: int = 10
    """Pause after the first abort of a row; it doubles up to `abort_backoff_limit_ms`."""
    abort_backoff_limit_ms: int = 1_000
    timer_backoff_ms: int = 1_000
    """A timer that failed is tried again after this long; it doubles up to `timer_backoff_limit_ms`."""
    timer_backoff_limit_ms: int = 300_000
    stats_interval_ms: int = 5_000
    watchdog_s: float = 30.0
    """No progress for this long ends the process; 0 runs without a watchdog."""
