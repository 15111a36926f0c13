"""The shipped fragments: blocks of tasks that any definition may use by name."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import yaml

from orchestrator.definitions.document import entries, text
from orchestrator.definitions.errors import DefinitionError
from orchestrator.definitions.fragments import Library
from orchestrator.definitions.yaml_values import FastLoader

_SHIPPED = Path(__file__).parent / "fragments"


@cache
def shipped() -> Library:
    """Return the shipped fragments by name. Raises DefinitionError naming the file."""
    found: dict[str, object] = {}
    for file in sorted(_SHIPPED.glob("*.yaml")):
        try:
            read = yaml.load(file.read_text(encoding="utf-8"), Loader=FastLoader)  # noqa: S506 - a safe one
            fragment = entries(read, file.name)
        except yaml.YAMLError as error:
            raise DefinitionError(file.name, str(error)) from error
        name = text(fragment.get("fragment"), f"{file.name}: fragment")
        if name != file.stem:
            raise DefinitionError(file.name, f"holds the fragment {name}; call the file {name}.yaml")
        found[name] = fragment
    return found
