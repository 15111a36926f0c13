"""Diagrams in Mermaid: the business states with their transitions, and the steps with their ways."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from orchestrator.core.definition import (
    Call,
    Definition,
    End,
    Fork,
    Join,
    Listen,
    Loop,
    Node,
    Race,
    Raise,
    ScopeEnd,
    Switch,
    Try,
)
from orchestrator.definitions.graph import followers
from orchestrator.design.analysis import Design
from orchestrator.design.lifecycle import Kind
from orchestrator.design.steps import participant

_WORDS = frozenset(
    {
        "end", "state", "note", "class", "classdef", "default", "direction", "subgraph", "graph", "flowchart", "click",
        "style", "linkstyle", "call", "href", "interpolate", "hide", "scale", "as", "choice", "fork", "join",
        "accdescr", "acctitle", "title",
    }
)  # fmt: skip
"""Words of Mermaid's own grammar, in small letters."""


def diagram_text(design: Design) -> str:
    """Return the diagram file: the state diagram, whose arrows `-->` are the transitions, then the steps."""
    lifecycle = design.lifecycle
    lines = [
        f"# {design.name}",
        "",
        f"{len(lifecycle.states)} states, {len(lifecycle.transitions)} transitions, "
        f"{len(design.decisions)} decision points.",
        "",
        "## States and transitions",
        "",
        "```mermaid",
        *state_diagram(design),
        "```",
        "",
        "## Decision points",
        "",
        *(
            f"* **{one.label}** ({one.step}): {', '.join(_arrow(way) for way in one.outcomes)}"
            for one in design.decisions
        ),
        *(f"* human gate **{gate.step}**: {' or '.join(gate.signals)}" for gate in design.gates),
        *([] if design.decisions or design.gates else ["None."]),
        "",
        "## Steps",
        "",
        "Thick arrows lead forward; a dotted one ties a step to what undoes it.",
        "",
        "```mermaid",
        *flowchart(design.definition, design),
        "```",
        "",
    ]
    return "\n".join(lines)


def state_diagram(design: Design) -> Iterator[str]:
    """Yield the lines of the state diagram: one arrow for each transition, a note where a decision is made."""
    lifecycle = design.lifecycle
    ids = _ids(lifecycle.states)
    yield "stateDiagram-v2"
    for state in lifecycle.states:
        yield f'    state "{_text(state)}" as {ids[state]}'
    for edge in lifecycle.transitions:
        yield f"    {ids[edge.source]} --> {ids[edge.target]} : {_text(edge.trigger)}"
    notes: dict[str, list[str]] = {}
    for decision in design.decisions:
        for state in lifecycle.while_in.get(decision.step, ())[:1]:
            notes.setdefault(state, []).append(f"decision point {_text(decision.label)}")
    for gate in design.gates:
        for state in lifecycle.while_in.get(gate.step, ())[:1]:
            notes.setdefault(state, []).append(f"human gate {_text(gate.step)}")
    for state, said in notes.items():
        yield f"    note right of {ids[state]}"
        yield from (f"        {line}" for line in said)
        yield "    end note"
    yield "    classDef initial stroke-width:3px"
    yield "    classDef revoked stroke-dasharray:4"
    yield f"    class {ids[lifecycle.initial]} initial"
    for state in dict.fromkeys(edge.target for edge in lifecycle.transitions if edge.kind is Kind.REVOKE):
        yield f"    class {ids[state]} revoked"


def flowchart(definition: Definition, design: Design) -> Iterator[str]:
    """Yield the lines of a flowchart of the steps; decisions are diamonds, human gates are hexagons."""
    order = {name: index for index, name in enumerate(design.order)}
    deciding = {one.step: one.label for one in design.decisions}
    yield "flowchart TD"
    nodes = sorted(definition.nodes.values(), key=lambda node: order.get(node.name, len(order)))
    # No name of a task holds a ':', so that no task has the name of an undo.
    ids = _ids([*(node.name for node in nodes), *(f"{node.name}:undo" for node in nodes)])
    for node in nodes:
        yield f"    {ids[node.name]}{_shape(node, deciding.get(node.name))}"
    for node in nodes:
        for target, label in _ways(definition, node):
            arrow = f"== {label} ==>" if label else "==>"
            yield f"    {ids[node.name]} {arrow} {ids[target]}"
        if isinstance(node, Call) and node.compensation is not None:
            undo = ids[f"{node.name}:undo"]
            yield f"    {undo}[/{_text(node.compensation.command)}/]"
            yield f"    {ids[node.name]} -. undo .-> {undo}"


def _ways(definition: Definition, node: Node) -> Iterator[tuple[str, str]]:
    match node:
        case Switch():
            yield from ((case.then, _text(case.name)) for case in node.cases)
        case Loop():
            yield node.entry, f"each {_text(node.each)}"
        case Try():
            yield node.entry, ""
            if node.catch is not None and node.catch.entry is not None:
                yield node.catch.entry, "on error"
        case Race():
            yield from ((entry, "") for entry in node.entries)
        case ScopeEnd():
            yield from ((name, "") for name in followers(definition.nodes[node.scope])[-1:])
        case _:
            yield from ((name, "") for name in followers(node))


def _shape(node: Node, decision: str | None) -> str:
    name = _text(node.name)
    shape = f"[{name}]"
    match node:
        case Switch():
            shape = f"{{{_text(decision or node.name)}}}"
        case Listen():
            shape = f"{{{{{name}: {_text(' or '.join(node.signals))}}}}}"
        case Fork() | Join() | Loop() | Race() | Try() | ScopeEnd():
            shape = f"[[{name}]]"
        case End():
            shape = "([end])"
        case Raise():
            shape = f"([{name}: {_text(node.code)}])"
        case Call():
            label = f" ({_text(decision)}?)" if decision else ""
            shape = f'["{name}{label}<br>{_text(node.command)} to {_text(participant(node))}"]'
    return shape


def _ids(names: Iterable[str]) -> Mapping[str, str]:
    """Return for each name one that Mermaid can have and no other has; its own words, such as `end`, are no names."""
    found: dict[str, str] = {}
    taken = set(_WORDS)
    for name in dict.fromkeys(names):
        plain = re.sub(r"[^A-Za-z0-9_]", "_", name)
        while plain.lower() in taken:
            plain += "_"
        taken.add(plain.lower())
        found[name] = plain
    return found


def _text(text: str) -> str:
    """Return a text that ends no label and begins no comment."""
    return re.sub(r"[\"\[\]{}()|<>:;#`=%\s]", " ", text)


def _arrow(way: str) -> str:
    return way.replace(" -> ", ": ")
