"""One moment of an explored saga: its state, the participants' books, what is on its way, the faults to come."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from orchestrator.core.events import FailureKind
from orchestrator.core.state import State, StepStatus
from simulator.participant import EMPTY, Books, Command

SETTLED = frozenset({StepStatus.COMPLETED, StepStatus.FAILED, StepStatus.UNKNOWN, StepStatus.SKIPPED})
"""Statuses of a step that no reply may change any more."""


class Reply(NamedTuple):
    """A reply on its way, done without a kind. It comes before `until` (milliseconds), or whenever it likes."""

    command_id: str
    step: str
    undo: bool
    kind: FailureKind | None
    code: str
    retriable: bool
    until: int | None


class Account(NamedTuple):
    """What the events told, apart from what the saga's own state says.

    `completed` holds the paths of called steps in the order in which their results counted; `hurt` is true once a fault
    hit a compensation.
    """

    completed: tuple[str, ...] = ()
    undone: frozenset[str] = frozenset()
    undo_sent: frozenset[str] = frozenset()
    undo_failed: frozenset[str] = frozenset()
    turned: bool = False
    left: tuple[str, ...] = ()
    hurt: bool = False


class World(NamedTuple):
    """A moment; `now` is milliseconds since the epoch, `heard` the replies that open steps have had."""

    state: State
    now: int
    books: Books
    replies: tuple[Reply, ...]
    heard: tuple[Reply, ...]
    late: tuple[Command, ...]
    lasting: Mapping[str, str]
    faults_left: int
    account: Account


def first_world(state: State, now: int, faults: int) -> World:
    """Return the moment in which a saga begins."""
    return World(state, now, EMPTY, (), (), (), MappingProxyType({}), faults, Account())


class Violation(NamedTuple):
    """A property that does not hold, and what happened instead."""

    property: str
    says: str
