"""The shipped fragments: blocks of tasks that any definition may use by name."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import yaml

from orchestrator.definitions.document import entries, text
from orchestrator.definitions.errors import DefinitionError
from orchestrator.definitions.fragments import Library

_SHIPPED = Path(__file__).parent / "fragments"


@cache
def shipped() -> Library:
    """Return the shipped fragments by name. Raises DefinitionError naming the file."""
    found: dict[str, object] = {}
    for file in sorted(_SHIPPED.glob("*.yaml")):
        try:
            fragment = entries(yaml.safe_load(file.read_text(encoding="utf-8")), file.name)
        except yaml.YAMLError as error:
            raise DefinitionError(file.name, str(error)) from error
        name = text(fragment.get("fragment"), f"{file.name}: fragment")
        if name != file.stem:
            raise DefinitionError(file.name, f"holds the fragment {name}; call the file {name}.yaml")
        found[name] = fragment
    return found
