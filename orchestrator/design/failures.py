"""What can go wrong in each step, and what then happens: a retry, a compensation, or a dead letter for a person."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from typing import NamedTuple

from orchestrator.core.definition import Call, End, Fork, Join, Listen, Local, Node, Raise, Switch
from orchestrator.definitions.durations import in_words
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


REFUSES = Case("refuses the saga's data", Treatment.COMPENSATION, "the saga turns round with the step's code")
"""What a function that is computed in place can do; a `set` cannot."""

_CANCELLED = Case("cancelled while it waits", Treatment.COMPENSATION, "what is done so far is undone in reverse order")
_BAD_DATA = Case("an expression meets data it does not expect", Treatment.COMPENSATION, "the saga turns round")


def cases_of(node: Node) -> tuple[Case, ...]:
    """Return the failure cases of a node; forks, joins and the end have none of their own."""
    match node:
        case Call():
            return tuple(_call(node))
        case Local():
            return (REFUSES, _BAD_DATA)
        case Switch():
            default = any(case.when is None for case in node.cases)
            none = Case("no case holds", Treatment.COMPENSATION, "the saga turns round: no_branch_matches")
            return (_BAD_DATA,) if default else (none, _BAD_DATA)
        case Listen():
            return tuple(_listen(node))
        case Raise():
            return (Case(f"raises {node.code}", Treatment.COMPENSATION, "the saga turns round: that is its purpose"),)
        case Fork() | Join() | End():
            return ()
        case other:
            raise unknown(other)


def _call(node: Call) -> Iterator[Case]:
    tries = f"up to {node.retry.limit} retries" if node.retry.limit else "no retry"
    attempt = in_words(node.timeout_ms)
    retry = Treatment.RETRY if node.retry.limit else Treatment.COMPENSATION
    yield Case("fails for now (network, overload)", retry, tries)
    yield Case(f"no reply within {attempt}", retry, f"{tries} under the same token, so that its effect happens once")
    yield Case("the participant's circuit is open", Treatment.RETRY, "waits until it may be tried, spends no retry")
    reverse = f"{node.compensation.command} and every earlier step's reverse" if node.compensation else "earlier steps"
    if node.optional:
        for cause in ("fails for good", "refused"):
            yield Case(
                cause, Treatment.COMPENSATION, "nothing to undo: it is optional, and the saga goes on without it"
            )
    else:
        yield Case("every attempt failed", Treatment.COMPENSATION, f"what may have happened is undone: {reverse}")
        own = node.compensation is not None and node.compensation.always
        yield Case(
            "refused", Treatment.COMPENSATION, f"never retried; undoes {reverse if own else 'the earlier steps'}"
        )
    yield _CANCELLED
    yield Case("a reply that cannot be read", Treatment.DEAD_LETTER, "set aside; the time-out then decides")
    if node.compensation is not None:
        undo = node.compensation
        yield Case("its undo fails for now", Treatment.RETRY, f"{undo.command}, up to {undo.retry.limit} retries")
        yield Case(
            "its undo fails for good", Treatment.DEAD_LETTER, "the other undos still run; a person is paged and decides"
        )


def _listen(node: Listen) -> Iterator[Case]:
    if node.timeout_ms is None:
        yield Case("no signal until the saga's time-out", Treatment.COMPENSATION, "the saga turns round")
    else:
        waits = in_words(node.timeout_ms)
        yield Case(f"no signal within {waits}", Treatment.COMPENSATION, f"the saga turns round: {node.timeout_code}")
    yield _CANCELLED
