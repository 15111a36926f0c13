"""The design of a definition as data: computed from its compiled graph, labelled with the words of its document."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from orchestrator.core.definition import Call, Definition, Fork, Listen, RetryPolicy, Switch
from orchestrator.definitions.durations import step_longest_ms, undo_longest_ms
from orchestrator.definitions.graph import followers
from orchestrator.definitions.outline import Outline, Task, outline
from orchestrator.design.failures import REFUSES, Case, cases_of
from orchestrator.design.lifecycle import Lifecycle, lifecycle_of
from orchestrator.design.pattern import Choice, choose


class Decision(NamedTuple):
    """Where the way of a saga is decided: by a choice among cases, or by a step's answer.

    `undoes` counts what is undone where the answer is no.
    """

    label: str
    step: str
    outcomes: tuple[str, ...]
    undoes: int


class Gate(NamedTuple):
    """Where a saga waits for a person. `timeout_ms` is None where only the saga's own time-out bounds it."""

    step: str
    signals: tuple[str, ...]
    timeout_ms: int | None


class Parallel(NamedTuple):
    """Branches that run at once, the one that may take longest first."""

    step: str
    branches: tuple[str, ...]


class Pair(NamedTuple):
    """A step and what undoes it."""

    step: str
    command: str
    undo: str


class Rollback(NamedTuple):
    """All that one participant takes back, in the order in which it does."""

    participant: str
    pairs: tuple[Pair, ...]


class Policy(NamedTuple):
    """A retry policy that forward steps use."""

    name: str
    retry: RetryPolicy
    steps: tuple[str, ...]


class Step(NamedTuple):
    """One step of the process with all that can go wrong in it. Durations are milliseconds, at worst."""

    name: str
    kind: str
    does: str
    undo: str
    cases: tuple[Case, ...]
    longest_ms: int
    undo_longest_ms: int


@dataclass(frozen=True, slots=True)
class Design:
    """Everything that is printed and written: no count is stored, each is the length of what it counts."""

    name: str
    document: Mapping[str, Any]
    definition: Definition
    lifecycle: Lifecycle
    pattern: Choice
    decisions: tuple[Decision, ...]
    gates: tuple[Gate, ...]
    parallel: tuple[Parallel, ...]
    rollbacks: tuple[Rollback, ...]
    policies: tuple[Policy, ...]
    steps: tuple[Step, ...]


def analyse(document: Mapping[str, Any], definition: Definition) -> Design:
    """Return the design of a definition; `document` is what `definition` was compiled from."""
    drawn = outline(document)
    tasks = {task.name: task for task in drawn.tasks.every()}
    return Design(
        name=definition.name,
        document=document,
        definition=definition,
        lifecycle=lifecycle_of(definition),
        pattern=choose(definition),
        decisions=tuple(_decisions(definition, tasks)),
        gates=tuple(_gates(definition)),
        parallel=tuple(_parallel(definition, tasks)),
        rollbacks=tuple(_rollbacks(definition)),
        policies=tuple(_policies(definition, tasks)),
        steps=tuple(_steps(definition, drawn)),
    )


def participant(topic: str) -> str:
    """Return who listens to a topic of commands."""
    return topic.removesuffix(".commands")


def _label(task: Task | None, key: str) -> str | None:
    metadata = task.body.get("metadata") if task else None
    label = metadata.get(key) if isinstance(metadata, dict) else None
    return label if isinstance(label, str) and label else None


def _decisions(definition: Definition, tasks: Mapping[str, Task]) -> Iterator[Decision]:
    """Yield the decision points, the one whose `no` undoes most first; choices, which refuse nothing, last."""
    gated = _gated(definition)
    found: list[Decision] = []
    for node in definition.nodes.values():
        label = _label(tasks.get(node.name), "decision")
        if isinstance(node, Switch) and node.name not in gated:
            outcomes = tuple(f"{case.name} -> {case.then}" for case in node.cases)
            found.append(Decision(label or node.name.replace("-", " "), node.name, outcomes, -1))
        elif isinstance(node, Call) and label is not None:
            outcomes = (f"done -> {node.then}", "refused -> undo")
            found.append(Decision(label, node.name, outcomes, len(_undone_before(definition, node))))
    yield from sorted(found, key=lambda one: -one.undoes)


