"""What compiling a document works with: the nodes so far, the names it declares, and a task's surroundings."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from orchestrator.core.definition import UNCHANGED, Local, Node, Reads, RetryPolicy, Strategy
from orchestrator.core.scope import Compute, Scope
from orchestrator.definitions.document import UNITS_MS, duration_ms, entries, mapping, text
from orchestrator.definitions.errors import DefinitionError
from orchestrator.definitions.expressions import export_name, expression, template, uses_data
from orchestrator.definitions.retries import is_conditional, retry_policy

END = "end"


class Place(NamedTuple):
    """A task's surroundings: its path in the document, the node after it, the end of its list, the names it sees.

    `region` tells lists of tasks apart: no way leads from one into another. `root` is false within every scope, and
    `repeats` is true within those whose steps may run more than once.
    """

    where: str
    after: str
    exit: str
    variables: frozenset[str]
    region: str
    root: bool
    repeats: bool = False


class Defaults(NamedTuple):
    """What holds for steps that say nothing themselves."""

    strategy: Strategy
    retries: int
    timeout_ms: int


@dataclass(slots=True)
class Workshop:
    """Collects the nodes of one document; `sequence` compiles a list of tasks and returns its first node."""

    use: Mapping[str, Mapping[str, Any]]
    retries: Mapping[str, RetryPolicy]
    local: Mapping[str, Compute]
    defaults: Defaults
    entries: Mapping[str, str]
    """The node that a task begins with, by the task's name."""
    sequence: Callable[[Any, Place], str]
    nodes: dict[str, Node] = field(default_factory=dict)
    regions: dict[str, str] = field(default_factory=dict)
    exports: dict[str, str] = field(default_factory=dict)

    def add(self, node: Node, place: Place) -> None:
        """Add a node. Raises DefinitionError where its name is taken."""
        if node.name in self.nodes:
            raise DefinitionError(place.where, f"the name {node.name} is taken; write another one for either")
        self.nodes[node.name] = node
        self.regions[node.name] = place.region

    def target(self, value: Any, place: Place, where: str) -> str:
        """Return the node that a flow directive leads to. Raises DefinitionError."""
        directive = text(value, where)
        match directive:
            case "continue":
                return place.after
            case "exit":
                return place.exit
            case "end":
                if not place.root:
                    raise DefinitionError(where, "cannot end the saga from within a scope; write exit")
                return END
            case _:
                if directive not in self.entries:
                    raise DefinitionError(where, f"goes on to {directive}, which does not exist")
                return self.entries[directive]

    def then(self, task: Mapping[str, Any], place: Place) -> str:
        """Return the node after a task. Raises DefinitionError."""
        return self.target(task["then"], place, f"{place.where}.then") if "then" in task else place.after

    def reads(self, task: Mapping[str, Any], place: Place, *values: Any, bare: bool = False) -> Reads:
        """Return what a task reads of its input: what is said under `input`, and whether `values` ask for it."""
        shape = self.shape(task.get("input"), "from", place, f"{place.where}.input")
        return Reads(shape is not None or any(uses_data(value, bare) for value in values), shape)

    def shape(self, value: Any, word: str, place: Place, where: str) -> Compute | None:
        """Compile `input.from` or `output.as`: an expression, or an object of expressions. Raises DefinitionError."""
        if value is None:
            return None
        shape = mapping(value, where, (word,), (word,))[word]
        return self._shaped(shape, f"{where}.{word}", place.variables)

    def output(self, task: Mapping[str, Any], place: Place) -> Compute | None:
        """Compile `output.as` of a task. Raises DefinitionError."""
        named = {"input"} if asks_for_input(task) else set()
        seen = place._replace(variables=place.variables | named)
        return self.shape(task.get("output"), "as", seen, f"{place.where}.output")

    def export(self, name: str, task: Mapping[str, Any], place: Place) -> Compute | None:
        """Compile `export.as`; one that only adds the result under a name is noted as that. Raises DefinitionError."""
        if "export" not in task:
            return None
        where = f"{place.where}.export"
        shape = mapping(task["export"], where, ("as",), ("as",))["as"]
        alias = export_name(shape, f"{where}.as") if isinstance(shape, str) else None
        if alias is not None and name not in self.exports and not place.repeats:
            self.exports[name] = alias
            return None
        named = {"output", "input"} if asks_for_input(task) else {"output"}
        return self._shaped(shape, f"{where}.as", place.variables | named)

    def _shaped(self, shape: Any, where: str, variables: frozenset[str]) -> Compute:
        if isinstance(shape, str):
            return expression(shape, where, variables)
        if not isinstance(shape, dict):
            raise DefinitionError(where, "is no expression and no object; write a text such as .total, or {NAME: ...}")
        return template(shape, where, variables)

    def timeout_ms(self, value: Any, where: str, *words: str) -> tuple[int | None, Mapping[str, Any]]:
        """Return `timeout.after` in milliseconds, and all parts of the time-out; a text names one of use.timeouts."""
        if value is None:
            return None, {}
        if isinstance(value, str):
            declared = self.use.get("timeouts", {})
            if value not in declared:
                raise DefinitionError(where, f"there is no time-out {value} in use.timeouts")
            return self.timeout_ms(entries(declared[value], f"use.timeouts.{value}"), f"use.timeouts.{value}", *words)
        if not isinstance(value, dict):
            raise DefinitionError(where, f"'{value}' is no time-out; write {{after: {{seconds: 30}}}}")
        if UNITS_MS.keys() & value:
            raise DefinitionError(where, "is no duration itself; write {after: {seconds: 30}}")
        parts = mapping(value, where, ("after", *words))
        return (duration_ms(parts["after"], f"{where}.after") if "after" in parts else None), parts

    def retry(self, value: Any, where: str, variables: frozenset[str] = frozenset()) -> RetryPolicy:
        """Return a retry policy, or the one of use.retries that a text names. Raises DefinitionError."""
        if value is None:
            return RetryPolicy(limit=self.defaults.retries, is_default=True)
        if isinstance(value, str):
            declared = self.use.get("retries", {})
            if value not in declared:
                raise DefinitionError(where, f"there is no retry policy {value} in use.retries")
            if is_conditional(declared[value]):
                return retry_policy(declared[value], f"use.retries.{value}", self.defaults.retries, variables)
            return self.retries[value]
        return retry_policy(value, where, self.defaults.retries, variables)

    def shaped_after(self, name: str, task: Mapping[str, Any], place: Place) -> tuple[Mapping[str, Any], Place]:
        """Add the node that shapes or exports a result where the task itself cannot. Returns the rest of the task."""
        if "output" not in task and "export" not in task:
            return task, place
        left = {key: value for key, value in task.items() if key not in ("output", "export", "then")}
        shaper = f"{name}.output"
        output = self.output(task, place)
        # Whoever asks for the task's result means the shaped one.
        self.exports[shaper] = name
        export = self.export(shaper, task, place)
        then = self.then(task, place)
        given = given_to(name, task)
        self.add(Local(shaper, _data, UNCHANGED, then, Reads(data=True), output, export, given=given), place)
        return left, place._replace(after=shaper)


def asks_for_input(task: Mapping[str, Any]) -> bool:
    """Tell whether the output or the export of a task is computed from the task's input too."""
    return _names_input(task.get("output")) or _names_input(task.get("export"))


def given_to(name: str, task: Mapping[str, Any]) -> str | None:
    """Return the step that holds the input of a task, where the task's output or export asks for it."""
    return f"{name}.input" if asks_for_input(task) else None


def _names_input(value: Any) -> bool:
    match value:
        case str():
            return "$input" in value
        case dict():
            return any(_names_input(part) for part in value.values())
        case list():
            return any(_names_input(part) for part in value)
        case _:
            return False


def _data(scope: Scope) -> Any:
    return scope.data
