"""What the state tells of the parts of a scope: iterations, branches, attempts."""

from __future__ import annotations

from orchestrator.core.definition import Loop, Race
from orchestrator.core.state import ITEMS, State


def parts_of(state: State, scope: str) -> tuple[set[str], set[str]]:
    """Return the parts that have begun, and those of them that have ended, well or not."""
    begun: set[str] = set()
    settled: set[str] = set()
    inside = scope + "/"
    start = len(inside)
    for path in state.steps:
        if path.startswith(inside):
            end = path.find("/", start)
            if end < 0:
                settled.add(path[start:])
            else:
                begun.add(path[start:end])
    return begun | settled, settled


def count_of(state: State, scope: str, node: Loop | Race) -> int:
    """Return how many parts a loop or a race has altogether."""
    if isinstance(node, Race):
        return len(node.entries)
    return len(state.outputs.get(scope + ITEMS, ()))


def is_unwinding(state: State, scope: str) -> bool:
    """Tell whether what some part of the scope did is still being undone, or within one of them."""
    inside = scope + "/"
    return any(part.startswith(inside) for part in state.unwinding)
