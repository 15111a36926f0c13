"""Loading what is to be tried: a shipped definition by its name, or any document by its path."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

from orchestrator.core.definition import Definition
from orchestrator.core.events import Json
from orchestrator.definitions.errors import DefinitionError
from orchestrator.definitions.positions import Unreadable, read
from orchestrator.definitions.registry import Registry, Version, compiled, load
from simulator.scenario import check_explore

ENDINGS = (".yaml", ".yml", ".json")


class Loaded(NamedTuple):
    """A definition with the document that it was compiled from, and the registry in which its children are found."""

    reference: str
    document: Any
    definition: Definition
    parameters: Json
    registry: Registry


def shipped_names() -> list[str]:
    """Return the names of the definitions that are shipped."""
    return sorted({version.definition.name for version in load(None, {}).versions()})


def load_definition(reference: str) -> Loaded:
    """Compile the document at this path, or find the newest shipped one of this name. Raises DefinitionError."""
    registry = load(None, {})
    path = Path(reference)
    if path.suffix in ENDINGS:
        version = compiled(_document(path))
        if registry.version(*version.pin) is None:
            registry.add(version)
    else:
        version = _newest(registry, reference)
    definition = version.definition
    check_explore(version.document, definition)
    return Loaded(reference, version.document, definition, registry.parameters(definition), registry)


def _newest(registry: Registry, name: str) -> Version:
    found = [version for version in registry.versions() if version.definition.name == name]
    if not found:
        names = ", ".join(sorted({version.definition.name for version in registry.versions()}))
        raise DefinitionError(name, f"is neither the path of a document nor one of {names}")
    return found[-1]


def _document(path: Path) -> Any:
    try:
        return read(path.read_text(encoding="utf-8")).document
    except (OSError, Unreadable, UnicodeDecodeError) as error:
        raise DefinitionError(str(path), f"cannot be read: {error}") from error
