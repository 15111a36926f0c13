"""What a sentence demands of state and service: the same state everywhere, and who goes on whatever fails."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from architect.demands import service_words, state_words
from architect.demands.demand import Demand, Kind, Scope
from architect.demands.sentence import UNWANTED, Sentence
from architect.demands.stance import Stance

UNIVERSAL = frozenset({Scope.REGIONS, Scope.SERVICES, Scope.NODES})
BEYOND = re.compile(
    r"(?! ?of 0(?![.,]?\d))\s*(?:of|longer|more|above|beyond|over|exceeding|greater|in excess)\b"
    r"[^,;]{0,12}(?:than|\d|above|over|beyond)"
)
"""A figure follows, so what is denied is only what goes beyond it."""
_FLAWED_SHARE = re.compile(r"\b(?!100\b)\d{1,2}(?:\.\d+)?\s?%|\b\w+[ -]nines\b|\bper ?cent\b")


def strong(one: Sentence) -> Iterator[Demand]:
    """Yield strong consistency called by a name of it."""
    for _, said, clause in one.found(state_words.STRONG_TERM):
        yield one.says(Kind.STRONG, clause, denied=said in UNWANTED)
    for match, said, clause in one.found(state_words.CONSISTENT):
        before = one.text[max(0, match.start() - 25) : match.start()]
        weak_after = state_words.WEAK.search(
            one.text[match.end() : match.end() + 60]
        ) and not state_words.STRICTLY.search(before)
        if state_words.WEAK.search(before) or weak_after or _late(one, clause):
            continue
        if one.cut or state_words.STRICTLY.search(clause) or one.reach(clause) is Scope.REGIONS:
            yield one.says(Kind.STRONG, clause, denied=said in UNWANTED)


def state(one: Sentence) -> Iterator[Demand]:
    """Yield strong consistency told by what readers see: the same everywhere, never an old value."""
    for _, said, clause in one.found(state_words.SAME_STATE):
        demand = one.says(Kind.STRONG, clause, denied=said in UNWANTED)
        if (one.cut or demand.scope in UNIVERSAL) and not state_words.WEAK.search(clause) and not _late(one, clause):
            yield demand
    for _, said, clause in one.found(state_words.STALE):
        if said is Stance.FORBIDDEN and not _late(one, clause):
            yield one.says(Kind.STRONG, clause)
        elif said is Stance.ALLOWED:
            yield one.says(Kind.EVENTUAL, clause)


def _late(one: Sentence, clause: str) -> bool:
    """Tell whether a clause leaves a second or more for the others to follow."""
    return any(limit >= 1 for limit in one.limits(clause))


def eventual(one: Sentence) -> Iterator[Demand]:
    """Yield eventual consistency; one that is forbidden is strong consistency."""
    for _, said, clause in one.found(state_words.EVENTUAL):
        yield one.says(Kind.EVENTUAL, clause, denied=said in UNWANTED)
        if said is Stance.FORBIDDEN:
            yield one.says(Kind.STRONG, clause)


def _stands_back(one: Sentence) -> bool:
    """Tell whether a sentence about a partition says that somebody gives up availability in it."""
    return one.cut and any(
        said in (Stance.WANTED, Stance.ALLOWED) for _, said, _ in one.found(service_words.STANDS_BACK)
    )


def available(one: Sentence) -> Iterator[Demand]:
    """Yield full availability told by what goes on."""
    if _stands_back(one):
        yield one.says(Kind.GIVES_WAY, one.text)
        return
    if one.cut and any(said is Stance.WANTED for _, said, _ in one.found(service_words.ACTS)):
        yield one.says(Kind.AVAILABLE, one.text)
    for _, said, clause in one.found(service_words.ACTIVITY):
        if said is Stance.WANTED and service_words.AT_ALL_TIMES.search(clause) and one.reach(clause) in UNIVERSAL:
            yield one.says(Kind.AVAILABLE, clause)
    for pattern in (service_words.UP, service_words.GOES_ON):
        for match, said, clause in one.found(pattern):
            if service_words.GIVES_WAY.match(one.text[match.end() :].lstrip()):
                yield one.says(Kind.GIVES_WAY, clause)
            elif said is not Stance.ALLOWED and (one.cut or not _in_part(clause)):
                yield from _going_on(one, clause, acts=pattern is service_words.GOES_ON, denied=said in UNWANTED)


def _in_part(clause: str) -> bool:
    """Tell whether a clause names a share of time below 100 %."""
    return _FLAWED_SHARE.search(clause) is not None and not any(full in clause for full in ("100", "hundred"))


def _going_on(one: Sentence, clause: str, *, acts: bool, denied: bool) -> Iterator[Demand]:
    if one.cut or service_words.ABSOLUTE.search(clause):
        yield one.says(Kind.AVAILABLE, clause, denied=denied)
    elif one.lost and acts:
        yield one.says(Kind.SURVIVES, clause, denied=denied)


def unavailable(one: Sentence) -> Iterator[Demand]:
    """Yield full availability told by what must not stop, and what may."""
    for pattern in (service_words.DOWN, service_words.REFUSED):
        for match, said, clause in one.found(pattern):
            rest = one.text[match.end() : match.end() + 40]
            if service_words.PLANNED.match(rest.lstrip()) or service_words.PLANNED.search(clause) or BEYOND.match(rest):
                continue
            if said is Stance.FORBIDDEN:
                yield one.says(Kind.AVAILABLE, clause)
            elif said is Stance.ALLOWED or (said is Stance.WANTED and one.cut and pattern is service_words.REFUSED):
                yield one.says(Kind.GIVES_WAY, clause)


def unhindered(one: Sentence) -> Iterator[Demand]:
    """Yield full availability told by what a loss must not do, or by whom a place must not need."""
    for _, said, clause in one.found(service_words.DEPENDS):
        if said is Stance.FORBIDDEN:
            yield replace(one.says(Kind.AVAILABLE, clause), cut=True)
    if one.cut or one.lost:
        for _, said, clause in one.found(service_words.HINDERED):
            if said is Stance.FORBIDDEN:
                yield one.says(Kind.AVAILABLE if one.cut else Kind.SURVIVES, clause)
