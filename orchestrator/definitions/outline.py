"""The tasks of a document as they are nested, read without judging: what checks walk even where nothing compiles."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

KINDS = ("call", "set", "switch", "fork", "for", "listen", "emit", "raise", "try", "wait", "run", "fragment", "do")
"""The word that tells what a task is, in the order in which it is looked for: a `for` has a `do` as well."""

ENDINGS = frozenset({"continue", "exit", "end"})
"""The flow directives that name no task."""


@dataclass(frozen=True, slots=True)
class Task:
    """One task: `kind` is empty where none of the words is there, `blocks` are the lists of tasks inside of it."""

    name: str
    where: str
    kind: str
    body: Mapping[str, Any]
    blocks: tuple[Block, ...] = ()


@dataclass(frozen=True, slots=True)
class Block:
    """A list of tasks that run one after the other; `role` is do, branch, for, try or catch.

    `odd` holds what stands in the list and is no task, with its path.
    """

    where: str
    role: str
    tasks: tuple[Task, ...]
    odd: tuple[tuple[str, Any], ...] = ()

    def every(self) -> Iterator[Task]:
        """Yield every task of the block and, after each, those inside of it."""
        for task in self.tasks:
            yield task
            for block in task.blocks:
                yield from block.every()

    def scopes(self) -> Iterator[Block]:
        """Yield the block and every block inside of it."""
        yield self
        for task in self.tasks:
            for block in task.blocks:
                yield from block.scopes()


@dataclass(frozen=True, slots=True)
class Outline:
    """A document's top objects and its tasks; what has the wrong form is left out."""

    top: Mapping[str, Any]
    tasks: Block

    def section(self, *names: str) -> Mapping[str, Any]:
        """Return the object at a path such as ("use", "retries"), or an empty one."""
        value: Any = self.top
        for name in names:
            value = value.get(name) if isinstance(value, dict) else None
        return value if isinstance(value, dict) else {}


def outline(document: Any) -> Outline:
    """Return the outline of a document, whatever it is."""
    top = document if isinstance(document, dict) else {}
    return Outline(top, _block(top.get("do"), "do", "do"))


def _block(tasks: Any, where: str, role: str) -> Block:
    listed = tasks if isinstance(tasks, list) else []
    read = [tuple(_task(one, where)) for one in listed]
    places = [where if role == "branch" else f"{where}[{index}]" for index in range(len(listed))]
    odd = tuple((place, one) for place, one, found in zip(places, listed, read, strict=True) if not found)
    return Block(where, role, tuple(task for found in read for task in found), odd)


def _task(one: Any, where: str) -> Iterator[Task]:
    if not isinstance(one, dict) or len(one) != 1:
        return
    name, body = next(iter(one.items()))
    if isinstance(name, str) and isinstance(body, dict):
        place = f"{where}.{name}"
        kind = next((kind for kind in KINDS if kind in body), "")
        yield Task(name, place, kind, body, tuple(_blocks(kind, body, place)))


def _blocks(kind: str, body: Mapping[str, Any], where: str) -> Iterator[Block]:
    match kind:
        case "do" | "for":
            yield _block(body.get("do"), f"{where}.do", kind)
        case "try":
            yield _block(body["try"], f"{where}.try", "try")
            catch = body.get("catch")
            if isinstance(catch, dict) and "do" in catch:
                yield _block(catch["do"], f"{where}.catch.do", "catch")
        case "fork":
            fork = body["fork"]
            branches = fork.get("branches") if isinstance(fork, dict) else None
            for index, branch in enumerate(branches if isinstance(branches, list) else []):
                yield _block([branch], f"{where}.fork.branches[{index}]", "branch")


def following(block: Block, index: int) -> tuple[str, ...]:
    """Return where the task at `index` may go on to: names of tasks, or `end` and `exit`.

    A switch goes on by its cases alone: where none holds, the saga turns round. A task whose `if` does not hold is
    passed over.
    """
    task = block.tasks[index]
    after = block.tasks[index + 1].name if index + 1 < len(block.tasks) else "exit"
    passed_over = (after,) if "if" in task.body else ()
    if task.kind == "raise":
        return passed_over
    if task.kind == "switch":
        return (*(_resolved(case.get("then"), after) for _, case in cases_of(task)), *passed_over)
    return (_resolved(task.body.get("then"), after), *passed_over)


def cases_of(task: Task) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield the cases of a switch with their path."""
    listed = task.body.get("switch")
    for index, case in enumerate(listed if isinstance(listed, list) else []):
        if isinstance(case, dict) and len(case) == 1:
            label, body = next(iter(case.items()))
            if isinstance(body, dict):
                yield f"{task.where}.switch[{index}].{label}", body


def _resolved(then: Any, after: str) -> str:
    return then if isinstance(then, str) and then != "continue" else after
