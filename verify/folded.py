"""A saga's state as the oracle folds it: plain data, changed in place by one event after another."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

IN_FLIGHT = frozenset({"SCHEDULED", "WAITING", "RETRYING", "PARKED", "HELD"})
"""Where a step stands that is not settled."""


@dataclass(slots=True)
class Step:
    """Where one step, or one compensation, stands; `source` is the path of the step whose result is its input."""

    status: str = "SCHEDULED"
    attempt: int = 0
    dispatches: int = 0
    code: str | None = None
    uncertain: bool = False
    source: str = ""
    waits_for: str = ""
    """`signal` or `timer` for a step that waits for one, `parts` for a scope."""
    signals: tuple[str, ...] = ()
    """Those that still may come: one of them, or with `every` each of them."""
    every: bool = False
    until: int | None = None
    """When the wait ends by itself, milliseconds since the epoch."""


@dataclass(slots=True)
class Folded:
    """A saga's state as its events give it; `steps` has a key (path, undo) in the order of first mention.

    `unwinding` is keyed by the path of a part that was left: what is still to undo, and what follows then.
    """

    sequence: int = 0
    definition: str = ""
    version: int = 0
    lifecycle: str = ""
    status: str = ""
    phase: str = "FORWARD"
    outcome: str | None = None
    started_at: int = 0
    deadline: int | None = None
    code: str | None = None
    message: str | None = None
    failed_step: str | None = None
    plan: list[str] = field(default_factory=list)
    outputs: dict[str, Any] = field(default_factory=dict)
    steps: dict[tuple[str, bool], Step] = field(default_factory=dict)
    unwinding: dict[str, tuple[list[str], str]] = field(default_factory=dict)
    parent: Any = None
    pivoted: bool = False
    parked: list[list[Any]] = field(default_factory=list)
    """Number and code of each record of the saga that waits."""

    def step(self, path: str, undo: bool = False) -> Step:
        """Return a step, new where nothing was told of it yet."""
        return self.steps.setdefault((path, undo), Step())

    def settle(self, path: str, undo: bool = False, source: str = "") -> None:
        """Let a step have its result."""
        step = self.step(path, undo)
        step.status, step.code, step.source = "COMPLETED", None, source or step.source

    def close(self, inside: str, plan: Iterable[str]) -> None:
        """Close what is in flight under a path: unknown where it will be undone, skipped where not; undos go on."""
        for (path, undo), step in self.steps.items():
            if path.startswith(inside) and not undo and step.status in IN_FLIGHT:
                step.status = "UNKNOWN" if path in plan else "SKIPPED"

    def undone(self, path: str) -> None:
        """Take a step out of every plan: its compensation has come to an end."""
        self.plan = [other for other in self.plan if other != path]
        self.unwinding = {
            part: ([other for other in left if other != path], then) for part, (left, then) in self.unwinding.items()
        }
