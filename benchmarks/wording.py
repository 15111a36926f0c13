"""How figures are put into words, the same in every benchmark."""

from __future__ import annotations

from benchmarks.figures import Threshold

DISTURBED = 0.1
"""Figures taken while others had more of the machine than this share are marked."""


def number(value: float | None, digits: int) -> str:
    """Return a number with so many digits after the point, a dash where nothing was measured."""
    return "-" if value is None else f"{value:.{digits}f}"


def disturbed(strangers: float) -> str:
    """Return what is said of figures of which others had that share of the machine."""
    return f"disturbed: other programs took {strangers:.0%} of the machine meanwhile"


def verdict(threshold: Threshold) -> str:
    """Return a line about a demand: met, or not, or not measured."""
    sign = "<" if threshold.at_most else ">="
    if threshold.met is None:
        return f"  not measured  {threshold.name} {sign} {threshold.limit:g}"
    word = "met" if threshold.met else "NOT MET"
    return f"  {word:<13} {threshold.name} {sign} {threshold.limit:g}: {threshold.measured:.3g}"
