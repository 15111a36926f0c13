"""A compiled saga definition: an immutable graph whose expressions are plain callables. Durations are milliseconds."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, NamedTuple

from orchestrator.core.events import Json

EMPTY: Mapping[str, Any] = MappingProxyType({})


class Refused(Exception):
    """A local step refuses the saga's data, for good."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class ExpressionFailed(Exception):
    """An expression met data that its author did not expect, or gave no value."""


class Facts(NamedTuple):
    """What an expression can see of its saga. `started_at` is milliseconds since the epoch."""

    saga_id: str
    definition: str
    version: int
    started_at: int


NO_FACTS = Facts("", "", 0, 0)


class Scope(NamedTuple):
    """What an expression can see.

    `input` is the saga's input, `context` the results so far, `parameters` the deployment's, `data` the task's own input
    (or result, where a result is shaped), `variables` what loops and catches name.
    """

    input: Json
    context: Mapping[str, Json]
    parameters: Json
    data: Any = None
    variables: Mapping[str, Any] = EMPTY
    facts: Facts = NO_FACTS
    task: str = ""


Compute = Callable[[Scope], Any]
"""Raises ExpressionFailed, AttributeError, KeyError or TypeError where the data is not what the author expected."""
Predicate = Callable[[Scope], bool]
Project = Callable[[Json], Json]


@dataclass(frozen=True, slots=True)
class Milestone:
    """A business state reached: None leaves that field as it is."""

    lifecycle: str | None = None
    status: str | None = None


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """Waits of base x 2^attempt, at most `max_ms`, plus 0 to `jitter_ms`; `limit` retries after the first try."""

    limit: int = 3
    base_ms: int = 200
    jitter_ms: int = 100
    max_ms: int = 30_000


@dataclass(frozen=True, slots=True)
class Compensation:
    """The command that undoes a step; `always` also where the step definitely failed."""

    command: str
    topic: str
    arguments: Compute
    timeout_ms: int
    retry: RetryPolicy
    always: bool = False


@dataclass(frozen=True, slots=True)
class Call:
    """A step that sends a command and waits for its reply; `budget_ms` bounds all its attempts together."""

    name: str
    command: str
    topic: str
    arguments: Compute
    project: Project
    timeout_ms: int
    budget_ms: int | None
    retry: RetryPolicy
    compensation: Compensation | None
    optional: bool
    on_start: Milestone
    on_end: Milestone
    then: str


@dataclass(frozen=True, slots=True)
class Local:
    """A step computed in place by a pure function; it may raise Refused."""

    name: str
    compute: Compute
    on_end: Milestone
    then: str


class Case(NamedTuple):
    """One branch of a decision; without a predicate it is the default."""

    name: str
    when: Predicate | None
    then: str


@dataclass(frozen=True, slots=True)
class Switch:
    """A decision point: the first case that holds."""

    name: str
    cases: tuple[Case, ...]


@dataclass(frozen=True, slots=True)
class Listen:
    """A wait for the first of several signals."""

    name: str
    signals: tuple[str, ...]
    timeout_ms: int | None
    timeout_code: str
    on_start: Milestone
    on_end: Milestone
    then: str


@dataclass(frozen=True, slots=True)
class Fork:
    """Branches that run at once."""

    name: str
    branches: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Join:
    """Where a fork's branches meet: each branch is a set of steps, any one of which ends it."""

    name: str
    branches: tuple[frozenset[str], ...]
    then: str


@dataclass(frozen=True, slots=True)
class Raise:
    """Give up and undo, with a reason."""

    name: str
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class End:
    """The saga is complete."""

    name: str


Node = Call | Local | Switch | Listen | Fork | Join | Raise | End


@dataclass(frozen=True, slots=True)
class LateSignal:
    """A signal taken at any time after one of `after` was scheduled, such as the carrier's delivery.

    The lifecycle moves from `requires` to `lifecycle`; afterwards the saga cannot be cancelled any more.
    """

    name: str
    after: frozenset[str]
    requires: str
    lifecycle: str


@dataclass(frozen=True, slots=True)
class Milestones:
    """The business states that every saga of a definition goes through."""

    started: Milestone
    compensating: Milestone
    completed: Milestone
    revoked: Milestone
    suspended: Milestone


@dataclass(frozen=True, slots=True)
class Definition:
    """One version of one definition. `exports` names results in the context where it is not the name of the step."""

    name: str
    version: int
    entry: str
    nodes: Mapping[str, Node]
    deadline_ms: int | None
    exports: Mapping[str, str]
    late_signals: Mapping[str, LateSignal]
    milestones: Milestones
    parameters: Json
