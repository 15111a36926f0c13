"""What can go wrong in each step, and what then happens: a retry, a compensation, or a dead letter for a person."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from typing import NamedTuple

from orchestrator.core.definition import (
    Call,
    Emit,
    End,
    Fork,
    Join,
    Listen,
    Local,
    Loop,
    Node,
    Race,
    Raise,
    ScopeEnd,
    Strategy,
    Switch,
    Try,
    Wait,
)
from orchestrator.definitions.durations import in_words, is_retried
from orchestrator.design.nodes import unknown


class Treatment(StrEnum):
    """What answers a failure."""

    RETRY = "retry"
    COMPENSATION = "compensation"
    DEAD_LETTER = "dead-letter"


class Case(NamedTuple):
    """One way in which a step can fail, and what then happens."""

    cause: str
    treatment: Treatment
    effect: str


class Around(NamedTuple):
    """What a step's failure meets first: a scope that takes it, or a pivot that has passed."""

    taken_by: str | None = None
    behind_pivot: bool = False

    def failed(self, cause: str, effect: str = "") -> Case:
        """Return the case of a failure for good; `effect` is what is said where the whole saga turns round."""
        if self.taken_by is not None:
            done = f"what this attempt or part of {self.taken_by} did is undone, then {self.taken_by} goes on"
            return Case(cause, Treatment.COMPENSATION, done)
        if self.behind_pivot:
            return Case(
                cause, Treatment.DEAD_LETTER, "behind the pivot nothing turns round: a person is paged and decides"
            )
        return Case(cause, Treatment.COMPENSATION, effect or "the saga turns round: what is done is undone in reverse")


_REFUSES = "refuses the saga's data"
_BAD_DATA = "an expression meets data it does not expect"
_CANCELLED = "cancelled while it waits"
_PAGED = "the other undos still run; a person is paged and decides"


def cases_of(node: Node, around: Around) -> tuple[Case, ...]:
    """Return the failure cases of a node; forks, joins and ends have none of their own."""
    return tuple(_cases(node, around))


def _cases(node: Node, around: Around) -> Iterator[Case]:  # noqa: C901 - one case for each kind of node
    match node:
        case Call():
            yield from _call(node, around)
        case Local():
            if node.function is not None:
                yield around.failed(_REFUSES)
            yield around.failed(_BAD_DATA)
        case Switch():
            if all(case.when is not None for case in node.cases):
                yield around.failed("no case holds")
            yield around.failed(_BAD_DATA)
        case Emit():
            yield around.failed(_BAD_DATA)
        case Raise():
            yield around.failed(f"raises {node.code}")
        case Listen() | Wait():
            yield from _waits(node, around)
        case Loop() | Race() | Try():
            yield from _scope(node, around)
        case Fork() | Join() | ScopeEnd() | End():
            pass
        case other:
            raise unknown(other)


def _call(node: Call, around: Around) -> Iterator[Case]:
    if node.child is not None:
        yield from _child(node, around)
        return
    if is_retried(node):
        tries = f"up to {node.retry.limit} retries"
        same = f"{tries} under the same token, so that its effect happens once"
        yield Case("fails for now (network, overload)", Treatment.RETRY, tries)
        yield Case(f"no reply within {in_words(node.timeout_ms)}", Treatment.RETRY, same)
        yield _for_good(node, "every attempt failed", around)
    else:
        yield _for_good(node, f"fails for now, or no reply within {in_words(node.timeout_ms)}", around)
    yield Case("the participant's circuit is open", Treatment.RETRY, "waits until it may be tried, spends no retry")
    yield _for_good(node, "refused", around)
    if not around.behind_pivot:
        yield _cancelled()
    yield Case("a reply that cannot be read", Treatment.DEAD_LETTER, "set aside; the time-out then decides")
    if node.compensation is not None:
        undo = node.compensation
        yield Case("its undo fails for now", Treatment.RETRY, f"{undo.command}, up to {undo.retry.limit} retries")
        yield Case("its undo fails for good", Treatment.DEAD_LETTER, _PAGED)


def _for_good(node: Call, cause: str, around: Around) -> Case:
    if node.optional:
        return Case(cause, Treatment.COMPENSATION, "nothing to undo: it is optional, and the saga goes on without it")
    if node.strategy in {Strategy.RETRY, Strategy.DEAD_LETTER}:
        return Case(cause, Treatment.DEAD_LETTER, "the step is held: a person is paged and decides")
    own = node.compensation is not None and (cause != "refused" or node.compensation.always)
    what = (
        f"{node.compensation.command} and every earlier step's reverse"
        if own and node.compensation
        else "earlier steps"
    )
    said = "never retried" if cause == "refused" else "what may have happened counts as done"
    return around.failed(cause, f"{said}; undone: {what}")


def _child(node: Call, around: Around) -> Iterator[Case]:
    assert node.child is not None
    name = node.child.definition
    if node.child.awaited:
        yield _for_good(node, f"{name} does not complete", around)
        yield _for_good(node, f"{name} takes longer than {in_words(node.timeout_ms)}", around)
        if not around.behind_pivot:
            yield _cancelled()
        yield Case(f"{name} cannot be undone for now", Treatment.RETRY, "it is asked again; it is undone once")
        yield Case(f"{name} cannot be undone for good", Treatment.DEAD_LETTER, _PAGED)
    else:
        yield Case(f"{name} cannot be started", Treatment.DEAD_LETTER, "set aside; nobody waits for it")


def _waits(node: Listen | Wait, around: Around) -> Iterator[Case]:
    if isinstance(node, Listen):
        if node.timeout_ms is None:
            yield around.failed("no signal until the saga's time-out")
        else:
            yield around.failed(f"no signal within {in_words(node.timeout_ms)}")
    if not around.behind_pivot:
        yield _cancelled()


def _scope(node: Loop | Race | Try, around: Around) -> Iterator[Case]:
    if isinstance(node, Loop):
        yield around.failed(f"`in` gives no list, or one of more than {node.most} items")
    if isinstance(node, Race | Loop) and node.gather is not None:
        within = in_words(node.gather.within_ms)
        yield around.failed(f"fewer than {node.gather.least} answers within {within}")
        yield Case(f"a part has no answer within {within}", Treatment.COMPENSATION, "it is undone; the rest is taken")
    elif isinstance(node, Race):
        yield around.failed("every branch fails")
        yield Case("a branch loses", Treatment.COMPENSATION, "what it did or may have done is undone")
    if isinstance(node, Try) and node.catch is not None:
        if node.catch.retry is not None:
            tries = f"what the attempt did is undone, then up to {node.catch.retry.limit} retries"
            yield Case("what it tries fails", Treatment.RETRY, tries)
        if node.catch.entry is not None:
            yield Case("what it tries fails for good", Treatment.COMPENSATION, "its work is undone, then handled")
        yield around.failed("an error that it does not catch")
    if node.timeout_ms is not None:
        yield around.failed(f"takes longer than {in_words(node.timeout_ms)}")


def _cancelled() -> Case:
    return Case(_CANCELLED, Treatment.COMPENSATION, "what is done so far is undone in reverse order")
