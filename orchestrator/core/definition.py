"""A compiled saga definition: an immutable graph whose expressions are plain callables. Durations are milliseconds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

from orchestrator.core.events import Json
from orchestrator.core.scope import Compute, Predicate


@dataclass(frozen=True, slots=True)
class Milestone:
    """A business state reached: None leaves that field as it is."""

    lifecycle: str | None = None
    status: str | None = None


UNCHANGED = Milestone()

MOST_ITEMS = 1_000
"""Items of one loop at most."""

MOST_EVENTS = 10_000
"""Events of a saga from which on it is taken to go round in circles."""


class Backoff(StrEnum):
    """How the wait before a retry grows from one to the next."""

    CONSTANT = "constant"
    LINEAR = "linear"
    EXPONENTIAL = "exponential"


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """Waits of `base_ms`, base x (attempt + 1) or base x 2^attempt, at most `max_ms`, plus a jitter.

    The jitter lies between `jitter_from_ms` and `jitter_ms`. `limit` is the number of retries after the first try; a
    saga may be started with another one where it `is_default`. `when` and `except_when` belong to the retries of a try
    alone and see its error.
    """

    limit: int = 3
    base_ms: int = 200
    jitter_ms: int = 100
    max_ms: int = 30_000
    backoff: Backoff = Backoff.EXPONENTIAL
    jitter_from_ms: int = 0
    when: Predicate | None = None
    except_when: Predicate | None = None
    is_default: bool = False


class Strategy(StrEnum):
    """What a step's failure leads to."""

    RETRY_THEN_COMPENSATE = "retry-then-compensate"
    RETRY = "retry"
    COMPENSATE = "compensate"
    DEAD_LETTER = "dead-letter"


@dataclass(frozen=True, slots=True)
class Reads:
    """What a task reads of its input: nothing where neither is set; `shape` transforms it first."""

    data: bool = False
    shape: Compute | None = None


READS_NOTHING = Reads()


@dataclass(frozen=True, slots=True)
class Child:
    """The saga that a step runs; `version` None is the newest. Without `awaited` its end is not waited for."""

    definition: str
    version: int | None
    awaited: bool


@dataclass(frozen=True, slots=True)
class Compensation:
    """The command that undoes a step; `always` also where the step definitely failed."""

    command: str
    topic: str
    arguments: Compute
    timeout_ms: int
    retry: RetryPolicy
    always: bool = False
    timeout_is_default: bool = False


@dataclass(frozen=True, slots=True)
class Call:
    """A step that sends a command and waits for its reply; `budget_ms` bounds all its attempts together.

    With a `child` the command starts a saga and the reply is its end. `locks` names what it holds from then on. A saga
    may be started with another time-out where `timeout_is_default`.
    """

    name: str
    command: str
    topic: str
    arguments: Compute
    output: Compute | None
    timeout_ms: int
    budget_ms: int | None
    retry: RetryPolicy
    compensation: Compensation | None
    optional: bool
    on_start: Milestone
    on_end: Milestone
    then: str
    strategy: Strategy = Strategy.RETRY_THEN_COMPENSATE
    pivot: bool = False
    child: Child | None = None
    reads: Reads = READS_NOTHING
    export: Compute | None = None
    locks: tuple[str, ...] = ()
    decision: str | None = None
    reason: str | None = None
    timeout_is_default: bool = False
    given: str | None = None
    """The step beside this one that holds its input, where its output or its export asks for that."""


@dataclass(frozen=True, slots=True)
class Local:
    """A step computed in place by a pure function; it may raise Refused. `given` is as in Call."""

    name: str
    compute: Compute
    on_end: Milestone
    then: str
    reads: Reads = READS_NOTHING
    output: Compute | None = None
    export: Compute | None = None
    function: str | None = None
    given: str | None = None


class Case(NamedTuple):
    """One branch of a decision; without a predicate it is the default."""

    name: str
    when: Predicate | None
    then: str


@dataclass(frozen=True, slots=True)
class Switch:
    """A decision point: the first case that holds. `silent` cases, such as a condition that holds, leave no event."""

    name: str
    cases: tuple[Case, ...]
    reads: Reads = READS_NOTHING
    decision: str | None = None
    silent: frozenset[str] = frozenset()


class Awaited(NamedTuple):
    """A signal that is waited for; `matches` sees its data as `.`."""

    name: str
    matches: Predicate | None = None


@dataclass(frozen=True, slots=True)
class Listen:
    """A wait for the first of several signals, or for each of them where `every` is true."""

    name: str
    awaited: tuple[Awaited, ...]
    timeout_ms: int | None
    timeout_code: str
    on_start: Milestone
    on_end: Milestone
    then: str
    every: bool = False
    export: Compute | None = None

    @property
    def signals(self) -> tuple[str, ...]:
        """The names of the signals."""
        return tuple(one.name for one in self.awaited)


