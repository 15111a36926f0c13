"""How numbers are written in a document: one way for each kind, the same on every machine."""

from __future__ import annotations

import math


def whole(value: float) -> str:
    """Return a number with thousands separators and no more decimals than it needs (at most four digits that count)."""
    if value == int(value):
        return f"{int(value):,}"
    if abs(value) >= 100:
        return f"{value:,.0f}"
    digits = max(0, 2 - math.floor(math.log10(abs(value))))
    return f"{value:,.{digits}f}".rstrip("0").rstrip(".")


def time_shown(seconds: float) -> str:
    """Return a time in the largest unit that it fills exactly, or at least ten times; else in seconds or below."""
    for unit, length in (("days", 86_400.0), ("h", 3_600.0), ("min", 60.0)):
        if seconds >= 10 * length or (seconds >= length and seconds % length == 0):
            return f"{whole(seconds / length)} {unit}"
    if seconds >= 1 or seconds == 0:
        return f"{whole(seconds)} s"
    if seconds >= 0.001:
        return f"{whole(seconds * 1_000)} ms"
    return f"{whole(seconds * 1_000_000)} \u00b5s"


def size_shown(count: float) -> str:
    """Return bytes in decimal units."""
    for unit, length in (("PB", 1e15), ("TB", 1e12), ("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if count >= length:
            return f"{whole(count / length)} {unit}"
    return f"{whole(count)} bytes"


def share_shown(percent: float) -> str:
    """Return a share with as many nines as it has."""
    return f"{percent:.6f}".rstrip("0").rstrip(".") + " %"
