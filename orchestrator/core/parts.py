"""What the state tells of the parts of a scope: iterations, branches, attempts.

Parts begin in the order of their numbers. Those that a loop or a race begins anew for a person go on counting behind
the others: part n of a scope that has m of them is always about item or branch n % m.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from orchestrator.core.definition import Loop, Race
from orchestrator.core.paths import part_of
from orchestrator.core.state import ITEMS, Parts, State, StepState, StepStatus

NO_PARTS = Parts()


def _place(path: str) -> tuple[str, str, bool]:
    """Return the scope and the part that a path is in, and whether it is the part's own, which has it once it ends."""
    is_end = path.count("/") % 2 == 1
    scope, _, part = (path if is_end else path[: path.rfind("/")]).rpartition("/")
    return scope, part, is_end


def counted(parts: Mapping[str, Parts], steps: Mapping[str, StepState]) -> Mapping[str, Parts]:
    """Return the counts with the last one of the steps, which is new."""
    path: str = next(reversed(steps))  # type: ignore[arg-type]  # steps are in dicts, and these have an order
    if "/" not in path:
        return parts
    scope, part, is_end = _place(path)
    if not part.isdecimal():
        return parts
    last, running, won = parts.get(scope, NO_PARTS)
    number = int(part)
    if number > last:
        last, running = number, running + 1
    elif not is_end:
        return parts
    if is_end:
        running -= 1
        won = path if won is None and steps[path].status is StepStatus.COMPLETED else won
    return {**parts, scope: Parts(last, running, won)}


def counts_of(steps: Mapping[str, StepState]) -> Mapping[str, Parts]:
    """Return the counts of steps that were kept without them: a saga's record has no room for what follows from it."""
    begun: dict[str, set[int]] = {}
    ended: dict[str, int] = {}
    won: dict[str, str] = {}
    for path, step in steps.items():
        scope, part, is_end = _place(path) if "/" in path else ("", "", False)
        if part.isdecimal():
            begun.setdefault(scope, set()).add(int(part))
            ended[scope] = ended.get(scope, 0) + is_end
            if is_end and step.status is StepStatus.COMPLETED:
                won.setdefault(scope, path)
    return {scope: Parts(max(all_), len(all_) - ended[scope], won.get(scope)) for scope, all_ in begun.items()}


def parts_of(state: State, scope: str) -> tuple[set[str], set[str]]:
    """Return the parts that have begun, and those of them that have ended, well or not: goes through all steps."""
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
    """Return how many items or branches a loop or a race has altogether."""
    if isinstance(node, Race):
        return len(node.entries)
    return len(state.outputs.get(scope + ITEMS, ()))


def ahead_of(state: State, scope: str, count: int) -> Sequence[int]:
    """Return the parts of a loop or a race that have not begun in its current round, next first."""
    last, number = state.parts.get(scope, NO_PARTS).last, state.steps[scope].attempt
    return range(last + 1, count) if number == 0 else [n for n in missing(state, scope, count, number) if n > last]


def missing(state: State, scope: str, count: int, number: int) -> list[int]:
    """Return the parts of a round, counted from 0, whose items or branches have no result."""
    there = [result_of(state, scope, index, count) for index in range(count)]
    return [number * count + index for index, path in enumerate(there) if path is None]


def result_of(state: State, scope: str, index: int, count: int) -> str | None:
    """Return the path of the result of an item or a branch, from whichever round; None where it has none."""
    for part in range(index, state.parts.get(scope, NO_PARTS).last + 1, count):
        path = part_of(scope, part)
        if path in state.outputs:
            return path
    return None


def is_unwinding(state: State, scope: str) -> bool:
    """Tell whether what some part of the scope did is still being undone, or within one of them."""
    inside = scope + "/"
    return any(part.startswith(inside) for part in state.unwinding)
