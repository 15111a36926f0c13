"""Text as the readers of demands take it: lower case, joined words taken apart, cut into sentences and clauses."""

from __future__ import annotations

import re
from collections.abc import Iterator

LONGEST_SENTENCE = 600
"""Characters of one sentence; what is longer is read in parts."""
_ASIDE = re.compile(r",\s*((?:across|between|in|within|over|for|on|at)\b[^,.;:]{0,60}),")
_JOINED = re.compile(r"(?<=[a-z])[-_/](?=[a-z0-9])|(?<=[0-9])-(?=[a-z])")
_DASH = re.compile(r"(?<=\s)-+(?=\s)")
_REWORDED: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"\bw/o\b"), "without"),
    (re.compile(r"\bw/(?=\s)"), "with"),
    (
        re.compile(
            r"\b(?:under no circumstances?|at no (?:time|point|moment|instant)|in no (?:case|event)|by no means|on no account|not ever|not once)\b"
        ),
        "never",
    ),
    (
        re.compile(
            r"\bthere (?:can |may |must |shall |should |is to |are to |will |cannot )?(?:be|is|are|exist|exists) (?:no|never an?|not an?|not one)\b[^.;]{1,40}?\b(?:in which|where|when|at which|during which|that|on which|whose)\b"
        ),
        "never",
    ),
    (
        re.compile(
            r"\bit (?:is|would be|must be|has to be|shall be) (?:\w+ ){0,2}?(?:unacceptable|forbidden|not acceptable|out of the question|impossible|intolerable|inadmissible|not allowed|not permitted|prohibited|not ok|no option|not an option) (?:that|for|if|when|to|ever to)\b"
        ),
        "never may",
    ),
    (
        re.compile(
            r"\b(?:regardless|irrespective|independent(?:ly)?) of\b|\bin spite of\b|\bdespite\b|\bnotwithstanding\b"
        ),
        "even with",
    ),
    (
        re.compile(
            r"\bit (?:must|shall|should|may|can|will) (?:not|never) be (?:possible|allowed|permitted|tolerated) (?:that|for|to)\b"
        ),
        "never may",
    ),
    (re.compile(r"\bnor that\b"), ", never may"),
    (re.compile(r"\bfail(?:s|ed)? to\b"), "not"),
    (re.compile(r"(?<![a-z])'|'(?![a-z])"), " "),
)
"""Turns of phrase, each with the plain words that mean the same."""
_ENDS = re.compile(r"[;!?\n]|\.(?=\s|$)")
_LABEL = re.compile(r":(?!\s*(?:none|zero|nil|0|no|nothing)\b)")
_CLAUSE_ENDS = re.compile(r"[,()&]|\b(?:but|however|although|though|whereas|yet|so|because|since|therefore|hence)\b")


def sentences(text: str) -> Iterator[str]:
    """Yield the sentences of cleaned text in lower case; a label (`Latency: zero`) stays with what follows it."""
    lowered = _DASH.sub(",", text.lower().replace("'d like", " want"))
    for turn, plainly in _REWORDED:
        lowered = turn.sub(plainly, lowered)
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
