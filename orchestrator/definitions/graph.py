"""Checks of a compiled graph: every target exists, every node is reached, and there is no way round in a circle."""

from __future__ import annotations

from collections.abc import Mapping

from orchestrator.core.definition import Definition, End, Fork, Join, Loop, Node, Race, Raise, ScopeEnd, Switch, Try
from orchestrator.definitions.errors import DefinitionError

MAX_NODES = 200
"""Steps of a definition, fragments written out: what a saga keeps of each has to fit into one record with its data."""


def followers(node: Node) -> tuple[str, ...]:  # noqa: PLR0911 - one for each kind of node
    """Return the names of the nodes that may come directly after this one, those inside of it first."""
    match node:
        case Switch():
            return tuple(case.then for case in node.cases)
        case Fork():
            return node.branches
        case Loop():
            return (node.entry, node.then)
        case Race():
            return (*node.entries, node.then)
        case Try():
            handler = node.catch.entry if node.catch is not None else None
            return (node.entry, *([] if handler is None else [handler]), node.then)
        case Raise() | End() | ScopeEnd():
            return ()
        case _:
            return (node.then,)


def entries(node: Node) -> tuple[str, ...]:
    """Return the first nodes of what is inside of a node."""
    match node:
        case Fork():
            return node.branches
        case Loop() | Race() | Try():
            return followers(node)[:-1]
        case _:
            return ()


def check(definition: Definition, regions: Mapping[str, str]) -> None:
    """Raise DefinitionError where the graph cannot be run to its end from everywhere.

    `regions` tells the list of tasks that each node belongs to: a way may not lead from one into another.
    """
    if len(definition.nodes) > MAX_NODES:
        problem = f"makes {len(definition.nodes)} steps, and a definition has at most {MAX_NODES}"
        raise DefinitionError("do", f"{problem}; write `for`, or let parts be sagas of their own with `run: workflow`")
    for node in definition.nodes.values():
        _check_ways(definition, node, regions)
    _check_signals(definition)
    reached: set[str] = set()
    _walk(definition, definition.entry, (), reached)
    for node in definition.nodes.values():
        # Where every way of a part gives up, its end is never reached, and need not be.
        if node.name not in reached and not isinstance(node, ScopeEnd | Join | End):
            raise DefinitionError(f"do.{node.name}", "is never reached")


def _check_ways(definition: Definition, node: Node, regions: Mapping[str, str]) -> None:
    for target in followers(node):
        if target not in definition.nodes:
            raise DefinitionError(f"do.{node.name}", f"goes on to {target}, which does not exist")
        inward = target in entries(node) or isinstance(definition.nodes[target], ScopeEnd | Join | End)
        if not inward and regions[target] != regions[node.name]:
            raise DefinitionError(f"do.{node.name}", f"goes on to {target}, which is inside of another scope")


def _check_signals(definition: Definition) -> None:
    for late in definition.late_signals.values():
        if late.name in definition.nodes:
            raise DefinitionError(f"signals.{late.name}", "a step has this name")
        for step in late.after:
            if step not in definition.nodes:
                raise DefinitionError(f"signals.{late.name}.after", f"names {step}, which does not exist")


def _walk(definition: Definition, name: str, way: tuple[str, ...], reached: set[str]) -> None:
    if name in way:
        circle = " -> ".join((*way[way.index(name) :], name))
        raise DefinitionError(f"do.{name}", f"comes round to itself by {circle}; write `for`, or `try` with a retry")
    if name in reached:
        return
    for target in followers(definition.nodes[name]):
        _walk(definition, target, (*way, name), reached)
    reached.add(name)
