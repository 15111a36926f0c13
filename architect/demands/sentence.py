"""One sentence, ready to be read: its clauses, what is said of links and places, and which parts are spoken for."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from architect.demands import loss_words, service_words, state_words, time_words, topology
from architect.demands.demand import Demand, Kind, Scope
from architect.demands.figures import limits
from architect.demands.normal import clause_around, taken_apart
from architect.demands.stance import Span, Stance, stance, verdicts_in

UNWANTED = frozenset({Stance.FORBIDDEN, Stance.WAIVED})
_BAD = frozenset(
    {
        state_words.STALE, service_words.DOWN, service_words.REFUSED, service_words.HINDERED, time_words.DELAY,
        time_words.BLOCKED, loss_words.LOSS, loss_words.RECOVERY_TIME,
    }
)  # fmt: skip
"""Words for what nobody wants, so that harm done to it means nothing."""
_SPOKEN_FOR = (
    state_words.STRONG_TERM, state_words.CONSISTENT, state_words.STALE, state_words.NO_LIMIT_OF_FAULTS,
    state_words.WHOLE_CAP, service_words.UP, service_words.GOES_ON, service_words.DOWN, time_words.DELAY,
    time_words.SWIFT, time_words.NON_BLOCKING, loss_words.LOSES_NOTHING, loss_words.UNSAFE_ACK,
    loss_words.SINGLE_COPY, loss_words.INSTANT_RECOVERY,
)  # fmt: skip
"""Words that a denial before them is about, and no other after them."""


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence in normal form and as it was written.

    `cut`: it speaks of a network partition. `places`: the parts that tell of a lost place or machine. A denial inside
    `spoken_for` or `context` belongs to that part.
    """

    text: str
    raw: str
    cut: bool
    spoken_for: tuple[Span, ...]
    context: tuple[Span, ...]
    places: tuple[Span, ...]
    _reaches: dict[str, Scope] = field(default_factory=dict)
    _limits: dict[str, tuple[float, ...]] = field(default_factory=dict)

    @property
    def lost(self) -> bool:
        """Whether it speaks of the loss of a place or a machine."""
        return bool(self.places)

    def clause(self, start: int, end: int) -> str:
        """Return the clause that holds a part."""
        first, last = clause_around(self.text, start, end)
        return self.text[first:last]

    def found(self, pattern: re.Pattern[str]) -> Iterator[tuple[re.Match[str], Stance, str]]:
        """Yield each match with the stance of the sentence to it, and its clause."""
        for match in pattern.finditer(self.text):
            said = stance(self.text, *match.span(), self.spoken_for, self.context, bad=pattern in _BAD)
            yield match, said, self.clause(*match.span())

    def reach(self, clause: str) -> Scope:
        """Return over what a clause says that its demand reaches."""
        if clause not in self._reaches:
            self._reaches[clause] = topology.reach(clause)
        return self._reaches[clause]

    def limits(self, clause: str) -> tuple[float, ...]:
        """Return the limits on latency in figures that a clause sets, in seconds."""
        if clause not in self._limits:
            self._limits[clause] = tuple(limits(clause))
        return self._limits[clause]

    def says(
        self, kind: Kind, clause: str, *, denied: bool = False, bound_s: float | None = None, vague: bool = False
    ) -> Demand:
        """Return a demand of this sentence; where its clause is silent about its reach, the sentence is asked."""
        scope = self.reach(clause)
        if scope is Scope.UNSAID:
            scope = self.reach(self.text)
        return Demand(kind, self.raw, scope, bound_s, vague, self.cut, bool(self.places), denied)


def prepared(raw: str) -> Sentence:
    """Return a sentence ready to be read."""
    text = taken_apart(raw)
    cuts = _spans(text, topology.CUT)
    places = _spans(text, topology.LOST_PLACE)
    spoken_for = tuple(span for pattern in _SPOKEN_FOR for span in _spans(text, pattern))
    return Sentence(text, raw, bool(cuts), spoken_for, (*cuts, *places, *verdicts_in(text)), places)


def _spans(text: str, pattern: re.Pattern[str]) -> tuple[Span, ...]:
    return tuple(match.span() for match in pattern.finditer(text))
