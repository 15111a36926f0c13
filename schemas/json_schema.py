"""JSON Schema (draft 07) of every payload: of Avro messages as they look decoded, and of what is plain JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from schemas import catalogue

DRAFT = "http://json-schema.org/draft-07/schema#"
DIRECTORY = Path(__file__).parent / "json"
Document = Mapping[str, Any]

_PRIMITIVES: Mapping[str, Document] = {
    "null": {"type": "null"},
    "boolean": {"type": "boolean"},
    "int": {"type": "integer", "minimum": -(2**31), "maximum": 2**31 - 1},
    "long": {"type": "integer", "minimum": -(2**63), "maximum": 2**63 - 1},
    "string": {"type": "string"},
}
_TIME = "milliseconds since the epoch"


@cache
def plain_names(directory: Path = DIRECTORY) -> tuple[str, ...]:
    """Return what is plain JSON and has a schema of its own: topics, and `telemetry` for the lines of logs."""
    return tuple(sorted(path.name.removesuffix(".schema.json") for path in directory.glob("*.schema.json")))


def names() -> list[str]:
    """Return every payload that has a schema: messages by `context.Record`, all others by their topic."""
    return sorted([*catalogue.latest(), *plain_names()])


@cache
def json_schema(name: str) -> Document | None:
    """Return the schema of a payload, None where there is none of this name. Of messages it is the newest version's."""
    message = catalogue.latest().get(name)
    if message is not None:
        return of_avro(name, json.loads(message.text))
    if name not in plain_names():
        return None
    document: Document = json.loads((DIRECTORY / f"{name}.schema.json").read_text(encoding="utf-8"))
    return {"$schema": DRAFT, "$id": address(name), **document}


def address(name: str) -> str:
    """Return where the gateway shows a schema."""
    return f"/v1/schemas/{name}"


def of_avro(name: str, schema: Any) -> Document:
    """Return the JSON Schema of a message: its fields as decoded, times as whole numbers of milliseconds."""
    definitions: dict[str, Any] = {}
    whole = dict(_record(schema, definitions))
    head = {"$schema": DRAFT, "$id": address(name), "title": name}
    return {**head, **whole, **({"definitions": definitions} if definitions else {})}


def _of(schema: Any, definitions: dict[str, Any]) -> Document:
    """Return the schema of a type; named ones go to the definitions when they are met first."""
    if isinstance(schema, list):
        return {"anyOf": [_of(branch, definitions) for branch in schema]}
    if isinstance(schema, str):
        return _PRIMITIVES[schema] if schema in _PRIMITIVES else _reference(schema)
    match schema["type"]:
        case "record" | "enum":
            named = f"{schema['namespace']}.{schema['name']}"
            # Held before it is filled: a record may hold itself.
            definitions[named] = {}
            definitions[named] = _record(schema, definitions) if schema["type"] == "record" else _enum(schema)
            return _reference(named)
        case "array":
            return {"type": "array", "items": _of(schema["items"], definitions)}
        case kind if "logicalType" in schema:
            return {**_of(kind, definitions), "description": _TIME}
        case kind:
            return _of(kind, definitions)


def _reference(named: str) -> Document:
    return {"$ref": f"#/definitions/{named}"}


def _enum(schema: Document) -> Document:
    return {"enum": schema["symbols"], **_explained(schema)}


def _record(schema: Document, definitions: dict[str, Any]) -> Document:
    fields = {}
    for field in schema["fields"]:
        found = _of(field["type"], definitions)
        explained = _explained(field)
        # Beside a reference, draft 07 reads nothing.
        found = {"allOf": [found]} if "$ref" in found and explained else found
        fields[field["name"]] = {**found, **explained}
    return {
        "type": "object",
        **_explained(schema),
        "properties": fields,
        "required": list(fields),
        "additionalProperties": False,
    }


def _explained(schema: Document) -> dict[str, str]:
    return {"description": schema["doc"]} if "doc" in schema else {}
