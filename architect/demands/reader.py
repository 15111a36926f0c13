"""Free text read into demands: each sentence by the families of words in it and by how it stands to them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from architect.demands import lexicon, topology
from architect.demands.demand import Demand, Kind, Scope
from architect.demands.figures import limits
from architect.demands.normal import clause_around, sentences, taken_apart
from architect.demands.stance import Span, Stance, stance, verdicts_in

_BEYOND = re.compile(
    r"\s*(?:of|longer|more|above|beyond|over|exceeding|greater|in excess)\b[^,;]{0,12}(?:than|\d|above|over|beyond)"
)
_JUST_DENIED = re.compile(r"\b(?:no|not|without|zero|never)\s+(?:\w+\s+)?$")
_ONE_THAT_FAILS = re.compile(r"\b(?:loss|failure|crash|death|outage|lose|losing|kill\w*|tolerat\w+|surviv\w+)(?: of)?(?: an?| any| one| the)?\s*$")
_FLAWED_SHARE = re.compile(r"\b(?!100\b)\d{1,2}(?:\.\d+)?\s?%|\b\w+[ -]nines\b|\bper ?cent\b")
_UNWANTED = frozenset({Stance.FORBIDDEN, Stance.WAIVED})
_LONG_S = 0.010
"""A limit from here on leaves time for round trips, and says what an adjective such as `instant` means."""
_UNIVERSAL = frozenset({Scope.REGIONS, Scope.SERVICES, Scope.NODES})


@dataclass(slots=True)
class _Sentence:
    """A sentence, what is said of links and places in it, and the parts that are spoken for."""

    text: str
    raw: str
    cut: bool
    lost: bool
    spoken_for: list[Span] = field(default_factory=list)
    context: list[Span] = field(default_factory=list)
    places: list[Span] = field(default_factory=list)

    def clause(self, start: int, end: int) -> str:
        """Return the clause that holds a part."""
        first, last = clause_around(self.text, start, end)
        return self.text[first:last]

    def found(self, pattern: re.Pattern[str]) -> Iterator[tuple[re.Match[str], Stance, str]]:
        """Yield each match with the stance of the sentence to it, and its clause."""
        for match in pattern.finditer(self.text):
            said = stance(self.text, *match.span(), self.spoken_for, self.context, bad=pattern in _BAD)
            yield match, said, self.clause(*match.span())

    def says(
        self, kind: Kind, clause: str, *, denied: bool = False, bound_s: float | None = None, vague: bool = False
    ) -> Demand:
        """Return a demand of this sentence; where its clause is silent about its reach, the sentence is asked."""
        scope = topology.reach(clause)
        if scope is Scope.UNSAID:
            scope = topology.reach(self.text)
        return Demand(kind, self.raw, scope, bound_s, vague, self.cut, self.lost, denied)


_BAD = frozenset(
    {lexicon.STALE, lexicon.DOWN, lexicon.REFUSED, lexicon.DELAY, lexicon.BLOCKED, lexicon.LOSS, lexicon.HINDERED}
)
_SPOKEN_FOR = (
    lexicon.STRONG_TERM, lexicon.CONSISTENT, lexicon.STALE, lexicon.UP, lexicon.GOES_ON,
    lexicon.DOWN, lexicon.DELAY, lexicon.SWIFT, lexicon.NON_BLOCKING, lexicon.LOSES_NOTHING,
    lexicon.UNSAFE_ACK, lexicon.SINGLE_COPY, lexicon.INSTANT_RECOVERY, lexicon.NO_LIMIT_OF_FAULTS, lexicon.WHOLE_CAP,
)  # fmt: skip


def demands_in(text: str) -> tuple[Demand, ...]:
    """Return every demand of cleaned text, sentence by sentence."""
    return tuple(demand for sentence in sentences(text) for demand in _of_sentence(sentence)) + tuple(_two_places(text))


def _of_sentence(raw: str) -> Iterator[Demand]:
    text = taken_apart(raw)
    one = _Sentence(text, raw, topology.CUT.search(text) is not None, topology.LOST_PLACE.search(text) is not None)
    one.spoken_for.extend(match.span() for pattern in _SPOKEN_FOR for match in pattern.finditer(text))
    one.context.extend(
        match.span() for pattern in (topology.CUT, topology.LOST_PLACE) for match in pattern.finditer(text)
    )
    one.places.extend(match.span() for match in topology.LOST_PLACE.finditer(text))
    one.context.extend(verdicts_in(text))
    for read in (
        _topology,
        _strong,
        _state,
        _eventual,
        _available,
        _unavailable,
        _unhindered,
        _swift,
        _waiting,
        _durable,
    ):
        yield from read(one)
    if one.lost and 0 in limits(raw):
        yield Demand(Kind.INSTANT_RECOVERY, raw, lost=True)
    yield from (
        Demand(Kind.PATIENT if limit >= _LONG_S else Kind.SWIFT, raw, topology.reach(text), limit)
        for limit in limits(raw)
    )


def _topology(one: _Sentence) -> Iterator[Demand]:
    for kind, pattern in (
        (Kind.SEVERAL_REGIONS, topology.SEVERAL_REGIONS),
        (Kind.ONE_REGION, topology.ONE_REGION),
    ):
        for match, said, clause in one.found(pattern):
            if any(first <= match.start() < last for first, last in one.places):
                continue
            yield one.says(kind, clause, denied=_is_denied(one, match, said))
    for match, said, clause in one.found(topology.SPREAD):
        yield one.says(Kind.SEVERAL_REGIONS, clause, denied=_is_denied(one, match, said), vague=True)


def _is_denied(one: _Sentence, match: re.Match[str], said: Stance) -> bool:
    """Tell whether places are denied themselves, not what must not happen in them."""
    return said is Stance.WAIVED or (
        said is Stance.FORBIDDEN and _JUST_DENIED.search(one.text[: match.start()]) is not None
    )


def _two_places(text: str) -> Iterator[Demand]:
    """Yield a demand for several regions at the second place that a text names."""
    seen: set[str] = set()
    for sentence in sentences(text):
        for match in topology.PLACE.finditer(taken_apart(sentence)):
            name = match.group()
            seen.add(name.split(" ", 1)[-1].removeprefix("the ") if name.split(" ", 1)[0] in _PREPOSITIONS else name)
            if len(seen) > 1:
                yield Demand(Kind.SEVERAL_REGIONS, sentence, Scope.REGIONS, vague=True)
                return


_PREPOSITIONS = frozenset({"in", "at", "from", "between", "and", "to"})


def _strong(one: _Sentence) -> Iterator[Demand]:
    for _, said, clause in one.found(lexicon.STRONG_TERM):
        yield one.says(Kind.STRONG, clause, denied=said in _UNWANTED)
    for match, said, clause in one.found(lexicon.CONSISTENT):
        before = one.text[max(0, match.start() - 25) : match.start()]
        weak_after = lexicon.WEAK.search(one.text[match.end() : match.end() + 60]) and not lexicon.STRICTLY.search(
            before
        )
        if lexicon.WEAK.search(before) or weak_after or _late(clause):
            continue
        if one.cut or lexicon.STRICTLY.search(clause) or topology.reach(clause) is Scope.REGIONS:
            yield one.says(Kind.STRONG, clause, denied=said in _UNWANTED)


def _state(one: _Sentence) -> Iterator[Demand]:
    """Yield strong consistency told by what readers see: the same everywhere, never an old value."""
    for _, said, clause in one.found(lexicon.SAME_STATE):
        demand = one.says(Kind.STRONG, clause, denied=said in _UNWANTED)
        if (one.cut or demand.scope in _UNIVERSAL) and not lexicon.WEAK.search(clause) and not _late(clause):
            yield demand
    for _, said, clause in one.found(lexicon.STALE):
        if said is Stance.FORBIDDEN and not _late(clause):
            yield one.says(Kind.STRONG, clause)
        elif said is Stance.ALLOWED:
            yield one.says(Kind.EVENTUAL, clause)


def _late(clause: str) -> bool:
    """Tell whether a clause leaves a second or more for the others to follow."""
    return any(limit >= 1 for limit in limits(clause))


def _eventual(one: _Sentence) -> Iterator[Demand]:
    for _, said, clause in one.found(lexicon.EVENTUAL):
        yield one.says(Kind.EVENTUAL, clause, denied=said in _UNWANTED)
        if said is Stance.FORBIDDEN:
            yield one.says(Kind.STRONG, clause)


def _stands_back(one: _Sentence) -> bool:
    """Tell whether a sentence about a partition says that somebody gives up availability in it."""
    return one.cut and any(said in (Stance.WANTED, Stance.ALLOWED) for _, said, _ in one.found(lexicon.STANDS_BACK))


def _available(one: _Sentence) -> Iterator[Demand]:
    if _stands_back(one):
        yield one.says(Kind.GIVES_WAY, one.text)
        return
    if one.cut and any(said is Stance.WANTED for _, said, _ in one.found(lexicon.ACTS)):
        yield one.says(Kind.AVAILABLE, one.text)
    for _, said, clause in one.found(lexicon.ACTIVITY):
        if said is Stance.WANTED and lexicon.AT_ALL_TIMES.search(clause) and topology.reach(clause) in _UNIVERSAL:
            yield one.says(Kind.AVAILABLE, clause)
    for pattern in (lexicon.UP, lexicon.GOES_ON):
        for match, said, clause in one.found(pattern):
            if lexicon.GIVES_WAY.match(one.text[match.end() :].lstrip()):
                yield one.says(Kind.GIVES_WAY, clause)
                continue
            if said is Stance.ALLOWED or (
                _FLAWED_SHARE.search(clause) and "100" not in clause and not one.cut and "hundred" not in clause
            ):
                continue
            if one.cut or lexicon.ABSOLUTE.search(clause):
                yield one.says(Kind.AVAILABLE, clause, denied=said in _UNWANTED)


def _unavailable(one: _Sentence) -> Iterator[Demand]:
    for pattern in (lexicon.DOWN, lexicon.REFUSED):
        for match, said, clause in one.found(pattern):
            rest = one.text[match.end() : match.end() + 40]
            if lexicon.PLANNED.match(rest.lstrip()) or lexicon.PLANNED.search(clause) or _BEYOND.match(rest):
                continue
            if said is Stance.FORBIDDEN:
                yield one.says(Kind.AVAILABLE, clause)
            elif said is Stance.ALLOWED or (said is Stance.WANTED and one.cut and pattern is lexicon.REFUSED):
                yield one.says(Kind.GIVES_WAY, clause)


def _unhindered(one: _Sentence) -> Iterator[Demand]:
    """Yield full availability told by what the loss of a link or a place must not do, or by whom a place must not need."""
    for _, said, clause in one.found(lexicon.DEPENDS):
        if said is Stance.FORBIDDEN:
            yield replace(one.says(Kind.AVAILABLE, clause), cut=True)
    if one.cut or one.lost:
        for _, said, clause in one.found(lexicon.HINDERED):
            if said is Stance.FORBIDDEN:
                yield one.says(Kind.AVAILABLE, clause)


def _swift(one: _Sentence) -> Iterator[Demand]:
    for match, said, clause in one.found(lexicon.DELAY):
        bounded = _BEYOND.match(one.text[match.end() : match.end() + 30]) or any(limits(clause))
        if said is Stance.FORBIDDEN and not bounded and not lexicon.SIDE_EFFECT.search(clause):
            yield one.says(Kind.SWIFT, clause, bound_s=0.0)
            if one.lost:
                yield one.says(Kind.INSTANT_RECOVERY, clause)
            yield from _together(one, clause)
            if lexicon.BETWEEN_COPIES.search(clause) and topology.reach(clause) in (Scope.REGIONS, Scope.UNSAID):
                yield one.says(Kind.STRONG, clause)
    for match, said, clause in one.found(lexicon.SWIFT):
        names_consistency = lexicon.CONSISTENT.match(one.text[match.end() :].lstrip())
        if not names_consistency and not lexicon.SIDE_EFFECT.search(clause):
            yield one.says(Kind.SWIFT, clause, bound_s=0.0, vague=True, denied=said in _UNWANTED)
            if said is Stance.WANTED:
                yield from _together(one, clause)
                if one.lost:
                    yield one.says(Kind.INSTANT_RECOVERY, clause)
    for _, said, clause in one.found(lexicon.FEW_MILLISECONDS):
        yield one.says(Kind.SWIFT, clause, bound_s=0.005, denied=said in _UNWANTED)
    for _, said, clause in one.found(lexicon.LOW_LATENCY):
        yield one.says(Kind.LOW_LATENCY, clause, denied=said in _UNWANTED)


def _together(one: _Sentence, clause: str) -> Iterator[Demand]:
    """Yield strong consistency told by several places or services that change at one time."""
    demand = one.says(Kind.STRONG, clause)
    if demand.scope in _UNIVERSAL and lexicon.AT_ONE_TIME.search(clause):
        yield demand


def _waiting(one: _Sentence) -> Iterator[Demand]:
    for pattern, stance_of_demand in ((lexicon.BLOCKED, Stance.FORBIDDEN), (lexicon.NON_BLOCKING, Stance.WANTED)):
        for _, said, clause in one.found(pattern):
            if said is stance_of_demand:
                yield one.says(Kind.NO_WAITING, clause)


_PLAINLY = (
    (Kind.UNSAFE_ACK, lexicon.UNSAFE_ACK),
    (Kind.UNSAFE_ACK, lexicon.LOCAL_ACK),
    (Kind.SAFE_ACK, lexicon.SAFE_ACK),
    (Kind.LATE_COPY, lexicon.LATE_COPY),
    (Kind.ALL_COPIES, lexicon.ALL_COPIES),
    (Kind.SINGLE_COPY, lexicon.SINGLE_COPY),
    (Kind.INSTANT_RECOVERY, lexicon.INSTANT_RECOVERY),
    (Kind.LOST_PLACE, topology.LOST_PLACE),
    (Kind.AGREEMENT, lexicon.AGREEMENT),
    (Kind.NO_LIMIT_OF_FAULTS, lexicon.NO_LIMIT_OF_FAULTS),
    (Kind.WHOLE_CAP, lexicon.WHOLE_CAP),
)


def _durable(one: _Sentence) -> Iterator[Demand]:
    for _, said, clause in one.found(lexicon.LOSES_NOTHING):
        yield one.says(Kind.NO_LOSS, clause, denied=said in _UNWANTED)
    for _, said, clause in one.found(lexicon.LOSS):
        if said is Stance.FORBIDDEN:
            yield one.says(Kind.NO_LOSS, clause)
    if lexicon.WHOLE.search(one.text) and topology.reach(one.text) is Scope.SERVICES:
        yield one.says(Kind.WHOLE, one.text)
    for kind, pattern in _PLAINLY:
        for match, said, clause in one.found(pattern):
            if kind is Kind.SINGLE_COPY and _ONE_THAT_FAILS.search(one.text[: match.start()]):
                continue
            if kind is Kind.WHOLE_CAP and (lexicon.ONLY_TWO.search(one.text) or lexicon.WEAK.search(one.text)):
                continue
            unwanted = said is Stance.WAIVED or (said is Stance.FORBIDDEN and kind is not Kind.LOST_PLACE)
            yield one.says(kind, clause, denied=unwanted)
