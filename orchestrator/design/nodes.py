"""The kinds of nodes of a compiled graph, seen the way every design output needs them."""

from __future__ import annotations

from typing import NamedTuple

from orchestrator.core.definition import (
    UNCHANGED,
    Call,
    Definition,
    Emit,
    End,
    Fork,
    Join,
    Listen,
    Local,
    Loop,
    Milestone,
    Node,
    Race,
    Raise,
    ScopeEnd,
    Switch,
    Try,
    Wait,
)
from orchestrator.definitions.graph import entries, followers


class View(NamedTuple):
    """What a node means for the business states; `may_turn` where the saga can fail or be cancelled in it."""

    on_start: Milestone
    on_end: Milestone
    may_turn: bool
    pivot: bool = False


def view(node: Node) -> View:
    """Return how a node is seen. Raises TypeError for a kind of node that no design output knows."""
    match node:
        case Call():
            return View(node.on_start, node.on_end, True, node.pivot)
        case Listen() | Wait() | Loop() | Race() | Try():
            return View(node.on_start, node.on_end, may_turn=True)
        case Local() | Emit():
            return View(UNCHANGED, node.on_end, may_turn=True)
        case Switch() | Raise():
            return View(UNCHANGED, UNCHANGED, may_turn=True)
        case Fork() | Join() | ScopeEnd() | End():
            return View(UNCHANGED, UNCHANGED, may_turn=False)
        case other:
            raise unknown(other)


def unknown(node: object) -> TypeError:
    """Return the error for a kind of node that a design output does not know: without it, its counts would be wrong."""
    return TypeError(f"{type(node).__name__} is a kind of node that designs do not describe")


def scopes_around(definition: Definition) -> dict[str, tuple[str, ...]]:
    """Return, by node, the loops, races and tries that it is inside of, the nearest first."""
    inside = {
        node.name: _inside(definition, entries(node), node.name)
        for node in definition.nodes.values()
        if isinstance(node, Loop | Race | Try)
    }
    nearest_first = sorted(inside, key=lambda scope: len(inside[scope]))
    return {name: tuple(scope for scope in nearest_first if name in inside[scope]) for name in definition.nodes}


def handlers(definition: Definition) -> dict[str, frozenset[str]]:
    """Return, by try, the nodes that handle what it catches: their own failures are not caught by it."""
    return {
        node.name: _inside(definition, (node.catch.entry,), node.name)
        for node in definition.nodes.values()
        if isinstance(node, Try) and node.catch is not None and node.catch.entry is not None
    }


def _inside(definition: Definition, begin: tuple[str, ...], scope: str) -> frozenset[str]:
    ahead, found = list(begin), set[str]()
    while ahead:
        name = ahead.pop()
        node = definition.nodes[name]
        if name in found or (isinstance(node, ScopeEnd) and node.scope == scope):
            continue
        found.add(name)
        ahead += followers(node)
    return frozenset(found)
