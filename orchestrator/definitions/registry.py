"""The definitions an orchestrator runs: the shipped ones and those of a directory, with the deployment's parameters."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import yaml

from orchestrator.core.definition import Definition
from orchestrator.core.events import Json
from orchestrator.definitions.compiler import compile_definition
from orchestrator.definitions.errors import DefinitionError
from orchestrator.definitions.functions import FUNCTIONS


class Registry:
    """Definitions by name and version. Immutable once loaded."""

    def __init__(self, definitions: list[Definition], parameters: Mapping[str, Json]) -> None:
        self._versions = {(definition.name, definition.version): definition for definition in definitions}
        self._newest: dict[str, Definition] = {}
        for definition in sorted(definitions, key=lambda one: one.version):
            self._newest[definition.name] = definition
        self._parameters = parameters

    def newest(self, name: str) -> Definition | None:
        """Return the version that new sagas get."""
        return self._newest.get(name)

    def version(self, name: str, version: int) -> Definition | None:
        """Return the version that a saga was started with."""
        return self._versions.get((name, version))

    def parameters(self, definition: Definition) -> Json:
        """Return the definition's parameters, overridden by the deployment's."""
        return {**definition.parameters, **self._parameters.get(definition.name, {})}


def load(directory: Path | None, parameters: Mapping[str, Json]) -> Registry:
    """Compile the shipped definitions and those of `directory`. Raises DefinitionError naming the file."""
    files = sorted(Path(__file__).parent.glob("*.yaml"))
    if directory is not None:
        files += sorted(directory.glob("*.yaml"))
    definitions: list[Definition] = []
    for file in files:
        try:
            definitions.append(compile_definition(yaml.safe_load(file.read_text()), FUNCTIONS))
        except yaml.YAMLError as error:
            raise DefinitionError(file.name, str(error)) from error
        except DefinitionError as error:
            raise DefinitionError(f"{file.name}: {error.where}", error.message) from error
    for one, name in _versions_given_twice(definitions, files):
        raise DefinitionError(name, f"{one.name} version {one.version} is defined already")
    return Registry(definitions, parameters)


def _versions_given_twice(definitions: list[Definition], files: list[Path]) -> Iterator[tuple[Definition, str]]:
    """Yield what the same major version of the same name is defined by again: running sagas are pinned to it."""
    known: set[tuple[str, int]] = set()
    for one, file in zip(definitions, files, strict=True):
        if (one.name, one.version) in known:
            yield one, file.name
        known.add((one.name, one.version))
