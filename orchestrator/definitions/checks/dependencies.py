"""Dependencies: what a step says it depends on, or reads, has run before it on every way."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from orchestrator.definitions.checks.flow import reached
from orchestrator.definitions.findings import Finding
from orchestrator.definitions.outline import Block, Outline, Task, following

_READ = re.compile(r"\$context\s*(?:\.\s*([A-Za-z_][A-Za-z0-9_]*)|\.?\[\s*\"([^\"\\]+)\"\s*\])")
_PARAMETER = re.compile(r"\$parameters\s*(?:\.\s*([A-Za-z_][A-Za-z0-9_]*)|\.?\[\s*\"([^\"\\]+)\"\s*\])")
_EXPORT = re.compile(r"^(?:\$\{)?\s*\$context\s*\+\s*\{\s*\"?([A-Za-z_][A-Za-z0-9_-]*)\"?\s*:\s*\.\s*\}\s*\}?$")


def check(outline: Outline) -> Iterator[Finding]:
    """Yield a finding for each `depends_on` that does not hold and for each result that nothing gives."""
    tasks = list(outline.tasks.every())
    needs = {task.name: [str(name) for name in _list(task.body.get("depends_on"))] for task in tasks}
    known = {task.name: index for index, task in enumerate(tasks)}
    for task in tasks:
        for index, name in enumerate(needs[task.name]):
            where = f"{task.where}.depends_on[{index}]"
            if name not in known:
                yield Finding(
                    where, f"{task.name} depends on {name}, which does not exist",
                    f"Name a task of the document: {', '.join(known)}", rule="bad-dependency",
                )  # fmt: skip
            elif _comes_round(needs, name, task.name):
                yield Finding(
                    where, f"{task.name} and {name} depend on each other: the dependency is circular",
                    f"Take one of the two dependencies out; the one on {name} is here", rule="bad-dependency",
                )  # fmt: skip
            elif not _runs_before(outline.tasks, name, task.name):
                yield Finding(
                    where, f"{task.name} depends on {name}, but can be reached before {name} has run",
                    f"Move {name} in front of {task.name}, into the same list and onto every way to it",
                    rule="bad-dependency",
                )  # fmt: skip
    yield from _results(tasks, known)
    yield from _parameters(tasks, outline.section("parameters"))


def _comes_round(needs: Mapping[str, list[str]], begin: str, wanted: str) -> bool:
    ahead, seen = [begin], set[str]()
    while ahead:
        name = ahead.pop()
        if name == wanted:
            return True
        if name not in seen:
            seen.add(name)
            ahead += needs.get(name, [])
    return False


def _runs_before(block: Block, first: str, second: str) -> bool:
    """Tell whether every way to `second` has led through `first`, both anywhere inside of the block."""
    tops = {name: _top(block, name) for name in (first, second)}
    early, late = tops[first], tops[second]
    if early is None or late is None:
        return False
    if early == late:
        return any(_runs_before(own, first, second) for own in early.blocks)
    passed = late.name not in reached(block, frozenset({early.name}))
    return passed and "if" not in early.body and (early.name == first or _ends_after(early, first))


def _ends_after(task: Task, name: str) -> bool:
    """Tell whether a task that goes on has run the task `name` inside of it: not so in loops, catches and races."""
    fork = task.body.get("fork")
    if task.kind not in {"do", "fork"} or "gather" in task.body or (isinstance(fork, dict) and fork.get("compete")):
        return False
    for block in task.blocks:
        top = _top(block, name)
        if top is not None:
            last_ways = reached(block, frozenset({top.name}))
            always = "if" not in top.body and not _leaves(block, last_ways)
            return always and (top.name == name or _ends_after(top, name))
    return False


def _leaves(block: Block, names: frozenset[str]) -> bool:
    """Tell whether one of these tasks may be the last of its block."""
    places = {task.name for task in block.tasks}
    return any(
        target not in places
        for index, task in enumerate(block.tasks)
        if task.name in names
        for target in following(block, index)
    )


def _top(block: Block, name: str) -> Task | None:
    """Return the task of the block that is, or holds, the named one."""
    for task in block.tasks:
        if task.name == name or any(one.name == name for own in task.blocks for one in own.every()):
            return task
    return None


def _results(tasks: list[Task], known: Mapping[str, int]) -> Iterator[Finding]:
    exported: set[str] = set()
    for task in tasks:
        export = task.body.get("export")
        given = export.get("as") if isinstance(export, dict) else None
        if given is not None:
            named = _EXPORT.match(given) if isinstance(given, str) else None
            if named is None:
                return
            exported.add(named.group(1))
    for index, task in enumerate(tasks):
        for where, name in _reads(task, _READ):
            if name not in known and name not in exported:
                yield Finding(
                    where, f"{task.name} reads the result of {name}, which is no task and no export",
                    f"Write the name of an earlier task: {', '.join(list(known)[:index]) or 'there is none'}",
                    rule="unknown-result",
                )  # fmt: skip
            elif name not in exported and known[name] >= index and ".compensate" not in where:
                yield Finding(
                    where, f"{task.name} reads the result of {name}, which comes later",
                    f"Move {name} in front of {task.name}", rule="unknown-result",
                )  # fmt: skip


def _parameters(tasks: list[Task], declared: Collection[str]) -> Iterator[Finding]:
    for task in tasks:
        for where, name in _reads(task, _PARAMETER):
            if name not in declared:
                yield Finding(
                    where, f"{task.name} reads the parameter {name}, which is not declared",
                    f"Write {name} with its value under `parameters`; declared are {', '.join(declared) or 'none'}",
                    rule="unknown-name",
                )  # fmt: skip


def _reads(task: Task, what: re.Pattern[str]) -> Iterator[tuple[str, str]]:
    """Yield each name that a task's own expressions read, with the path of the expression."""
    inside = {"do", "try", "fork", "metadata"}
    ahead: list[tuple[str, Any]] = [
        (f"{task.where}.{key}", part) for key, part in task.body.items() if key not in inside
    ]
    while ahead:
        where, part = ahead.pop(0)
        match part:
            case dict():
                ahead += [
                    (f"{where}.{key}", value)
                    for key, value in part.items()
                    if (where, key) != (f"{task.where}.catch", "do")
                ]
            case list():
                ahead += [(f"{where}[{index}]", value) for index, value in enumerate(part)]
            case str():
                yield from ((where, plain or quoted) for plain, quoted in what.findall(part))


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
