"""Finds what looks like the number of a payment card in a text: it may never get further than the edge."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

_CANDIDATE = re.compile(r"(?<![0-9A-Za-z])(?:2[2-7]|[3-6][0-9])(?:[\s.-]{0,3}[0-9]){12,17}(?![0-9A-Za-z])")
"""14 to 19 digits, alone or in groups, that begin as a card's do. 13 digits are a bar code, and 20... is a date."""
SHORTEST = 14
"""Characters of the shortest text that can hold one."""
_NOT_DIGITS = re.compile(r"[^0-9]")


def holds_card_number(text: str) -> bool:
    """Tell whether a part of the text has the shape and the check digit of a card number."""
    if len(text) < SHORTEST:
        return False
    plain = text if text.isascii() else "".join(map(_plain, text))
    return any(_checks(_NOT_DIGITS.sub("", found[0])) for found in _CANDIDATE.finditer(plain))


@lru_cache(maxsize=1_024)
def _plain(character: str) -> str:
    """Return a digit or a dash of any script as one of ASCII; of what nobody sees, nothing."""
    if character.isdecimal():
        return str(unicodedata.decimal(character))
    category = unicodedata.category(character)
    return "-" if category == "Pd" else "" if category == "Cf" else character


def _checks(digits: str) -> bool:
    """Apply Luhn's formula: every second digit from the right counts double, and the sum ends in 0."""
    doubled = [sum(divmod(2 * int(digit), 10)) for digit in digits[-2::-2]]
    return (sum(map(int, digits[-1::-2])) + sum(doubled)) % 10 == 0
