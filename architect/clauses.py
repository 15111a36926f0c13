"""Text as it is read: cleaned once, cut into clauses, quoted without anything a document would take for markup."""

from __future__ import annotations

import re
import textwrap
import unicodedata
from collections.abc import Iterator

LONGEST = 400
"""Characters of one clause; what is longer is read in parts."""
_DASHES = re.compile("[\u2010\u2011\u2012\u2013\u2014\u2015\u2212]")
_BARE_FRACTION = re.compile(r"(?<![\w.])\.(?=\d)")
_BLANKS = re.compile(r"[^\S\n]+")
_MARKUP = str.maketrans({"`": "'", "*": None, "{": "(", "}": ")", "\u201c": "'", "\u201d": "'", "|": "/", "\\": "/"})
_UNDERSCORES = re.compile("_{2,}")
_TAG = re.compile(r"<(?=[A-Za-z/!?])")
_EDGES = " \t,;:.!?-"

# A comma or full stop inside a number ends nothing, nor does the one of an abbreviation.
_END = re.compile(r"[;\n!?()\[\]]|(?<!\d),|,(?!\d{3}(?!\d))|\.(?=\s|$)")
_ABBREVIATION = re.compile(r"\b(e\.g|i\.e|etc|approx|max|min|incl|vs|no)\.", re.IGNORECASE)
_JOINT = re.compile(r"\s+(?:and|with|but|while|plus|yet|whereas)\s+", re.IGNORECASE)


def clean(text: str) -> str:
    """Return the text in one normal form of its characters: plain dashes, single blanks, nothing unprintable."""
    text = unicodedata.normalize("NFKC", text).replace("\r\n", "\n").replace("\u2019", "'")
    text = _BARE_FRACTION.sub("0.", _DASHES.sub("-", text))
    text = "".join(letter if letter == "\n" or letter.isprintable() else " " for letter in text)
    return _BLANKS.sub(" ", text)


def plain(text: str) -> str:
    """Return words of the input in one line, with nothing that Markdown would act on or that reads as code."""
    line = " ".join(text.translate(_MARKUP).split()).replace("->", "\u2192").replace("=>", "\u2192")
    line = _TAG.sub("\u2039", line).replace("](", "] (")
    return _UNDERSCORES.sub("_", line).strip()


def quoted(text: str) -> str:
    """Return words of the input in one line and in quotation marks."""
    return f"\u201c{plain(text)}\u201d"


def clauses(text: str) -> Iterator[str]:
    """Yield the clauses of cleaned text; two figures joined by `and` or `with` are two clauses."""
    text = _ABBREVIATION.sub(lambda match: match.group(1), text)
    for piece in _END.split(text):
        for part in textwrap.wrap(piece, LONGEST, break_long_words=True, break_on_hyphens=False):
            yield from _parted(part)


def _parted(piece: str) -> Iterator[str]:
    start = 0
    for joint in _JOINT.finditer(piece):
        left, right = piece[start : joint.start()], piece[joint.end() :]
        if _has_figure(left) and _has_figure(right):
            if found := left.strip(_EDGES):
                yield found
            start = joint.end()
    if found := piece[start:].strip(_EDGES):
        yield found


def _has_figure(text: str) -> bool:
    return any(letter.isdigit() for letter in text)
