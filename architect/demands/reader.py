"""Free text read into demands: each sentence by the families of words in it and by how it stands to them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from architect.demands import loss_words, state_words, time_words, topology
from architect.demands.demand import Demand, Kind, Scope
from architect.demands.normal import sentences, taken_apart
from architect.demands.sentence import Sentence, prepared
from architect.demands.speed import ROUND_TRIPS_S, swift, together, waiting
from architect.demands.stance import Stance
from architect.demands.steadiness import available, eventual, state, strong, unavailable, unhindered

_JUST_DENIED = re.compile(r"\b(?:no|not|without|zero|never)\s+(?:\w+\s+)?$")
_ONE_THAT_FAILS = re.compile(
    r"\b(?:loss|failure|crash|death|outage|lose|losing|kill\w*|tolerat\w+|surviv\w+)(?: of)?(?: an?| any| the)?\s*$"
)
_MEANWHILE = re.compile(
    r"\b(?:during (?:them|it|those|these|that|this|such \w+)|(?:in the )?meanwhile|in the meantime"
    r"|in (?:that|this|such a) case|when (?:it|that|this) happens|while (?:it|they|that|this) lasts?|even then)\b"
)


def demands_in(text: str) -> tuple[Demand, ...]:
    """Return every demand of cleaned text, sentence by sentence."""
    return tuple(demand for sentence in _resolved(text) for demand in _of_sentence(sentence)) + tuple(_two_places(text))


def _resolved(text: str) -> Iterator[str]:
    """Yield the sentences; where one says `meanwhile` of a partition in the one before, it says so itself."""
    was_cut = False
    for sentence in sentences(text):
        resolved = _MEANWHILE.sub("during a partition", sentence) if was_cut else sentence
        was_cut = topology.CUT.search(taken_apart(resolved)) is not None
        yield resolved


def _of_sentence(raw: str) -> Iterator[Demand]:
    one = prepared(raw)
    for read in _READERS:
        yield from read(one)


def _within_limits(one: Sentence) -> Iterator[Demand]:
    """Yield the limits in figures, and what they say beside a lost place or several places that change together."""
    bounds = one.limits(one.raw)
    if any(bound < ROUND_TRIPS_S for bound in bounds):
        yield from together(one, one.text)
    if one.lost and 0 in bounds:
        yield one.says(Kind.INSTANT_RECOVERY, one.text)
    for bound in bounds:
        yield one.says(Kind.PATIENT if bound >= ROUND_TRIPS_S else Kind.SWIFT, one.text, bound_s=bound)


def _topology(one: Sentence) -> Iterator[Demand]:
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


def _is_denied(one: Sentence, match: re.Match[str], said: Stance) -> bool:
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


_PLAINLY = (
    (Kind.UNSAFE_ACK, loss_words.UNSAFE_ACK),
    (Kind.UNSAFE_ACK, loss_words.LOCAL_ACK),
    (Kind.SAFE_ACK, loss_words.SAFE_ACK),
    (Kind.LATE_COPY, loss_words.LATE_COPY),
    (Kind.ALL_COPIES, loss_words.ALL_COPIES),
    (Kind.SINGLE_COPY, loss_words.SINGLE_COPY),
    (Kind.INSTANT_RECOVERY, loss_words.INSTANT_RECOVERY),
    (Kind.LOST_PLACE, topology.LOST_PLACE),
    (Kind.AGREEMENT, state_words.AGREEMENT),
    (Kind.NO_LIMIT_OF_FAULTS, state_words.NO_LIMIT_OF_FAULTS),
    (Kind.WHOLE_CAP, state_words.WHOLE_CAP),
)


_WITH_THEIR_OWN_NO = frozenset({Kind.LOST_PLACE, Kind.INSTANT_RECOVERY, Kind.LATE_COPY})


def _durable(one: Sentence) -> Iterator[Demand]:
    for _, said, clause in one.found(loss_words.LOSES_NOTHING):
        yield one.says(Kind.NO_LOSS, clause, denied=said is Stance.WAIVED)
    for _, said, clause in one.found(loss_words.LOSS):
        if said is Stance.FORBIDDEN:
            yield one.says(Kind.NO_LOSS, clause)
    for _, said, clause in one.found(loss_words.RECOVERY_TIME):
        if said is Stance.FORBIDDEN:
            yield one.says(Kind.INSTANT_RECOVERY, clause)
    if time_words.WHOLE.search(one.text) and one.reach(one.text) is Scope.SERVICES:
        yield one.says(Kind.WHOLE, one.text)


def _plainly(one: Sentence) -> Iterator[Demand]:
    """Yield what needs no more than its words: acknowledgements, copies, what may fail, who agrees."""
    for kind, pattern in _PLAINLY:
        for match, said, clause in one.found(pattern):
            if kind is Kind.SINGLE_COPY and _ONE_THAT_FAILS.search(one.text[: match.start()]):
                continue
            if kind is Kind.WHOLE_CAP and (state_words.ONLY_TWO.search(one.text) or state_words.WEAK.search(one.text)):
                continue
            unwanted = said is Stance.WAIVED or (said is Stance.FORBIDDEN and kind not in _WITH_THEIR_OWN_NO)
            yield one.says(kind, clause, denied=unwanted)


_READERS = (
    _topology, strong, state, eventual, available, unavailable, unhindered, swift, waiting, _durable, _plainly,
    _within_limits,
)  # fmt: skip
