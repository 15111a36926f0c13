"""The design of a definition as data: computed from its compiled graph, labelled with the words of its document."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from orchestrator.core.definition import (
    Call,
    Definition,
    Fork,
    Gather,
    Listen,
    Loop,
    Race,
    RetryPolicy,
    Switch,
    Try,
)
from orchestrator.definitions.durations import in_words, step_longest_ms
from orchestrator.definitions.graph import followers
from orchestrator.definitions.outline import Outline, Task
from orchestrator.design.lifecycle import Lifecycle, lifecycle_of
from orchestrator.design.pattern import Choice, choose
from orchestrator.design.steps import Step, participant, steps_of


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
    """Branches that run at once, the one that may take longest first; `until` says what ends them."""

    step: str
    branches: tuple[str, ...]
    until: str


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


@dataclass(frozen=True, slots=True)
class Design:
    """Everything that is printed and written: no count is stored, each is the length of what it counts.

    `order` names the tasks as the document lists them.
    """

    name: str
    document: Mapping[str, Any]
    definition: Definition
    order: tuple[str, ...]
    lifecycle: Lifecycle
    pattern: Choice
    decisions: tuple[Decision, ...]
    gates: tuple[Gate, ...]
    parallel: tuple[Parallel, ...]
    rollbacks: tuple[Rollback, ...]
    policies: tuple[Policy, ...]
    steps: tuple[Step, ...]


def analyse(document: Mapping[str, Any], drawn: Outline, definition: Definition) -> Design:
    """Return the design of a definition.

    `document` is what `definition` was compiled from, `drawn` its tasks with all fragments written out.
    """
    tasks = {task.name: task for task in drawn.tasks.every()}
    lifecycle = lifecycle_of(definition)
    return Design(
        name=definition.name,
        document=document,
        definition=definition,
        order=tuple(tasks),
        lifecycle=lifecycle,
        pattern=choose(definition),
        decisions=tuple(_decisions(definition)),
        gates=tuple(_gates(definition)),
        parallel=tuple(_parallel(definition, tasks)),
        rollbacks=tuple(_rollbacks(definition)),
        policies=tuple(_policies(definition, tasks)),
        steps=tuple(steps_of(definition, tasks, lifecycle.behind_pivot)),
    )


def _label(task: Task | None) -> str | None:
    metadata = task.body.get("metadata") if task else None
    label = metadata.get("label") if isinstance(metadata, dict) else None
    return label if isinstance(label, str) and label else None


def _decisions(definition: Definition) -> Iterator[Decision]:
    """Yield the decision points, the one whose `no` undoes most first; choices, which refuse nothing, last."""
    gated = _gated(definition)
    found: list[Decision] = []
    for node in definition.nodes.values():
        if isinstance(node, Switch) and node.name not in gated:
            outcomes = tuple(f"{case.name} -> {case.then}" for case in node.cases)
            name = f"whether {node.name.removesuffix('.if')} runs" if node.silent else node.name.replace("-", " ")
            found.append(Decision(node.decision or name, node.name, outcomes, -1))
        elif isinstance(node, Call) and node.decision is not None:
            outcomes = (f"done -> {node.then}", "refused -> undo")
            found.append(Decision(node.decision, node.name, outcomes, len(_undone_before(definition, node))))
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
        match node:
            case Fork():
                first = sorted(node.branches, key=lambda name: -_branch_ms(definition, name))
                labels = tuple(_label(tasks.get(name)) or name for name in first)
                yield Parallel(node.name, labels, "the next step waits for all of them")
            case Race():
                labels = tuple(_label(tasks.get(label)) or label for label in node.labels)
                yield Parallel(node.name, labels, _until(node.gather, "the first to end wins, the others are undone"))
            case Loop() if node.concurrency > 1:
                each = (f"{node.each} by {node.each}, {node.concurrency} at once",)
                yield Parallel(node.name, each, _until(node.gather, "the next step waits for all of them"))


def _until(gather: Gather | None, otherwise: str) -> str:
    return otherwise if gather is None else f"after {in_words(gather.within_ms)} what is there is taken"


def _branch_ms(definition: Definition, name: str) -> int:
    node = definition.nodes[name]
    return step_longest_ms(node) if isinstance(node, Call) else 0


def _rollbacks(definition: Definition) -> Iterator[Rollback]:
    found: dict[str, list[Pair]] = {}
    for node in reversed(list(definition.nodes.values())):
        if isinstance(node, Call) and node.compensation is not None:
            pair = Pair(node.name, node.command, node.compensation.command)
            found.setdefault(participant(node), []).append(pair)
    for name in sorted(found):
        yield Rollback(name, tuple(found[name]))


def _policies(definition: Definition, tasks: Mapping[str, Task]) -> Iterator[Policy]:
    """Yield the retry policies of steps and of tries; a child saga is started once and has none."""
    found: dict[str, tuple[RetryPolicy, list[str]]] = {}
    for node in definition.nodes.values():
        task = tasks.get(node.name)
        if isinstance(node, Call) and node.child is None:
            name = _policy_name(node.name, task.body.get("retry") if task else None)
            found.setdefault(name, (node.retry, []))[1].append(node.name)
        elif isinstance(node, Try) and node.catch is not None and node.catch.retry is not None:
            name = _policy_name(node.name, task.body["catch"].get("retry") if task else None)
            found.setdefault(name, (node.catch.retry, []))[1].append(node.name)
    for name, (retry, steps) in found.items():
        yield Policy(name, retry, tuple(steps))


def _policy_name(step: str, written: Any) -> str:
    if isinstance(written, str):
        return written
    return "default" if written is None else f"{step} (its own)"
