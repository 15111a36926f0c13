"""Reads a request to start a saga: which definition, with which data and options, or why it cannot be."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import orjson

from orchestrator.core.definition import Definition
from orchestrator.core.events import Json
from orchestrator.core.inputs import Start
from orchestrator.definitions.options import option_faults
from orchestrator.definitions.registry import Registry
from orchestrator.serde import Fields
from schemas.cloudevents import traceparent_of
from streams.record import Record


class NotStartable(Exception):
    """The request can start no saga; `code` says why to programs."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail


@dataclass(frozen=True, slots=True)
class Starting:
    """Reads requests against a registry."""

    registry: Registry

    def read(self, record: Record, fields: Fields) -> tuple[Definition, Start]:
        """Return the definition and what the saga starts with. Raises NotStartable, Abortable."""
        name, wanted = fields["definition"], fields["version"]
        definition = self.registry.newest(name) if wanted is None else self.registry.version(name, wanted)
        if definition is None:
            raise NotStartable("unknown_definition", f"{name} version {wanted or 'newest'} is not loaded")
        data = _object(fields, "data")
        options = _options(fields)
        parent = None if fields["parent"] is None else _object(fields, "parent")
        input_id = fields["meta"]["input_id"]
        parameters = self.registry.parameters(definition)
        return definition, Start(input_id, data, parameters, traceparent_of(record.headers), options, parent)


def check_id(saga_id: str) -> None:
    """Raise NotStartable for an id that step paths and store keys cannot be made of."""
    if not saga_id or "/" in saga_id or ":" in saga_id:
        raise NotStartable("unusable_saga_id", f"{saga_id!r} is empty or holds '/' or ':'")


def _object(fields: Fields, name: str) -> Json:
    try:
        found: Any = orjson.loads(fields[name])
    except orjson.JSONDecodeError as error:
        raise NotStartable("undecodable", f"{name}: {error}") from error
    if not isinstance(found, dict):
        raise NotStartable("undecodable", f"{name}: must be an object")
    return found


def _options(fields: Fields) -> Json:
    options = _object(fields, "options")
    for name, fault in option_faults(options):
        raise NotStartable("unusable_options", f"{name} {fault}")
    return {name: value for name, value in options.items() if value is not None}
