"""What a sentence demands of time: no latency, no waiting, all at one moment."""

from __future__ import annotations

import re
from collections.abc import Iterator

from architect.demands import state_words, time_words
from architect.demands.demand import Demand, Kind, Scope
from architect.demands.sentence import UNWANTED, Sentence
from architect.demands.stance import Stance
from architect.demands.steadiness import BEYOND, UNIVERSAL

ROUND_TRIPS_S = 0.010
"""A limit from here on leaves time for round trips, and says what an adjective such as `instant` means."""
_FIGURE_BEFORE = re.compile(r"[1-9][\d.,]* ?(?:ms|s|seconds?|minutes?|min|hours?) (?:of )?$")


def swift(one: Sentence) -> Iterator[Demand]:
    """Yield zero or near-zero latency: a delay that is forbidden, or an adjective such as `instant`."""
    yield from _no_delay(one)
    yield from _at_once(one)
    for _, said, clause in one.found(time_words.FEW_MILLISECONDS):
        yield one.says(Kind.SWIFT, clause, bound_s=0.005, denied=said in UNWANTED)
    for _, said, clause in one.found(time_words.LOW_LATENCY):
        yield one.says(Kind.LOW_LATENCY, clause, denied=said in UNWANTED)


def _no_delay(one: Sentence) -> Iterator[Demand]:
    for match, said, clause in one.found(time_words.DELAY):
        bounded = (
            BEYOND.match(one.text[match.end() : match.end() + 30])
            or _FIGURE_BEFORE.search(one.text[max(0, match.start() - 20) : match.start()])
            or any(one.limits(clause))
        )
        if said is Stance.FORBIDDEN and not bounded and not time_words.SIDE_EFFECT.search(clause):
            yield one.says(Kind.SWIFT, clause, bound_s=0.0)
            if one.lost:
                yield one.says(Kind.INSTANT_RECOVERY, clause)
            yield from together(one, clause)
            if state_words.BETWEEN_COPIES.search(clause) and one.reach(clause) in (Scope.REGIONS, Scope.UNSAID):
                yield one.says(Kind.STRONG, clause)


def _at_once(one: Sentence) -> Iterator[Demand]:
    for match, said, clause in one.found(time_words.SWIFT):
        names_consistency = state_words.CONSISTENT.match(one.text[match.end() :].lstrip())
        if not names_consistency and not time_words.SIDE_EFFECT.search(clause):
            yield one.says(Kind.SWIFT, clause, bound_s=0.0, vague=True, denied=said in UNWANTED)
            if said is Stance.WANTED:
                yield from together(one, clause)
                if one.lost:
                    yield one.says(Kind.INSTANT_RECOVERY, clause)


def together(one: Sentence, clause: str) -> Iterator[Demand]:
    """Yield strong consistency told by several places or services that change at one time."""
    demand = one.says(Kind.STRONG, clause)
    if demand.scope in UNIVERSAL and state_words.AT_ONE_TIME.search(clause):
        yield demand


def waiting(one: Sentence) -> Iterator[Demand]:
    """Yield the demand that nobody locks, waits or coordinates."""
    for pattern, stance_of_demand in ((time_words.BLOCKED, Stance.FORBIDDEN), (time_words.NON_BLOCKING, Stance.WANTED)):
        for _, said, clause in one.found(pattern):
            if said is stance_of_demand:
                yield one.says(Kind.NO_WAITING, clause)
