"""Diagrams in Mermaid: the business states with their transitions, and the steps with their ways."""

from __future__ import annotations

import re
from collections.abc import Iterator

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
    yield "stateDiagram-v2"
    for state in lifecycle.states:
        yield f'    state "{_text(state)}" as {_id(state)}'
    for edge in lifecycle.transitions:
        yield f"    {_id(edge.source)} --> {_id(edge.target)} : {_text(edge.trigger)}"
    notes: dict[str, list[str]] = {}
    for decision in design.decisions:
        for state in lifecycle.while_in.get(decision.step, ())[:1]:
            notes.setdefault(state, []).append(f"decision point {_text(decision.label)}")
    for gate in design.gates:
        for state in lifecycle.while_in.get(gate.step, ())[:1]:
            notes.setdefault(state, []).append(f"human gate {_text(gate.step)}")
    for state, said in notes.items():
        yield f"    note right of {_id(state)}"
        yield from (f"        {line}" for line in said)
        yield "    end note"
    yield "    classDef initial stroke-width:3px"
    yield "    classDef revoked stroke-dasharray:4"
    yield f"    class {_id(lifecycle.initial)} initial"
    for state in dict.fromkeys(edge.target for edge in lifecycle.transitions if edge.kind is Kind.REVOKE):
        yield f"    class {_id(state)} revoked"


def flowchart(definition: Definition, design: Design) -> Iterator[str]:
    """Yield the lines of a flowchart of the steps; decisions are diamonds, human gates are hexagons."""
    order = {name: index for index, name in enumerate(design.order)}
    deciding = {one.step: one.label for one in design.decisions}
    yield "flowchart TD"
    nodes = sorted(definition.nodes.values(), key=lambda node: order.get(node.name, len(order)))
    for node in nodes:
        yield f"    {_id(node.name)}{_shape(node, deciding.get(node.name))}"
    for node in nodes:
        for target, label in _ways(definition, node):
            arrow = f"== {label} ==>" if label else "==>"
            yield f"    {_id(node.name)} {arrow} {_id(target)}"
        if isinstance(node, Call) and node.compensation is not None:
            yield f"    {_id(node.name)}_undo[/{_text(node.compensation.command)}/]"
            yield f"    {_id(node.name)} -. undo .-> {_id(node.name)}_undo"


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


def _id(name: str) -> str:
    """Return a name as Mermaid can have it; `end` is a word of its own there."""
    plain = re.sub(r"[^A-Za-z0-9_]", "_", name)
    return f"{plain}_" if plain in {"end", "state", "note", "class", "default"} else plain


def _text(text: str) -> str:
    """Return a text that ends no label."""
    return re.sub(r"[\"\[\]{}()|<>:;#`]", " ", text)


def _arrow(way: str) -> str:
    return way.replace(" -> ", ": ")
