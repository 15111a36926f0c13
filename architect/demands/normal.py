"""Text as the readers of demands take it: lower case, joined words taken apart, cut into sentences and clauses."""

from __future__ import annotations

import re
from collections.abc import Iterator

from architect.demands.rewording import reworded

LONGEST_SENTENCE = 600
"""Characters of one sentence; what is longer is read in parts."""
_ASIDE = re.compile(r",\s*((?:across|between|in|within|over|for|on|at)\b[^,.;:]{0,60}),")
_JOINED = re.compile(r"(?<=[a-z])[-_/](?=[a-z0-9])|(?<=[0-9])-(?=[a-z])")
_DASH = re.compile(r"(?<=\s)-+(?=\s)")
_ENDS = re.compile(r"[;!?\n]|\.(?=\s|$)")
_LABEL = re.compile(r":(?!\s*(?:none|zero|nil|0|no|nothing)\b)")
_CLAUSE_ENDS = re.compile(r"[,()&]|\b(?:but|however|although|though|whereas|yet|so|because|since|therefore|hence)\b")


def sentences(text: str) -> Iterator[str]:
    """Yield the sentences of cleaned text in lower case; a label (`Latency: zero`) stays with what follows it."""
    lowered = reworded(_DASH.sub(",", text.lower()))
    for piece in _ENDS.split(_ASIDE.sub(r" \1  ", lowered)):
        for part in _labelled(piece):
            for start in range(0, len(part), LONGEST_SENTENCE):
                if found := part[start : start + LONGEST_SENTENCE].strip():
                    yield found


def taken_apart(sentence: str) -> str:
    """Return a sentence of the same length with words joined by `-`, `_` or `/` taken apart."""
    return _JOINED.sub(" ", sentence).replace('"', " ")


def clause_around(sentence: str, start: int, end: int) -> tuple[int, int]:
    """Return where the clause begins and ends that holds the given part of a sentence."""
    first = max((match.end() for match in _CLAUSE_ENDS.finditer(sentence, 0, start)), default=0)
    last = _CLAUSE_ENDS.search(sentence, end)
    return first, last.start() if last else len(sentence)


def _labelled(piece: str) -> Iterator[str]:
    """Yield a piece cut at the colons that end more than a label of three words."""
    start = 0
    for colon in _LABEL.finditer(piece):
        if len(piece[start : colon.start()].split()) > 3:
            yield piece[start : colon.start()]
            start = colon.end()
    yield piece[start:]
