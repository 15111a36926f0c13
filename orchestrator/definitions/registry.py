"""The definitions that can be run: shipped ones, those of a directory and deployed ones, with the parameters to use."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from orchestrator.core.definition import Definition
from orchestrator.core.events import Json
from orchestrator.definitions.compiler import compile_definition
from orchestrator.definitions.deployed import Deployed, check_name, digest, plain
from orchestrator.definitions.errors import DefinitionError
from orchestrator.definitions.fragments import expand
from orchestrator.definitions.functions import FUNCTIONS
from orchestrator.definitions.library import shipped
from orchestrator.definitions.schedule import Schedule, schedule_of
from orchestrator.definitions.yaml_values import FastLoader


class VersionTaken(ValueError):
    """Another document is known by this name and version: versions never change."""


@dataclass(frozen=True, slots=True)
class Version:
    """One version of one definition: its graph, its schedule, and the document that they come from."""

    definition: Definition
    schedule: Schedule | None
    semver: str
    document: Json
    sha256: str

    @property
    def pin(self) -> tuple[str, int]:
        """The name and the major version, by which a saga is pinned to it."""
        return self.definition.name, self.definition.version


def compiled(document: Any) -> Version:
    """Compile a document as it was written; what is kept has its fragments expanded. Raises DefinitionError."""
    written = plain(expand(document, shipped()))
    schedule = schedule_of(written)
    definition = compile_definition(written, FUNCTIONS)
    check_name(definition.name)
    return Version(definition, schedule, written["document"]["version"], written, digest(written))


class Registry:
    """Definitions by name and version. It only grows; `add` may be called while another thread looks things up.

    `on_miss` is called when something is not there; what it adds is found then.
    """

    def __init__(self, versions: Iterable[Version], parameters: Mapping[str, Json]) -> None:
        self._known: dict[tuple[str, int], Version] = {}
        self._graphs: dict[tuple[str, int], Definition] = {}
        self._newest: dict[str, Definition] = {}
        self._parameters = parameters
        self.on_miss: Callable[[], None] = _nothing
        for version in versions:
            self.add(version)

    def add(self, version: Version) -> bool:
        """Take in a version; False where it is known already. Raises VersionTaken where its document is another."""
        name, major = version.pin
        known = self._known.get(version.pin)
        if known is None:
            self._take(version)
            return True
        if known.sha256 == version.sha256:
            return False
        raise VersionTaken(f"{name} version {major} is defined already, as {known.semver}")

    def _take(self, version: Version) -> None:
        name, major = version.pin
        self._known[version.pin] = version
        self._graphs[version.pin] = version.definition
        newest = self._newest.get(name)
        if newest is None or newest.version <= major:
            self._newest[name] = version.definition

    def deploy(self, deployed: Deployed) -> bool:
        """Compile and take in a deployed version; False where it is known. Raises DefinitionError, VersionTaken."""
        version = self._compiled(deployed)
        return False if version is None else self.add(version)

    def prefer(self, deployed: Deployed) -> bool:
        """Take in a deployed version before any saga is worked on, in place of a shipped one with its number.

        It was deployed when no such version was shipped yet: sagas run on it. False where it is known.
        Raises DefinitionError.
        """
        version = self._compiled(deployed)
        if version is not None:
            self._take(version)
        return version is not None

    def _compiled(self, deployed: Deployed) -> Version | None:
        """Return the version that was deployed, None where it is known already. Raises DefinitionError."""
        known = self._known.get((deployed.name, deployed.version))
        if known is not None and known.sha256 == deployed.sha256:
            return None
        version = compiled(deployed.document)
        if version.pin != (deployed.name, deployed.version):
            raise DefinitionError("document", f"is {version.pin}, its record names another version")
        return version

    def newest(self, name: str) -> Definition | None:
        """Return the version that new sagas get."""
        if name not in self._newest:
            self.on_miss()
        return self._newest.get(name)

    def version(self, name: str, version: int) -> Definition | None:
        """Return the version that a saga was started with."""
        found = self._graphs.get((name, version))
        if found is None:
            self.on_miss()
            found = self._graphs.get((name, version))
        return found

    def schedule(self, definition: Definition) -> Schedule | None:
        """Return when a definition's sagas start by themselves."""
        known = self._known.get((definition.name, definition.version))
        return None if known is None else known.schedule

    def versions(self) -> Iterable[Version]:
        """Return all versions, by name and then by version."""
        return [self._known[pin] for pin in sorted(self._known)]

    def parameters(self, definition: Definition) -> Json:
        """Return the definition's parameters, overridden by the deployment's."""
        return {**definition.parameters, **self._parameters.get(definition.name, {})}


def load(directory: Path | None, parameters: Mapping[str, Json]) -> Registry:
    """Compile the shipped definitions and those of `directory`. Raises DefinitionError naming the file."""
    files = sorted(Path(__file__).parent.glob("*.yaml"))
    if directory is not None:
        files += sorted(directory.glob("*.yaml"))
    registry = Registry((), parameters)
    for file in files:
        try:
            is_new = registry.add(compiled(yaml.load(file.read_text(), Loader=FastLoader)))  # noqa: S506 - a safe one
        except (yaml.YAMLError, VersionTaken) as error:
            raise DefinitionError(file.name, str(error)) from error
        except DefinitionError as error:
            raise DefinitionError(f"{file.name}: {error.where}", error.message) from error
        if not is_new:
            raise DefinitionError(file.name, "is a definition that another file holds already")
    return registry


def _nothing() -> None:
    """Know of no other place where definitions could come from."""