def _gated(definition: Definition) -> set[str]:
    """Return the switches that belong to a human gate: they lead straight to the wait, or come straight after it."""
    waits = {node.name: node for node in definition.nodes.values() if isinstance(node, Listen)}
    switches = [node for node in definition.nodes.values() if isinstance(node, Switch)]
    before = {node.name for node in switches if any(case.then in waits for case in node.cases)}
    return before | {node.name for node in switches if any(wait.then == node.name for wait in waits.values())}


def _undone_before(definition: Definition, step: Call) -> set[str]:
    """Return the steps that may have been done, with something to undo, when this one is refused."""
    reaching: dict[str, set[str]] = {name: set() for name in definition.nodes}
    for name, node in definition.nodes.items():
        for target in followers(node):
            reaching[target].add(name)
    ahead, seen = [step.name], set[str]()
    while ahead:
        for name in reaching[ahead.pop()] - seen:
            seen.add(name)
            ahead.append(name)
    return {name for name in seen if isinstance(node := definition.nodes[name], Call) and node.compensation is not None}


def _gates(definition: Definition) -> Iterator[Gate]:
    for node in definition.nodes.values():
        if isinstance(node, Listen):
            yield Gate(node.name, node.signals, node.timeout_ms)


def _parallel(definition: Definition, tasks: Mapping[str, Task]) -> Iterator[Parallel]:
    for node in definition.nodes.values():
        if isinstance(node, Fork):
            first = sorted(node.branches, key=lambda name: -_branch_ms(definition, name))
            yield Parallel(node.name, tuple(_label(tasks.get(name), "label") or name for name in first))


def _branch_ms(definition: Definition, name: str) -> int:
    node = definition.nodes[name]
    return step_longest_ms(node) if isinstance(node, Call) else 0


def _rollbacks(definition: Definition) -> Iterator[Rollback]:
    found: dict[str, list[Pair]] = {}
    for node in reversed(list(definition.nodes.values())):
        if isinstance(node, Call) and node.compensation is not None:
            pair = Pair(node.name, node.command, node.compensation.command)
            found.setdefault(participant(node.compensation.topic), []).append(pair)
    for name in sorted(found):
        yield Rollback(name, tuple(found[name]))


def _policies(definition: Definition, tasks: Mapping[str, Task]) -> Iterator[Policy]:
    users: dict[str, list[Call]] = {}
    for node in definition.nodes.values():
        if isinstance(node, Call):
            written = tasks[node.name].body.get("retry") if node.name in tasks else None
            own = "default" if written is None else f"{node.name} (its own)"
            users.setdefault(written if isinstance(written, str) else own, []).append(node)
    for name, calls in users.items():
        yield Policy(name, calls[0].retry, tuple(call.name for call in calls))


def _steps(definition: Definition, drawn: Outline) -> Iterator[Step]:
    for task in drawn.tasks.every():
        node = definition.nodes.get(task.name)
        cases = cases_of(node) if node is not None else ()
        if task.kind == "set":
            cases = tuple(case for case in cases if case != REFUSES)
        if not cases:
            continue
        if isinstance(node, Call):
            undo = node.compensation.command if node.compensation else f"none: {_reason(task)}"
            does = f"{node.command} to {participant(node.topic)}"
            yield Step(task.name, task.kind, does, undo, cases, step_longest_ms(node), undo_longest_ms(node))
        elif isinstance(node, Listen):
            does = f"waits for {' or '.join(node.signals)}"
            yield Step(task.name, task.kind, does, "none: nothing happens outside", cases, node.timeout_ms or 0, 0)
        else:
            yield Step(task.name, task.kind, _does(task), "none: nothing happens outside", cases, 0, 0)


def _does(task: Task) -> str:
    match task.kind:
        case "call":
            return f"computes {task.body['call']} in place"
        case "set":
            return "sets values in place"
        case "switch":
            return "chooses the first case that holds"
        case "raise":
            return "gives up and turns the saga round"
        case kind:
            return kind


def _reason(task: Task) -> str:
    compensate = task.body.get("compensate")
    return str(compensate.get("none", "")).rstrip(".") if isinstance(compensate, dict) else "nothing to undo"
