"""What a step sees: the results so far, its loop's item, its input."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from orchestrator.core.definition import Definition, Join, Listen, Loop, Reads, Switch, Try
from orchestrator.core.errors import explained
from orchestrator.core.paths import CATCH, enclosing, name_of, prefix_of
from orchestrator.core.scope import EMPTY, Scope
from orchestrator.core.state import CONTEXT, ERROR, ITEMS, OPEN, State


class _Context(Mapping[str, Any]):
    """The results that a path sees, put together when somebody asks: within a large loop hardly any step does."""

    __slots__ = ("_definition", "_found", "_outputs", "_path")

    def __init__(self, definition: Definition, outputs: Mapping[str, Any], path: str) -> None:
        self._definition = definition
        self._outputs = outputs
        self._path = path
        self._found: Mapping[str, Any] | None = None

    def _whole(self) -> Mapping[str, Any]:
        if self._found is None:
            results = _results(self._definition, self._outputs, self._path)
            self._found = {**results, **self._outputs.get(CONTEXT, EMPTY)}
        return self._found

    def __getitem__(self, name: str) -> Any:
        return self._whole()[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._whole())

    def __len__(self) -> int:
        return len(self._whole())


def scope_at(definition: Definition, state: State, path: str, data: Any = None) -> Scope:
    """Return what the expressions of the step at `path` see, with `data` as `.`."""
    origin = state.origin
    return Scope(
        origin.data,
        _context(definition, state, path),
        origin.parameters,
        data,
        _variables(definition, state, path) if "/" in path else EMPTY,
        state,
        name_of(path),
    )


def task_scope(definition: Definition, state: State, path: str, reads: Reads, source: str) -> Scope:
    """Return what a step sees whose input is the result at `source`."""
    if not reads.data and reads.shape is None:
        return scope_at(definition, state, path)
    scope = scope_at(definition, state, path, data_of(definition, state, source))
    return scope if reads.shape is None else scope._replace(data=reads.shape(scope))


def shaping_scope(definition: Definition, state: State, path: str, data: Any, given: str | None) -> Scope:
    """Return what the output and the export of the step at `path` see: `.` is its result, $input what it was given."""
    scope = scope_at(definition, state, path, data)
    if given is None:
        return scope
    return scope._replace(variables={**scope.variables, "input": state.outputs.get(prefix_of(path) + given)})


def exported(definition: Definition, state: State, path: str, context: Mapping[str, Any]) -> dict[str, Any]:
    """Return what an exported context adds to the results, which are part of every context in any case."""
    results = _results(definition, state.outputs, path)
    return {key: value for key, value in context.items() if key not in results or not _is_same(results[key], value)}


def _is_same(one: Any, other: Any) -> bool:
    """Tell whether two values are the same JSON; to Python, true is 1."""
    match one, other:
        case dict(), dict():
            return one.keys() == other.keys() and all(_is_same(part, other[key]) for key, part in one.items())
        case list(), list():
            return len(one) == len(other) and all(map(_is_same, one, other))
        case _:
            return type(one) is type(other) and bool(one == other)


def data_of(definition: Definition, state: State, source: str) -> Any:
    """Return what the step at `source` passes on; the saga's own input where it is empty."""
    if not source:
        return state.origin.data if definition.input is None else definition.input(_own_input(definition, state))
    node = definition.nodes.get(name_of(source))
    match node:
        case Switch():
            held = state.steps.get(source)
            return data_of(definition, state, held.source if held else "")
        case Join():
            return [_branch_result(definition, state, prefix_of(source), branch) for branch in node.branches]
        case Listen():
            received = state.outputs.get(source, {})
            return [one["data"] for one in received.get("signals", [received] if received else [])]
        case _:
            return state.outputs.get(source)


def _own_input(definition: Definition, state: State) -> Scope:
    return scope_at(definition, state, "", state.origin.data)


def _branch_result(definition: Definition, state: State, prefix: str, ends: frozenset[str]) -> Any:
    for path, step in reversed(list(state.steps.items())):
        if prefix_of(path) == prefix and not step.undo and step.status not in OPEN and name_of(path) in ends:
            return data_of(definition, state, path)
    return next(
        (data_of(definition, state, prefix + name) for name in ends if isinstance(definition.nodes[name], Join)),
        None,
    )


def _context(definition: Definition, state: State, path: str) -> Mapping[str, Any]:
    """Return the results, and over them what was exported."""
    outputs = state.outputs
    if definition.flat and definition.exports.keys().isdisjoint(outputs) and CONTEXT not in outputs:
        return outputs
    return _Context(definition, outputs, path)


def _results(definition: Definition, outputs: Mapping[str, Any], path: str) -> dict[str, Any]:
    """Return the results by step name: those of the scopes around the path too, inner ones first where names meet."""
    context: dict[str, Any] = {}
    prefixes = ["", *reversed([f"{scope}/{part}/" for scope, part in enclosing(path)])]
    for prefix in prefixes:
        for step, output in outputs.items():
            name = step[len(prefix) :]
            if step.startswith(prefix) and "/" not in name and ":" not in name:
                context[name] = output
                if name in definition.exports:
                    context[definition.exports[name]] = output
    return context


def _variables(definition: Definition, state: State, path: str) -> Mapping[str, Any]:
    """Return the items, indexes and errors that the scopes around the path name; inner ones hide outer ones."""
    variables: dict[str, Any] = {}
    for scope, part in reversed(list(enclosing(path))):
        node = definition.nodes.get(name_of(scope))
        if isinstance(node, Loop):
            items = state.outputs[scope + ITEMS]
            variables[node.at] = int(part) % len(items)
            variables[node.each] = items[variables[node.at]]
        elif isinstance(node, Try) and node.catch is not None and part == CATCH:
            variables[node.catch.variable] = explained(definition, state.outputs[scope + ERROR])
    return variables
