"""What the events of a saga told so far, kept apart from the saga's own state, so that the two can disagree."""

from __future__ import annotations

from typing import NamedTuple

from orchestrator.core.state import StepStatus

SETTLED = frozenset({StepStatus.COMPLETED, StepStatus.FAILED, StepStatus.UNKNOWN, StepStatus.SKIPPED})
"""Statuses of a step that no reply may change any more."""


class Account(NamedTuple):
    """What the events told, apart from what the saga's own state says.

    `completed` holds the paths of called steps in the order in which their results counted, `closed` the parts of
    scopes that were left, `skipped` the steps that a person did without, and `left_alone` those that a person left
    in place though their undo had failed; `hurt` is true once a fault hit a compensation.
    """

    completed: tuple[str, ...] = ()
    undone: frozenset[str] = frozenset()
    undo_sent: frozenset[str] = frozenset()
    undo_failed: frozenset[str] = frozenset()
    closed: frozenset[str] = frozenset()
    skipped: frozenset[str] = frozenset()
    left_alone: frozenset[str] = frozenset()
    turned: bool = False
    left: tuple[str, ...] = ()
    hurt: bool = False


class Violation(NamedTuple):
    """A property that does not hold, and what happened instead."""

    property: str
    says: str
