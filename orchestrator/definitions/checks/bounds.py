"""Bounds: every retry ends, every wait ends, every loop runs over something finite."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from orchestrator.core.attempts import MAX_DISPATCHES
from orchestrator.definitions.findings import Finding
from orchestrator.definitions.outline import Outline, Task

_LIMIT = "Write `limit: { attempt: { count: 3 } }`"


def check(outline: Outline) -> Iterator[Finding]:
    """Yield a finding for each retry, wait and loop that need not end."""
    for name, policy in outline.section("use", "retries").items():
        yield from _policy(policy, f"use.retries.{name}", f"the retry policy {name}")
    bounded = "timeout" in outline.top
    for task in outline.tasks.every():
        compensate, catch = task.body.get("compensate"), task.body.get("catch")
        for holder, where in (
            (task.body, task.where), (compensate, f"{task.where}.compensate"), (catch, f"{task.where}.catch"),
        ):  # fmt: skip
            policy = holder.get("retry") if isinstance(holder, dict) else None
            if isinstance(policy, dict):
                yield from _policy(policy, f"{where}.retry", f"the retry of {task.name}")
        yield from _wait(task, bounded)
        yield from _loop(task)


def _policy(policy: Any, where: str, what: str) -> Iterator[Finding]:
    limit = policy.get("limit") if isinstance(policy, dict) else None
    attempt = limit.get("attempt") if isinstance(limit, dict) else None
    count = attempt.get("count") if isinstance(attempt, dict) else None
    if count is None:
        yield Finding(where, f"{what} has no limit, and to say none means for ever", _LIMIT, rule="unbounded-retry")
    elif isinstance(count, int) and count > MAX_DISPATCHES:
        yield Finding(
            f"{where}.limit.attempt.count",
            f"{what} allows {count} retries; a step is sent {MAX_DISPATCHES} times at most",
            "Write a smaller count, and a longer delay where time is to be gained",
            rule="unbounded-retry",
        )


def _wait(task: Task, bounded: bool) -> Iterator[Finding]:
    if task.kind == "listen" and "timeout" not in task.body and not bounded:
        yield Finding(
            task.where,
            f"{task.name} may wait for ever: neither it nor the saga has a time-out",
            "Write `timeout: { after: { hours: 72 } }` on it, or a `timeout` for the whole saga",
            rule="unbounded-wait",
        )


def _loop(task: Task) -> Iterator[Finding]:
    loop = task.body.get("for") if task.kind == "for" else None
    if isinstance(loop, dict) and "in" not in loop:
        yield Finding(
            f"{task.where}.for",
            f"{task.name} runs over nothing: a loop without a bound",
            "Write `in: ${ ... }` with the list to run over; `while` may end it earlier",
            rule="unbounded-loop",
        )
