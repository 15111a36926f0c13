"""What a text claims about topology: several regions, strong consistency, no latency, no outage; denials too."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from architect import claim_patterns
from architect.quantities import Dimension, quantities

NEAR_ZERO_S = 0.010
"""A latency bound below this leaves no time for one round trip between two regions 1,000 km apart."""


class Claim(StrEnum):
    """One kind of statement about topology or guarantees."""

    SEVERAL_REGIONS = "several regions"
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


_SENTENCE_END = re.compile(
    r"[;:!?\n]|\.(?=\s|$)|\bbut\b|\bhowever\b|\balthough\b|\bwhile\b|\bwhereas\b|\byet\b|\bthough\b"
)
_ASIDE = re.compile(r",\s*((?:across|between|in|within|over|for|on|at)\b[^,.;:]{0,60}),")
_DENIER = re.compile(
    r"\b(?:no|not|never|without|neither|nor|cannot|drop|dropping|avoid|avoiding|waive|waived|forgo|relax|relaxed|"
    r"relaxing"
    r"|instead\s+of|rather\s+than|unlike|isn't|aren't|don't|doesn't|needn't|won't|unnecessary|skip|sacrific\w+|"
    r"giv\w+\s+up)"
    r"(?!\s+(?:only|just|merely|exception|compromis|question|matter|longer\s+than|more\s+than|less\s+than|later))\b",
    re.IGNORECASE,
)
_KEEPS = re.compile(
    r"\b(?:no|not|never|without|cannot|can't|must\s+not|don't|doesn't)\b[^.;,]{0,25}\b"
    r"(?:sacrific|giv\w*\s+up|relax|compromis|weaken|los[ei]|drop|trad|violat|break|degrad|reduc|waiv|avoid|skip|"
    r"hurt)\w*",
    re.IGNORECASE,
)
_DENIED_LATER = re.compile(
    r"^[^.;:!?\n]{0,60}?\b(?:(?:is|are|was|be|being|seems)\s+)?"
    r"(?:not\s+(?:\w+\s+)?(?:needed|required|necessary|demanded|expected|wanted|mandatory|a\s+(?:goal|requirement|"
    r"must|need|concern)"
    r"|critical|important|essential|in\s+scope)"
    r"|(?:isn't|aren't|wasn't)\s+(?:\w+\s+)?(?:needed|required|necessary|demanded|expected|wanted|a\s+(?:goal|"
    r"requirement|must))"
    r"|unnecessary|optional|out\s+of\s+scope|(?:can|may|could)\s+be\s+(?:relaxed|waived|dropped|given\s+up|sacrificed)"
    r"|(?:is|are)\s+(?:irrelevant|waived|overkill))\b",
    re.IGNORECASE,
)
_NEXT_THOUGHT = re.compile(r"[,;.!?\n]|\band\b")


def stated(text: str) -> tuple[Stated, ...]:
    """Return every claim of cleaned text, in the order of the claims' names and then of their places."""
    text = _ASIDE.sub(lambda match: f" {match.group(1)}  ", text).lower()
    found: list[Stated] = []
    for name, pattern in claim_patterns.PATTERNS:
        claim = Claim(name)
        found.extend(Stated(claim, *match.span()) for match in pattern.finditer(text) if match.end() > match.start())
    found.extend(_near_zero(text))
    return tuple(_resolved(text, found))


def holds(claims: tuple[Stated, ...], claim: Claim) -> bool:
    """Tell whether a claim is made and not denied."""
    return any(one.claim is claim and not one.denied for one in claims)


def first(claims: tuple[Stated, ...], claim: Claim) -> Stated | None:
    """Return the first place that makes a claim and does not deny it."""
    return next((one for one in claims if one.claim is claim and not one.denied), None)


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
    for one in found:
        claim = one.claim
        if claim is Claim.STRONG and _in_region(text, one, found):
            claim = Claim.STRONG_IN_REGION
        yield Stated(claim, one.start, one.end, _denied(text, one, taken))


def _denied(text: str, one: Stated, taken: list[tuple[int, int]]) -> bool:
    before = text[max(0, one.start - 70) : one.start]
    offset = one.start - len(before)
    cut = 0
    for end in _SENTENCE_END.finditer(before):
        cut = end.end()
    window = before[cut:]
    if not _KEEPS.search(window):
        for match in _DENIER.finditer(window):
            at = offset + cut + match.start()
            between = window[match.end() :]
            inside_other = any(start <= at < end for start, end in taken)
            if not inside_other and not _NEXT_THOUGHT.search(between) and len(between.split()) <= 7:
                return True
    return bool(_denied_after(text[one.end :]))


def _denied_after(rest: str) -> bool:
    match = _DENIED_LATER.match(rest)
    if not match:
        return False
    passed = rest[: match.end()]
    # A new subject before the denial makes it somebody else's: "strong consistency, push messages are not required".
    return not re.search(r"(?:,(?!\s*(?:which|though|but|and|it)\b)|\bbecause\b|\bsince\b|\beven\b)", passed)


def _in_region(text: str, one: Stated, found: list[Stated]) -> bool:
    """Tell whether strong consistency is asked for inside one region only."""
    clause_start = max(
        (end.end() for end in re.finditer(r"[,;.:!?\n]|\bbut\b|\bwhile\b", text[: one.start])), default=0
    )
    rest = re.search(r"[,;.:!?\n]|\bbut\b|\bwhile\b|\band\b(?=[^,;.]*\beventual)", text[one.end :])
    clause_end = one.end + (rest.start() if rest else len(text) - one.end)
    clause = text[clause_start:clause_end]
    if claim_patterns.ACROSS.search(clause):
        return False
    if claim_patterns.INSIDE_REGION.search(clause):
        return True
    return any(other.claim is Claim.EVENTUAL and _between_regions(text, other) for other in found)


def _between_regions(text: str, one: Stated) -> bool:
    rest = text[one.end : one.end + 60]
    end = re.search(r"[;.:!?\n,]|\bbut\b", rest)
    return bool(claim_patterns.ACROSS.search(rest[: end.start()] if end else rest))
