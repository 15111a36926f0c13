"""A design document: sections of bullets, as Markdown or as data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from architect.emphasis import emphasised


@dataclass(frozen=True, slots=True)
class Section:
    """A heading of a level (1 to 3) and the bullets under it, without their marks."""

    level: int
    heading: str
    bullets: tuple[str, ...] = ()


def section(level: int, heading: str, *bullets: str) -> Section:
    """Return a section with its bullets in one line each and the words to look for in bold."""
    return Section(level, heading, tuple(emphasised(" ".join(bullet.split())) for bullet in bullets))


def markdown(sections: Sequence[Section]) -> str:
    """Return the document as Markdown that ends with a line feed."""
    blocks: list[str] = []
    for one in sections:
        blocks.append(f"{'#' * one.level} {one.heading}")
        if one.bullets:
            blocks.append("\n".join(f"- {bullet}" for bullet in one.bullets))
    return "\n\n".join(blocks) + "\n"
