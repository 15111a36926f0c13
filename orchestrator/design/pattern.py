"""Which pattern of distributed work a definition is shaped for, and why, computed from its effects."""

from __future__ import annotations

from typing import NamedTuple

from orchestrator.core.definition import Call, Definition, Listen, Loop, Node, Race, Switch


class Choice(NamedTuple):
    """The chosen pattern, the reason, and why the two others were not chosen."""

    name: str
    reason: str
    others: tuple[str, ...]


SAGA = "Saga (orchestrated)"
GATHER = "Scatter-Gather"
MACHINE = "State machine"


def choose(definition: Definition) -> Choice:
    """Choose between saga, scatter-gather and a plain state machine."""
    calls = [node for node in definition.nodes.values() if isinstance(node, Call)]
    reverses = {node.compensation.topic for node in calls if node.compensation is not None}
    undoable = sum(node.compensation is not None for node in calls)
    spread = _spread(definition)
    waits = sum(isinstance(node, Switch | Listen) for node in definition.nodes.values())
    parties = "1 participant" if len(reverses) == 1 else f"{len(reverses)} participants"
    not_saga = f"{SAGA}: {undoable} of {len(calls)} commands have something to undo, at {parties}"
    not_gather = f"{GATHER}: no results of several equal requests are gathered"
    not_machine = f"{MACHINE}: states alone undo nothing, and {undoable} commands have to be undone"
    if len(reverses) > 1 or (undoable and not spread):
        reason = f"{undoable} commands at {parties} have to be undone in reverse when a later one fails"
        inside = f"{GATHER}: used inside of it, by {', '.join(spread)}" if spread else not_gather
        return Choice(SAGA, reason, (inside, not_machine))
    if spread:
        return Choice(
            GATHER, f"{', '.join(spread)} asks several at once and goes on with what came", (not_saga, _plain(waits))
        )
    return Choice(
        MACHINE,
        f"nothing has to be undone; {waits} decisions and waits lead from state to state",
        (not_saga, not_gather),
    )


def _plain(waits: int) -> str:
    return f"{MACHINE}: {waits} decisions and waits alone would ask one after the other"


def _spread(definition: Definition) -> tuple[str, ...]:
    """Return the tasks that send several equal requests at once and gather the answers."""
    return tuple(node.name for node in definition.nodes.values() if _spreads(definition, node))


def _spreads(definition: Definition, node: Node) -> bool:
    match node:
        case Race():
            return node.gather is not None or _equal(definition, node.entries)
        case Loop():
            return node.concurrency > 1 or node.gather is not None
        case _:
            return False


def _equal(definition: Definition, branches: tuple[str, ...]) -> bool:
    """Tell whether branches all ask the same, of whomever."""
    asked = [node.command for name in branches if isinstance(node := definition.nodes[name], Call)]
    return len(branches) > 1 and len(asked) == len(branches) and len(set(asked)) == 1
