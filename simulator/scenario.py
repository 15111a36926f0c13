"""What a saga is tried with: its data, what its participants answer, which steps nobody undoes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from orchestrator.core.definition import Call, Definition, Listen
from orchestrator.core.events import Json
from orchestrator.core.paths import name_of
from orchestrator.definitions.document import items, mapping
from orchestrator.definitions.errors import DefinitionError
from simulator.shipped import INPUTS, RESULTS, example_of

NOTHING: Json = {}


@dataclass(frozen=True, slots=True)
class Scenario:
    """One way to start a saga.

    `results` gives what each step or command yields and `signals` the data of each signal: one object or a list of
    all that are possible, an empty one where not named.
    `kept` names the steps that the document says nobody undoes.
    """

    name: str
    definition: Definition
    data: Json
    parameters: Json
    kept: frozenset[str]
    results: Mapping[str, Any] = field(default_factory=dict)
    signals: Mapping[str, Any] = field(default_factory=dict)
    takes: tuple[str, ...] = field(init=False)
    """Every signal that the saga may ever take, in the order of the document."""

    def __post_init__(self) -> None:
        nodes = self.definition.nodes.values()
        awaited = [signal for node in nodes if isinstance(node, Listen) for signal in node.signals]
        object.__setattr__(self, "takes", tuple(dict.fromkeys([*awaited, *self.definition.late_signals])))

    def answers(self, step: str) -> Sequence[Json]:
        """Return all that a step's participant may answer where all goes well, given the step's path."""
        name = name_of(step)
        node = self.definition.nodes.get(name)
        command = node.command if isinstance(node, Call) else ""
        found = self.results.get(name, self.results.get(command, RESULTS.get(command, NOTHING)))
        return found if isinstance(found, list) else (found,)

    def data_of(self, signal: str) -> Sequence[Json]:
        """Return all that a signal may carry."""
        found = self.signals.get(signal, NOTHING)
        return found if isinstance(found, list) else (found,)


def kept_in(document: Any) -> frozenset[str]:
    """Return the names of the steps that nobody undoes, as `compensate: {none: …}` or `await: false` says."""
    return frozenset(_kept(document))


def _kept(part: Any) -> Iterator[str]:
    if isinstance(part, list):
        for one in part:
            yield from _kept(one)
    elif isinstance(part, dict):
        for name, value in part.items():
            if isinstance(value, dict) and (_holds(value, "compensate", "none") or _stands_alone(value)):
                yield str(name)
            yield from _kept(value)


def _holds(task: Mapping[str, Any], part: str, word: str) -> bool:
    return isinstance(task.get(part), dict) and word in task[part]


def _stands_alone(task: Mapping[str, Any]) -> bool:
    return _holds(task, "run", "await") and task["run"]["await"] is False


def scenarios(
    definition: Definition, document: Any, parameters: Json, inputs: Mapping[str, Json] | None = None
) -> list[Scenario]:
    """Return a scenario for each input: those given, those of `x-explore`, the shipped ones, or the example."""
    explore = document.get("x-explore", {}) if isinstance(document, dict) else {}
    example = {"example": example_of(document) or NOTHING}
    named = inputs or _named(explore.get("inputs")) or INPUTS.get(definition.name) or example
    return [scenario_of(name, definition, document, parameters, data) for name, data in named.items()]


def scenario_of(name: str, definition: Definition, document: Any, parameters: Json, data: Json) -> Scenario:
    """Return the scenario of one input."""
    explore = document.get("x-explore", {}) if isinstance(document, dict) else {}
    kept, results, signals = kept_in(document), explore.get("results", {}), explore.get("signals", {})
    return Scenario(name, definition, data, parameters, kept, results, signals)


def check_explore(document: Any, definition: Definition) -> None:
    """Refuse an `x-explore` of which something would be left out without a word. Raises DefinitionError."""
    if not isinstance(document, dict) or "x-explore" not in document:
        return
    parts = mapping(document["x-explore"], "x-explore", ("inputs", "results", "signals"))
    calls = [node for node in definition.nodes.values() if isinstance(node, Call)]
    known = {
        "results": {node.name for node in calls} | {node.command for node in calls},
        "signals": set(Scenario("", definition, NOTHING, NOTHING, frozenset()).takes),
    }
    for kind, names in known.items():
        for name, value in mapping(parts.get(kind, {}), f"x-explore.{kind}", names).items():
            for one in items(value, f"x-explore.{kind}.{name}") if isinstance(value, list) else [value]:
                if not isinstance(one, dict):
                    raise DefinitionError(f"x-explore.{kind}.{name}", "must be an object, or a list of objects")
    inputs = parts.get("inputs", [NOTHING])
    named = inputs.values() if isinstance(inputs, dict) else items(inputs, "x-explore.inputs")
    if not named or not all(isinstance(one, dict) for one in named):
        raise DefinitionError("x-explore.inputs", "must hold objects, by name or in a list")


def _named(inputs: Any) -> Mapping[str, Json]:
    """Return inputs by name; those of a list are counted."""
    if isinstance(inputs, dict):
        return inputs
    return {f"input {number}": data for number, data in enumerate(inputs or (), 1)}
