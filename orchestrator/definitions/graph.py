"""Checks of a compiled graph: every target exists, every node is reached, and there is no way round in a circle."""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Set as AbstractSet

from orchestrator.core.definition import Definition, End, Fork, Node, Raise, Switch
from orchestrator.definitions.errors import DefinitionError


def followers(node: Node) -> tuple[str, ...]:
    """Return the names of the nodes that may come directly after this one."""
    match node:
        case Switch():
            return tuple(case.then for case in node.cases)
        case Fork():
            return node.branches
        case Raise() | End():
            return ()
        case _:
            return (node.then,)


def check(definition: Definition, branches: Mapping[str, AbstractSet[str]]) -> None:
    """Raise DefinitionError where the graph cannot be run to its end from everywhere.

    `branches` are the steps of each branch of a fork, by the name of the first.
    """
    for node in definition.nodes.values():
        for target in followers(node):
            _check_way(definition, node, target, branches)
    for late in definition.late_signals.values():
        if late.name in definition.nodes:
            raise DefinitionError(f"signals.{late.name}", "a step has this name")
        for step in late.after:
            if step not in definition.nodes:
                raise DefinitionError(f"signals.{late.name}.after", f"names {step}, which does not exist")
    reached: set[str] = set()
    _walk(definition, definition.entry, (), reached)
    for name in definition.nodes:
        if name not in reached:
            raise DefinitionError(f"do.{name}", "is never reached")


def _check_way(definition: Definition, node: Node, target: str, branches: Mapping[str, AbstractSet[str]]) -> None:
    if target not in definition.nodes:
        raise DefinitionError(f"do.{node.name}", f"goes on to {target}, which does not exist")
    if any(target in inside and node.name not in inside for inside in _barred(node, target, branches)):
        raise DefinitionError(f"do.{node.name}", f"goes on to {target}, which is inside of a fork")


def _barred(node: Node, target: str, branches: Mapping[str, AbstractSet[str]]) -> list[AbstractSet[str]]:
    """Return the branches that this way may not lead into: a fork begins its own ones."""
    own = target if isinstance(node, Fork) else None
    return [inside for entry, inside in branches.items() if entry != own]


def _walk(definition: Definition, name: str, way: tuple[str, ...], reached: set[str]) -> None:
    if name in way:
        raise DefinitionError(f"do.{name}", f"comes round to itself by {' -> '.join((*way, name))}")
    if name in reached:
        return
    for target in followers(definition.nodes[name]):
        _walk(definition, target, (*way, name), reached)
    reached.add(name)