@dataclass(frozen=True, slots=True)
class Wait:
    """A wait for a length of time."""

    name: str
    wait_ms: int
    on_start: Milestone
    on_end: Milestone
    then: str


@dataclass(frozen=True, slots=True)
class Emit:
    """Tells the world an event; with a `subject`, another saga too, as a signal."""

    name: str
    type: str
    subject: Compute | None
    data: Compute
    on_end: Milestone
    then: str
    reads: Reads = READS_NOTHING


@dataclass(frozen=True, slots=True)
class Fork:
    """Branches that run at once."""

    name: str
    branches: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Join:
    """Where a fork's branches meet: each branch is a set of steps, any one of which ends it.

    `fork` names what it joins, and `within` all nodes of each branch, those of forks and scopes inside of it too.
    """

    name: str
    branches: tuple[frozenset[str], ...]
    then: str
    fork: str
    within: tuple[frozenset[str], ...]


@dataclass(frozen=True, slots=True)
class Gather:
    """Take what is there after `within_ms`, where it is at least `least` parts."""

    within_ms: int
    least: int


@dataclass(frozen=True, slots=True)
class Loop:
    """The same steps for each item, at most `concurrency` items at once; `entry` is the first step.

    `collects`: the result is the list of the items' results, else that of the last one. `most` bounds the items.
    """

    name: str
    items: Compute
    each: str
    at: str
    proceed_while: Predicate | None
    entry: str
    concurrency: int
    collects: bool
    gather: Gather | None
    timeout_ms: int | None
    on_start: Milestone
    on_end: Milestone
    then: str
    reads: Reads = READS_NOTHING
    most: int = MOST_ITEMS


@dataclass(frozen=True, slots=True)
class Race:
    """Branches of which the first to end wins, or, with `gather`, as many as end in time; `entries` are first steps."""

    name: str
    entries: tuple[str, ...]
    labels: tuple[str, ...]
    gather: Gather | None
    timeout_ms: int | None
    on_start: Milestone
    on_end: Milestone
    then: str


@dataclass(frozen=True, slots=True)
class Catch:
    """Which errors of a try are caught: those with all of `filter`'s values, and what is done about them."""

    filter: Json
    when: Predicate | None
    except_when: Predicate | None
    variable: str
    retry: RetryPolicy | None
    entry: str | None


@dataclass(frozen=True, slots=True)
class Try:
    """Steps whose failure is caught; what they did is undone first. Without a `catch` it only bounds their time."""

    name: str
    entry: str
    catch: Catch | None
    timeout_ms: int | None
    on_start: Milestone
    on_end: Milestone
    then: str


@dataclass(frozen=True, slots=True)
class ScopeEnd:
    """Where one part of the scope of that name ends."""

    name: str
    scope: str


@dataclass(frozen=True, slots=True)
class Raise:
    """Give up, with a reason: caught by a try, else the saga turns round. `status` None: that of the code."""

    name: str
    code: str
    message: str
    detail: Compute | None = None
    title: str = ""
    status: int | None = None


@dataclass(frozen=True, slots=True)
class End:
    """The saga is complete."""

    name: str


Node = Call | Local | Switch | Listen | Wait | Emit | Fork | Join | Loop | Race | Try | ScopeEnd | Raise | End
Scoped = Loop | Race | Try
"""Nodes whose steps have paths within theirs."""


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

    started: Milestone = Milestone("running", "RUNNING")
    compensating: Milestone = Milestone(None, "COMPENSATING")
    completed: Milestone = Milestone("completed", "COMPLETED")
    revoked: Milestone = Milestone("revoked", "TRANSACTION_REVOKED")
    suspended: Milestone = Milestone(None, "MANUAL_INTERVENTION")


@dataclass(frozen=True, slots=True)
class Migration:
    """How a running saga of another version comes over: steps by new name, and its context transformed (None: kept)."""

    renamed: Mapping[str, str]
    context: Compute | None


@dataclass(frozen=True, slots=True)
class Definition:
    """One version of one definition. `exports` gives results a second name in the context.

    `tracks_data`: some expression reads what the task before it made. `flat`: there are no scopes. `max_events` ends a
    saga that goes round in circles.
    """

    name: str
    version: int
    entry: str
    nodes: Mapping[str, Node]
    deadline_ms: int | None
    exports: Mapping[str, str]
    late_signals: Mapping[str, LateSignal]
    milestones: Milestones
    parameters: Json
    input: Compute | None = None
    output: Compute | None = None
    tracks_data: bool = False
    flat: bool = True
    migrations: Mapping[int, Migration] = field(default_factory=dict)
    max_events: int = MOST_EVENTS
