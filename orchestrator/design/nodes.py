"""The kinds of nodes of a compiled graph, seen the way every design output needs them."""

from __future__ import annotations

from typing import NamedTuple

from orchestrator.core.definition import (
    Call,
    End,
    Fork,
    Join,
    Listen,
    Local,
    Milestone,
    Node,
    Raise,
    Switch,
)

_NONE = Milestone()


class View(NamedTuple):
    """What a node means for the business states; `may_turn` where the saga can fail or be cancelled in it."""

    on_start: Milestone
    on_end: Milestone
    may_turn: bool
    pivot: bool = False


def view(node: Node) -> View:
    """Return how a node is seen. Raises TypeError for a kind of node that no design output knows."""
    match node:
        case Call() | Listen():
            return View(node.on_start, node.on_end, may_turn=True)
        case Local():
            return View(_NONE, node.on_end, may_turn=True)
        case Switch() | Raise():
            return View(_NONE, _NONE, may_turn=True)
        case Fork() | Join() | End():
            return View(_NONE, _NONE, may_turn=False)
        case other:
            raise unknown(other)


def unknown(node: object) -> TypeError:
    """Return the error for a kind of node that a design output does not know: without it, its counts would be wrong."""
    return TypeError(f"{type(node).__name__} is a kind of node that designs do not describe")
