"""What the oracle says: findings that name orders, and the sums it compared."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that must not be, and the sagas it concerns."""

    check: str
    orders: tuple[str, ...]
    detail: str


@dataclass(frozen=True, slots=True)
class Sum:
    """Two figures that must be equal, each with what it counts and where it was read."""

    name: str
    left_of: str
    left: int
    right_of: str
    right: int
    money: bool = False

    @property
    def holds(self) -> bool:
        """Whether the two figures are equal."""
        return self.left == self.right


@dataclass(frozen=True, slots=True)
class Awaited:
    """One thing that a saga waits for: a signal, a timer, a person or a saga; `until` is RFC 3339, None without end."""

    kind: str
    step: str
    what: str
    until: str | None


@dataclass(frozen=True, slots=True)
class Waiting:
    """A saga that has not ended, and whose waits are all within their time."""

    saga_id: str
    waits: Sequence[Awaited]


@dataclass(frozen=True, slots=True)
class Report:
    """The verdict over one body of evidence."""

    outcomes: Mapping[str, int]
    sums: Sequence[Sum]
    findings: Sequence[Finding]
    manual: Sequence[str]
    """Orders that wait for a person: their books may be open, and are not judged."""
    dead_letters: Sequence[str]
    by_hand: Sequence[str] = ()
    """Sagas of which a person skipped steps, with the steps: their books are that person's."""
    waiting: Sequence[Waiting] = ()
    """Sagas that wait within their time: their books have to be as their events say."""

    @property
    def holds(self) -> bool:
        """Whether nothing was found and every sum agrees."""
        return not self.findings and all(one.holds for one in self.sums)
