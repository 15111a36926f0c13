"""Turns of phrase and the plain words that mean the same, so that the tables of words need not know each turn."""

# ruff: noqa: E501 - a phrase is one line, however long

from __future__ import annotations

import re

from architect.wording import any_of

_TURNS: tuple[tuple[re.Pattern[str], str], ...] = (
    (any_of("w/o"), "without"),
    (re.compile(r"\bw/(?=\s)"), "with"),
    (re.compile(r"'d like\b"), " want"),
    (re.compile(r",? full stop\b"), ""),
    (re.compile(r"\(([\w%][\w %.-]{0,20})\)"), r" \1 "),
    (re.compile(r"(?<![a-z])'|'(?![a-z])"), " "),
    (
        any_of(r"""
            under no circumstances?|at no (?:time|point|moment|instant)|in no (?:case|event)|by no means|on no account|not ever|not once
        """),
        "never",
    ),
    (
        any_of(r"""
            there (?:can |may |must |shall |should |is to |are to |will |cannot )?(?:be|is|are|exists?) (?:no|never an?|not an?|not one)\b[^.;]{1,40}?\b(?:in which|where|when|at which|during which|that|on which|whose)
        """),
        "never",
    ),
    (
        any_of(r"""
            it (?:is|would be|must be|has to be|shall be) (?:\w+ ){0,2}?(?:unacceptable|forbidden|not acceptable|out of the question|impossible|intolerable|inadmissible|not allowed|not permitted|prohibited|not ok|no option|not an option) (?:that|for|if|when|to|ever to)
            it (?:must|shall|should|may|can|will) (?:not|never) be (?:possible|allowed|permitted|tolerated) (?:that|for|to)
            it (?:must|may|shall|should|can|will) (?:never|not) (?:ever )?(?:happen|occur|be the case|come to pass|be so) that
        """),
        "never may",
    ),
    (any_of("nor that"), ", never may"),
    (any_of("(?:regardless|irrespective|independent(?:ly)?) of|in spite of|despite|notwithstanding"), "even with"),
    (any_of("fail(?:s|ed)? to"), "not"),
)


def reworded(lowered: str) -> str:
    """Return lower-case text with its turns of phrase in plain words."""
    for turn, plainly in _TURNS:
        lowered = turn.sub(plainly, lowered)
    return lowered
