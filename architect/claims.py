"""What a text claims about topology: several regions, strong consistency, no latency, no outage; denials too."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from architect import claim_patterns
from architect.denial import denied
from architect.quantities import Dimension, quantities

NEAR_ZERO_S = 0.010
"""A latency bound below this leaves no time for one round trip between two regions 1,000 km apart."""


class Claim(StrEnum):
    """One kind of statement about topology or guarantees."""

    SEVERAL_REGIONS = "several regions"
    SPREAD = "spread over the world"
    ONE_REGION = "one region"
    STRONG = "strong consistency"
    STRONG_IN_REGION = "strong consistency inside a region"
    EVENTUAL = "eventual consistency"
    NO_LATENCY = "zero or near-zero latency"
    LOW_LATENCY = "low latency"
    NO_OUTAGE = "full availability, partitions included"


@dataclass(frozen=True, slots=True)
class Stated:
    """A claim and the part of the text that makes it; `denied`: the text says that it is not wanted."""

    claim: Claim
    start: int
    end: int
    denied: bool = False


_PATTERNS = (
    (Claim.SEVERAL_REGIONS, claim_patterns.SEVERAL_REGIONS),
    (Claim.SPREAD, claim_patterns.SPREAD),
    (Claim.ONE_REGION, claim_patterns.ONE_REGION),
    (Claim.STRONG, claim_patterns.STRONG),
    (Claim.EVENTUAL, claim_patterns.EVENTUAL),
    (Claim.NO_LATENCY, claim_patterns.NO_LATENCY),
    (Claim.LOW_LATENCY, claim_patterns.LOW_LATENCY),
    (Claim.NO_OUTAGE, claim_patterns.NO_OUTAGE),
)
_CLAUSE_END = re.compile(r"[,;.:!?\n]|\b(?:but|while)\b")
_EVENTUAL_NEXT = re.compile(r"\band\b(?=[^,;.]*\beventual)")
_CLAUSE_CHARACTERS = 200
_ASIDE = re.compile(r",\s*((?:across|between|in|within|over|for|on|at)\b[^,.;:]{0,60}),")


def stated(text: str) -> tuple[Stated, ...]:
    """Return every claim of cleaned text, in the order of the claims' names and then of their places."""
    text = _ASIDE.sub(lambda match: f" {match.group(1)}  ", text).lower()
    found = [
        Stated(claim, *match.span())
        for claim, pattern in _PATTERNS
        for match in pattern.finditer(text)
        if match.group()
    ]
    found.extend(_near_zero(text))
    found.extend(_two_places(text))
    return tuple(_resolved(text, found))


def holds(claims: tuple[Stated, ...], claim: Claim) -> bool:
    """Tell whether a claim is made and not denied."""
    return any(one.claim is claim and not one.denied for one in claims)


def _two_places(text: str) -> Iterator[Stated]:
    """Yield a claim at the second place that a text names."""
    places = [(match.group().split(" ", 1)[-1], match) for match in claim_patterns.PLACE.finditer(text)]
    yield from (
        Stated(Claim.SPREAD, *match.span())
        for name, match in places
        if name.removeprefix("the ") != places[0][0].removeprefix("the ")
    )


def _near_zero(text: str) -> Iterator[Stated]:
    """Yield a claim for each latency bound, in figures, that no light between regions could keep."""
    for quantity in quantities(text):
        if quantity.dimension is not Dimension.TIME or quantity.value >= NEAR_ZERO_S:
            continue
        around = text[max(0, quantity.start - 60) : quantity.end + 40]
        if claim_patterns.LATENCY_WORDS.search(around) and not claim_patterns.OTHER_TIMES.search(around):
            yield Stated(Claim.NO_LATENCY, quantity.start, quantity.end)


def _resolved(text: str, found: list[Stated]) -> Iterator[Stated]:
    taken = [(one.start, one.end) for one in found]
    in_one = any(one.claim is Claim.ONE_REGION and not denied(text, one.start, one.end, taken) for one in found)
    for one in found:
        claim = one.claim
        if claim is Claim.STRONG and _in_region(text, one, found, taken):
            claim = Claim.STRONG_IN_REGION
        elif claim is Claim.SPREAD and not in_one:
            claim = Claim.SEVERAL_REGIONS
        given_up = claim is Claim.NO_OUTAGE and _gives_way(text[one.start : one.end])
        yield Stated(claim, one.start, one.end, given_up or denied(text, one.start, one.end, taken))


def _gives_way(words: str) -> bool:
    return not words.startswith(("no ", "never ")) and claim_patterns.GIVES_WAY.search(words) is not None


def _in_region(text: str, one: Stated, found: list[Stated], taken: list[tuple[int, int]]) -> bool:
    """Tell whether strong consistency is asked for inside one region only."""
    before = text[max(0, one.start - _CLAUSE_CHARACTERS) : one.start]
    after = text[one.end : one.end + _CLAUSE_CHARACTERS]
    start = max((end.end() for end in _CLAUSE_END.finditer(before)), default=0)
    rest = _CLAUSE_END.search(after) or _EVENTUAL_NEXT.search(after)
    clause = before[start:] + text[one.start : one.end] + (after[: rest.start()] if rest else after)
    if claim_patterns.ACROSS.search(clause):
        return False
    if claim_patterns.INSIDE_REGION.search(clause):
        return True
    return any(
        other.claim is Claim.EVENTUAL
        and _between_regions(text, other)
        and not denied(text, other.start, other.end, taken)
        for other in found
    )


def _between_regions(text: str, one: Stated) -> bool:
    rest = text[one.end : one.end + 60]
    end = _CLAUSE_END.search(rest)
    return bool(claim_patterns.ACROSS.search(rest[: end.start()] if end else rest))
