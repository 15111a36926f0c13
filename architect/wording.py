"""Phrases to look for, one a line, as one pattern."""

from __future__ import annotations

import re


def any_of(phrases: str) -> re.Pattern[str]:
    """Return a pattern that finds any of the phrases as whole words, in any case.

    Each line is a regular expression in which a blank stands for white space of any length, and a
    blank with a question mark for white space or none.
    """
    lines = [line.strip().replace(" ?", r"\s*").replace(" ", r"\s+") for line in phrases.splitlines() if line.strip()]
    return re.compile(rf"(?<!\w)(?:{'|'.join(lines)})(?!\w)", re.IGNORECASE)
