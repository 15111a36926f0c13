"""Compiling the tasks that hold others: fork, for, try, do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from orchestrator.core.definition import (
    UNCHANGED,
    Catch,
    Fork,
    Gather,
    Join,
    Loop,
    Milestone,
    Node,
    Race,
    Reads,
    ScopeEnd,
    Try,
)
from orchestrator.definitions.document import duration_ms, flag, items, mapping, milestones_of, text, whole
from orchestrator.definitions.errors import DefinitionError
from orchestrator.definitions.expressions import expression, predicate, uses_data
from orchestrator.definitions.graph import followers
from orchestrator.definitions.variables import TAKEN_VARIABLES
from orchestrator.definitions.workshop import Place, Workshop

_COMMON = ("then", "metadata", "timeout", "status")
_LOOP_VARIABLES = (("each", "item"), ("at", "index"))
MOST_AT_ONCE = 1_000


def fork(shop: Workshop, name: str, task: Mapping[str, Any], place: Place) -> Node:
    """Compile branches that run at once, race each other or are gathered. Raises DefinitionError."""
    where = place.where
    mapping(task, where, ("fork", "gather", *_COMMON))
    parts = mapping(task["fork"], f"{where}.fork", ("branches", "compete"), ("branches",))
    branches = items(parts["branches"], f"{where}.fork.branches")
    compete = flag(parts.get("compete", False), f"{where}.fork.compete")
    if compete and "gather" in task:
        raise DefinitionError(f"{where}.gather", "takes several answers, compete only one; write one of them")
    if compete or "gather" in task:
        return _race(shop, name, task, branches, place)
    if "status" in task:
        raise DefinitionError(f"{where}.status", "belongs to the steps of the branches here")
    return _plain_fork(shop, name, task, branches, place)


def _plain_fork(shop: Workshop, name: str, task: Mapping[str, Any], branches: Any, place: Place) -> Node:
    join = f"{name}.join"
    entries: list[str] = []
    ends: list[frozenset[str]] = []
    within: list[frozenset[str]] = []
    for index, branch in enumerate(branches):
        before = set(shop.nodes)
        at = place._replace(
            where=f"{place.where}.fork.branches[{index}]", after=join, exit=join, region=f"{name}[{index}]", root=False
        )
        entries.append(shop.sequence([branch], at))
        new = [node for key, node in shop.nodes.items() if key not in before]
        ends.append(frozenset(node.name for node in new if join in followers(node)))
        within.append(frozenset(node.name for node in new))
    shop.add(Join(join, tuple(ends), shop.then(task, place), name, tuple(within)), place)
    return Fork(name, tuple(entries))


def _race(shop: Workshop, name: str, task: Mapping[str, Any], branches: Any, place: Place) -> Node:
    end = _scope_end(shop, name, place)
    entries: list[str] = []
    labels: list[str] = []
    for index, branch in enumerate(branches):
        at = _within(place, f"{place.where}.fork.branches[{index}]", end, f"{name}[{index}]")
        entries.append(shop.sequence([branch], at))
        labels.append(next(iter(branch)))
    gather, timeout_ms = _bounds(shop, task, place, len(entries))
    on_start, on_end = milestones_of(task.get("status"), f"{place.where}.status")
    then = shop.then(task, place)
    return Race(name, tuple(entries), tuple(labels), gather, timeout_ms, on_start, on_end, then)


def loop(shop: Workshop, name: str, task: Mapping[str, Any], place: Place) -> Node:
    """Compile the same steps for each item. Raises DefinitionError."""
    where = place.where
    mapping(task, where, ("for", "while", "do", "gather", *_COMMON), ("for", "do"))
    parts = mapping(task["for"], f"{where}.for", ("each", "in", "at", "concurrency"), ("in",))
    each, at = (_variable(parts.get(word, name), f"{where}.for.{word}") for word, name in _LOOP_VARIABLES)
    if each == at:
        raise DefinitionError(f"{where}.for.at", f"'{at}' is the name of the item as well; write another one")
    concurrency = whole(parts.get("concurrency", 1), f"{where}.for.concurrency")
    if not 1 <= concurrency <= MOST_AT_ONCE:
        raise DefinitionError(f"{where}.for.concurrency", f"must be between 1 and {MOST_AT_ONCE}")
    if "while" in task and concurrency > 1:
        raise DefinitionError(f"{where}.while", "needs one item after the other; leave concurrency out")
    inside = place.variables | {each, at}
    end = _scope_end(shop, name, place)
    body = _within(place, f"{where}.do", end, name)._replace(variables=inside)
    entry = shop.sequence(task["do"], body)
    gather, timeout_ms = _bounds(shop, task, place, None)
    on_start, on_end = milestones_of(task.get("status"), f"{where}.status")
    reads = Reads(uses_data(parts["in"], True) or uses_data(task.get("while", ""), True))
    return Loop(
        name,
        expression(parts["in"], f"{where}.for.in", place.variables),
        each,
        at,
        predicate(task["while"], f"{where}.while", inside) if "while" in task else None,
        entry,
        concurrency,
        "concurrency" in parts,
        gather,
        timeout_ms,
        on_start,
        on_end,
        shop.then(task, place),
        reads,
    )


def try_(shop: Workshop, name: str, task: Mapping[str, Any], place: Place) -> Node:
    """Compile steps whose failure is caught. Raises DefinitionError."""
    where = place.where
    mapping(task, where, ("try", "catch", *_COMMON), ("try", "catch"))
    words = ("errors", "as", "when", "exceptWhen", "retry", "do")
    parts = mapping(task["catch"], f"{where}.catch", words)
    variable = _variable(parts.get("as", "error"), f"{where}.catch.as")
    seen = place.variables | {variable}
    errors = mapping(parts.get("errors", {}), f"{where}.catch.errors", ("with",))
    fields = ("type", "status", "title", "detail", "instance")
    conditions = {
        word: predicate(parts[word], f"{where}.catch.{word}", seen) for word in ("when", "exceptWhen") if word in parts
    }
    end = _scope_end(shop, name, place)
    entry = shop.sequence(task["try"], _within(place, f"{where}.try", end, f"{name}.try"))
    handler = None
    if "do" in parts:
        within = _within(place, f"{where}.catch.do", end, f"{name}.catch")._replace(variables=seen)
        handler = shop.sequence(parts["do"], within)
    catch = Catch(
        dict(mapping(errors.get("with", {}), f"{where}.catch.errors.with", fields)),
        conditions.get("when"),
        conditions.get("exceptWhen"),
        variable,
        shop.retry(parts["retry"], f"{where}.catch.retry", seen) if "retry" in parts else None,
        handler,
    )
    timeout_ms, _ = shop.timeout_ms(task.get("timeout"), f"{where}.timeout")
    on_start, on_end = milestones_of(task.get("status"), f"{where}.status")
    return Try(name, entry, catch, timeout_ms, on_start, on_end, shop.then(task, place))


def timed(
    shop: Workshop, name: str, first: str, task: Mapping[str, Any], place: Place
) -> tuple[Mapping[str, Any], Place]:
    """Put a scope with a time-out around a task that has none of its own and begins with the node `first`.

    Returns the rest of the task and its surroundings, for what is compiled inside.
    """
    timeout_ms, _ = shop.timeout_ms(task["timeout"], f"{place.where}.timeout")
    around = f"{name}.within"
    end = _scope_end(shop, around, place)
    then = shop.then(task, place)
    left = {key: value for key, value in task.items() if key not in ("timeout", "then")}
    shop.add(Try(around, first, None, timeout_ms, UNCHANGED, Milestone(), then), place)
    return left, _within(place, place.where, end, around)


def _variable(value: Any, where: str) -> str:
    """Return the name of a variable of the author's. Raises DefinitionError."""
    name = text(value, where)
    if not name.isidentifier() or not name.isascii() or name.startswith("__"):
        raise DefinitionError(where, f"'{name}' names no variable; write a word of letters, digits and _")
    if name in TAKEN_VARIABLES:
        raise DefinitionError(where, f"${name} is known everywhere; write another name, such as my_{name}")
    return name


def _within(place: Place, where: str, end: str, region: str) -> Place:
    return place._replace(where=where, after=end, exit=end, region=region, root=False, repeats=True)


def _scope_end(shop: Workshop, name: str, place: Place) -> str:
    end = f"{name}.end"
    shop.add(ScopeEnd(end, name), place._replace(region=f"{name}.end"))
    return end


def _bounds(
    shop: Workshop, task: Mapping[str, Any], place: Place, branches: int | None
) -> tuple[Gather | None, int | None]:
    """Return how long answers are gathered, and how long the task may take."""
    where = place.where
    timeout_ms, _ = shop.timeout_ms(task.get("timeout"), f"{where}.timeout")
    if "gather" not in task:
        return None, timeout_ms
    if timeout_ms is not None:
        raise DefinitionError(f"{where}.timeout", "and gather both bound the task; write gather alone")
    parts = mapping(task["gather"], f"{where}.gather", ("within", "least"), ("within",))
    least = whole(parts.get("least", 1), f"{where}.gather.least")
    if branches is not None and least > branches:
        raise DefinitionError(f"{where}.gather.least", f"is more than the {branches} branches there are")
    return Gather(duration_ms(parts["within"], f"{where}.gather.within"), least), None
