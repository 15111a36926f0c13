"""Locks: all ways through the document take them in one order, so that no two sagas can wait for each other.

A lock counts as held from the step that takes it to the end of the saga, which is the longest it may be held; the order
within one step counts in any case, for locks that are given back at its end. What is accepted is safe either way.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import NamedTuple

from orchestrator.definitions.findings import Finding
from orchestrator.definitions.outline import Block, Outline, Task, following


class Edge(NamedTuple):
    """A step that takes `second` while `first` is held; `holder` is the step that took `first`."""

    first: str
    second: str
    step: str
    where: str
    holder: str


class Taking(NamedTuple):
    """A step takes a lock; `held` is what the saga then holds for certain, that lock included."""

    lock: str
    task: Task
    held: frozenset[str]


Ways = dict[frozenset[str], Mapping[str, str]]
"""The sets of locks that may be held somewhere, each lock with the step that took it: one set for each way there."""

MOST_WAYS = 256
"""Sets of locks told apart at one task: where there are more, they are taken in too many ways to be judged."""


class TooManyWays(Exception):
    """The ways through a document hold more different sets of locks than are told apart."""


def _twice(outline: Outline) -> Iterator[Finding]:
    for task in outline.tasks.every():
        locks = task.body.get("locks")
        listed = locks if isinstance(locks, list) else []
        for index, name in enumerate(listed):
            if name in listed[:index]:
                yield Finding(
                    f"{task.where}.locks[{index}]", f"{task.name} takes {name} twice, and would wait for itself",
                    "Take one of the two out", rule="lock-order",
                )  # fmt: skip


def check(outline: Outline) -> Iterator[Finding]:
    """Yield a finding for each pair of locks that different ways take in different orders."""
    yield from _computed(outline)
    yield from _twice(outline)
    try:
        edges = tuple(edges_of(outline))
    except TooManyWays:
        yield Finding(
            "do", f"the ways through the document hold more than {MOST_WAYS} different sets of locks",
            "Take all locks in one step, before the ways part", rule="lock-order",
        )  # fmt: skip
        return
    for edge in edges:
        way = _way_back(edges, edge)
        if way is not None and edge.first < edge.second:
            wanted = " then ".join(sorted({edge.first, *(one.first for one in way)}))
            other = way[0]
            yield Finding(
                f"{edge.where}",
                f"{edge.step} takes {edge.second} while {edge.first} is held (by {edge.holder}), "
                f"and {other.step} takes {other.second} while {other.first} is held (by {other.holder}): "
                "two sagas can wait for each other for ever",
                f"Take locks in one order everywhere: {wanted}"
                + ("" if edge.holder == edge.step else f"; or take all of them in one step, before {edge.holder}"),
                rule="lock-order",
            )


def edges_of(outline: Outline) -> Iterator[Edge]:
    """Yield what is taken while something else is held, over every way through the document. Raises TooManyWays."""
    found: dict[Edge, None] = {}
    _walk(outline.tasks, {frozenset(): {}}, found, [])
    yield from found


def locks_of(task: Task) -> tuple[str, ...]:
    """Return the locks that a step takes, in order."""
    listed = task.body.get("locks")
    return tuple(str(lock) for lock in listed) if isinstance(listed, list) else ()


def _walk(block: Block, held: Ways, found: dict[Edge, None], takings: list[Taking]) -> Ways:
    """Follow every way through a block. Returns what may be held at its end."""
    arriving: dict[str, Ways] = {block.tasks[0].name: dict(held)} if block.tasks else {}
    leaving: Ways = {} if block.tasks else dict(held)
    for index, task in enumerate(block.tasks):
        before = arriving.get(task.name, {})
        after = _through(task, before, found, takings)
        if "if" in task.body:
            after = {**after, **before}
        for name in following(block, index):
            inside = any(one.name == name for one in block.tasks[index + 1 :])
            (arriving.setdefault(name, {}) if inside else leaving).update(after)
    return _few({**leaving, **held} if block.role in {"for", "catch", "try"} else leaving)


def _through(task: Task, held: Ways, found: dict[Edge, None], takings: list[Taking]) -> Ways:
    after: Ways = {}
    for first, second in pairwise(locks_of(task)):
        found[Edge(first, second, task.name, f"{task.where}.locks", task.name)] = None
    for locks, holders in held.items():
        now = dict(holders)
        for lock in locks_of(task):
            if lock not in now:
                for first, holder in now.items():
                    found[Edge(first, lock, task.name, f"{task.where}.locks", holder)] = None
                now[lock] = task.name
                takings.append(Taking(lock, task, frozenset(now)))
        after[locks | frozenset(now)] = now
    if task.kind == "fork":
        return _beside(task, after, found, takings)
    for block in task.blocks:
        after = (
            {**after, **_walk(block, after, found, takings)}
            if len(task.blocks) > 1
            else _walk(block, after, found, takings)
        )
    return after


def _beside(task: Task, held: Ways, found: dict[Edge, None], takings: list[Taking]) -> Ways:
    """Branches run at once: each may hold its locks while another one takes its own."""
    after = held
    each: list[list[Taking]] = []
    for block in task.blocks:
        own: list[Taking] = []
        ends = _walk(block, held, found, own)
        after = _few({one | other: {**after[one], **ends[other]} for one in after for other in ends})
        each.append(own)
    for number, branch in enumerate(each):
        for holding in branch:
            for wanted in (one for other in each[:number] + each[number + 1 :] for one in other):
                if wanted.lock not in holding.held:
                    where = f"{wanted.task.where}.locks"
                    found[Edge(holding.lock, wanted.lock, wanted.task.name, where, holding.task.name)] = None
        takings += branch
    return after


def _few(ways: Ways) -> Ways:
    if len(ways) > MOST_WAYS:
        raise TooManyWays
    return ways


def _way_back(edges: tuple[Edge, ...], edge: Edge) -> tuple[Edge, ...] | None:
    """Return the shortest chain of edges from what is taken to what is held, if there is one."""
    ways: list[tuple[Edge, ...]] = [(one,) for one in edges if one.first == edge.second]
    seen = {edge.second}
    while ways:
        way = ways.pop(0)
        end = way[-1].second
        if end == edge.first:
            return way
        if end not in seen:
            seen.add(end)
            ways += [(*way, one) for one in edges if one.first == end]
    return None


def _computed(outline: Outline) -> Iterator[Finding]:
    """A lock whose name is computed may be any other: it has no place in an order."""
    takers = [task for task in outline.tasks.every() if locks_of(task)]
    every = {lock for task in takers for lock in locks_of(task)}
    for task in takers:
        for index, lock in enumerate(locks_of(task)):
            if "${" in lock and len(every) > 1:
                yield Finding(
                    f"{task.where}.locks[{index}]",
                    f"{task.name} takes a lock whose name is computed, beside others: no order can be shown",
                    "Name the locks, or let this be the only one",
                    rule="lock-order",
                )
