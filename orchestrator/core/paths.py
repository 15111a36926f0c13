"""Step paths: a step's name within the loops, tries and races around it, as in `lines/3/price-line`."""

from __future__ import annotations

from collections.abc import Iterator

CATCH = "catch"
"""The part of a try that handles its error; every other part is a number."""


def name_of(path: str) -> str:
    """Return the name of the node that a path leads to; a part of a scope, such as `lines/3`, has a number's."""
    return path.rsplit("/", 1)[-1] if "/" in path else path


def prefix_of(path: str) -> str:
    """Return what stands before the name: empty, or ending in '/'."""
    return path[: path.rfind("/") + 1] if "/" in path else ""


def enclosing(path: str) -> Iterator[tuple[str, str]]:
    """Yield the scopes around a path, innermost first, each with the part of it that the path is in."""
    end = path.rfind("/")
    while end != -1:
        scope, _, part = path[:end].rpartition("/")
        yield scope, part
        end = scope.rfind("/")


def part_of(scope: str, part: int | str) -> str:
    """Return the path of one part of a scope."""
    return f"{scope}/{part}"
