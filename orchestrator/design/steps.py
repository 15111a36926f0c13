"""The steps of a process in the order of its document: what each does, what undoes it, what can fail in it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from typing import NamedTuple

from orchestrator.core.definition import (
    Call,
    Definition,
    Emit,
    Fork,
    Listen,
    Local,
    Loop,
    Node,
    Race,
    Raise,
    Switch,
    Try,
    Wait,
)
from orchestrator.definitions.durations import in_words, step_longest_ms, undo_longest_ms
from orchestrator.definitions.outline import Task
from orchestrator.design.failures import Around, Case, cases_of
from orchestrator.design.nodes import handlers, scopes_around

_NOTHING = "none: nothing happens outside"


class Step(NamedTuple):
    """One step of the process with all that can go wrong in it. Durations are milliseconds, at worst."""

    name: str
    kind: str
    does: str
    undo: str
    cases: tuple[Case, ...]
    longest_ms: int
    undo_longest_ms: int


def participant(step: Call) -> str:
    """Return who does a step and takes it back: who listens to its topic, or the saga that it runs."""
    return f"saga {step.child.definition}" if step.child is not None else step.topic.removesuffix(".commands")


def steps_of(definition: Definition, tasks: Mapping[str, Task], behind_pivot: AbstractSet[str]) -> Iterator[Step]:
    """Yield every task that has a node of its own; what only holds others is not a step."""
    around = _surroundings(definition, behind_pivot)
    for task in tasks.values():
        node = definition.nodes.get(task.name)
        if node is None or isinstance(node, Fork):
            continue
        cases = cases_of(node, around[task.name])
        if isinstance(node, Call):
            undo = _undo(node)
            yield Step(task.name, task.kind, _does(node), undo, cases, step_longest_ms(node), undo_longest_ms(node))
        else:
            yield Step(task.name, task.kind, _does(node), _NOTHING, cases, _own_ms(node), 0)


def _surroundings(definition: Definition, behind_pivot: AbstractSet[str]) -> dict[str, Around]:
    """Return, by node, what takes its failure: the nearest race, gathering loop, or try that it does not handle."""
    handled = handlers(definition)
    found: dict[str, Around] = {}
    for name, scopes in scopes_around(definition).items():
        takers = (scope for scope in scopes if _takes(definition.nodes[scope], name in handled.get(scope, ())))
        found[name] = Around(next(takers, None), name in behind_pivot)
    return found


def _takes(scope: Node, is_handler: bool) -> bool:
    match scope:
        case Race():
            return True
        case Loop():
            return scope.gather is not None
        case Try():
            return scope.catch is not None and not is_handler
        case _:
            return False


def _undo(node: Call) -> str:
    if node.child is not None and node.compensation is not None:
        return f"undoing {node.child.definition}"
    return node.compensation.command if node.compensation else f"none: {(node.reason or 'nothing to undo').rstrip('.')}"


def _own_ms(node: Node) -> int:
    """Return how long a node that sends nothing waits by itself."""
    match node:
        case Listen() | Try():
            return node.timeout_ms or 0
        case Wait():
            return node.wait_ms
        case Loop() | Race():
            return node.gather.within_ms if node.gather is not None else node.timeout_ms or 0
        case _:
            return 0


def _does(node: Node) -> str:  # noqa: C901 - one case for each kind of node
    match node:
        case Call():
            does = (
                f"runs the {participant(node)}" if node.child is not None else f"{node.command} to {participant(node)}"
            )
        case Listen():
            does = f"waits for {(' and ' if node.every else ' or ').join(node.signals)}"
        case Wait():
            does = f"waits {in_words(node.wait_ms)}"
        case Emit():
            does = f"tells {node.type}"
        case Local():
            does = f"computes {node.function} in place" if node.function is not None else "sets values in place"
        case Switch():
            does = "chooses the first case that holds"
        case Raise():
            does = f"gives up: {node.message}"
        case Loop():
            does = f"does its steps for each {node.each}" + (
                f", {node.concurrency} at once" if node.concurrency > 1 else ""
            )
        case Race():
            does = "asks all its branches at once" if node.gather is not None else "takes the first branch that ends"
        case Try():
            does = "tries its steps and catches what fails"
        case _:
            does = type(node).__name__.lower()
    return does
