"""Many sagas of one definition on one lock manager, in an order drawn from a seed: do they all come to their end?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from random import Random
from typing import Any

from orchestrator.definitions.checks.locks import locks_of
from orchestrator.definitions.outline import Block, Outline, Task, following

Way = Iterator["str | list[Way] | None"]
"""What one line of work of a saga asks for next: a lock, branches to run at once, or nothing but a turn."""


@dataclass
class Saga:
    """One saga: the locks it holds, how often each, and its lines of work, each with what it waits for."""

    held: Counter[str] = field(default_factory=Counter)
    lines: list[Line] = field(default_factory=list)


@dataclass
class Line:
    """One line of work: where it is, what it asked for, and the lines that it waits for."""

    way: Way
    wants: str | None = None
    below: list[Line] = field(default_factory=list)
    done: bool = False


def deadlocked(outline: Outline, sagas: int, chance: Random, *, to_the_end: bool) -> bool:
    """Run sagas until all have ended or none can go on. Locks are held for the step, or to the end of the saga."""
    running = [Saga() for _ in range(sagas)]
    for saga in running:
        saga.lines.append(Line(_walk(outline.tasks, saga, chance, to_the_end)))
    while running:
        owners = {lock: saga for saga in running for lock, times in saga.held.items() if times}
        free = [
            (saga, line)
            for saga in running
            for line in saga.lines
            if not line.done
            and all(one.done for one in line.below)
            and (line.wants is None or owners.get(line.wants, saga) is saga)
        ]
        if not free:
            return True
        saga, line = chance.choice(free)
        _go_on(saga, line)
        running = [one for one in running if not all(line.done for line in one.lines)]
    return False


def _go_on(saga: Saga, line: Line) -> None:
    if line.wants is not None:
        saga.held[line.wants] += 1
        line.wants = None
    try:
        asked: Any = next(line.way)
    except StopIteration:
        line.done = True
        return
    if isinstance(asked, list):
        line.below = [Line(way) for way in asked]
        saga.lines += line.below
    else:
        line.wants = asked


def _walk(block: Block, saga: Saga, chance: Random, to_the_end: bool) -> Way:
    names = [task.name for task in block.tasks]
    at: str | None = names[0] if names else None
    while at in names:
        index = names.index(at)
        yield from _task(block.tasks[index], saga, chance, to_the_end)
        at = chance.choice(following(block, index))


def _task(task: Task, saga: Saga, chance: Random, to_the_end: bool) -> Way:
    taken = locks_of(task)
    yield from taken
    yield None
    if not to_the_end:
        saga.held.subtract(taken)
    if task.kind == "fork":
        yield [_walk(block, saga, chance, to_the_end) for block in task.blocks]
        return
    for block in task.blocks:
        yield from _walk(block, saga, chance, to_the_end)
