"""Whether a text denies what it names: `no X`, `X is not needed`, `instead of X`; `never give up X` does not."""

# ruff: noqa: E501 - a phrase is one line, however long

from __future__ import annotations

import re
from collections.abc import Sequence

from architect.wording import any_of

_SENTENCE_END = re.compile(r"[;:!?\n]|\.(?=\s|$)|\b(?:but|however|although|while|whereas|yet|though)\b")
_NEXT_THOUGHT = re.compile(r"[,;.!?\n]|\band\b")
_DENIER = any_of(r"""
    (?:no|not|never|without|neither|nor|cannot|unlike|unnecessary|forgo)(?! (?:only|just|merely|exception|question|matter|later|(?:longer|more|less) than))
    isn't|aren't|don't|doesn't|needn't|won't
    drop(?:ped|ping)?
    avoid(?:ed|ing)?
    waive[ds]?|waiving
    relax(?:ed|ing)?
    skip(?:ped|ping)?
    sacrific\w+
    giv\w+ up|gave up
    reject(?:ed|ing)?
    exclud\w+
    abandon(?:ed|ing)?
    rule[ds]? out|ruling out
    instead of
    rather than
""")
_KEEPS = any_of(r"""
    (?:no|not|never|without|cannot|can't|must not|don't|doesn't)\b[^.;,]{0,25}\b(?:sacrific|relax|compromis|weaken|los[ei]|drop|trad|violat|break|degrad|reduc|waiv|avoid|skip|hurt|reject|abandon)\w*
    (?:no|not|never|without|cannot|can't|must not|don't|doesn't)\b[^.;,]{0,25}\bgiv\w* up
""")
_NOT_NEEDED = any_of(r"""
    (?:not|isn't|aren't|wasn't) (?:\w+ )?(?:needed|required|necessary|demanded|expected|wanted|mandatory|critical|important|essential|in scope)
    (?:not|isn't|aren't|wasn't) (?:\w+ )?an? (?:goal|requirement|must|need|concern)
    unnecessary|optional|irrelevant|overkill|waived
    out of scope
    off the table
    ruled out|rejected|excluded
    an? non-?goal
    (?:can|may|could) be (?:relaxed|waived|dropped|given up|sacrificed)
""")
_OTHER_SUBJECT = re.compile(r",(?!\s*(?:which|though|but|and|it)\b)|\b(?:because|since|even)\b")
_REACH_CHARACTERS = 70
_REACH_WORDS = 7


def denied(text: str, start: int, end: int, taken: Sequence[tuple[int, int]]) -> bool:
    """Tell whether lower-case text denies its part from `start` to `end`.

    A word of denial inside one of the `taken` parts belongs to that part: the `no` of "no added latency" denies nothing.
    """
    return _denied_before(text, start, taken) or _denied_after(text[end:])


def _denied_before(text: str, start: int, taken: Sequence[tuple[int, int]]) -> bool:
    window_start = max(0, start - _REACH_CHARACTERS)
    for sentence_end in _SENTENCE_END.finditer(text, window_start, start):
        window_start = sentence_end.end()
    window = text[window_start:start]
    if _KEEPS.search(window):
        return False
    for match in _DENIER.finditer(window):
        at = window_start + match.start()
        between = window[match.end() :]
        if any(taken_start <= at < taken_end for taken_start, taken_end in taken):
            continue
        if not _NEXT_THOUGHT.search(between) and len(between.split()) <= _REACH_WORDS:
            return True
    return False


def _denied_after(rest: str) -> bool:
    sentence = re.split(r"[.;:!?\n]", rest, maxsplit=1)[0][: _REACH_CHARACTERS + 20]
    match = _NOT_NEEDED.search(sentence)
    return (
        match is not None
        and match.start() <= _REACH_CHARACTERS
        and not _OTHER_SUBJECT.search(sentence[: match.start()])
    )
