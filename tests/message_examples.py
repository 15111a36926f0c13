"""One plain value of every published schema, and its bytes on the wire, for tests of readers that are not ours."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from io import BytesIO
from typing import Any, NamedTuple

from fastavro import schemaless_writer

from schemas import catalogue
from schemas.catalogue import MessageSchema

_PLAIN: dict[str, Any] = {"null": None, "boolean": True, "int": 7, "long": 1_700_000_000_123, "string": "£ text"}


class Example(NamedTuple):
    """A message of one version: its fields and the record value that holds them."""

    schema: MessageSchema
    fields: dict[str, Any]
    value: bytes


def examples() -> Iterator[Example]:
    """Yield two messages of every version of every message: each union in its first and in its last form."""
    for schema in catalogue.load().values():
        for branch in (0, -1):
            fields = _value(schema.parsed, {}, branch)
            out = BytesIO()
            out.write(struct.pack(">BI", 0, schema.schema_id))
            schemaless_writer(out, schema.parsed, fields)
            yield Example(schema, fields, out.getvalue())


def _value(schema: Any, named: dict[str, Any], branch: int) -> Any:
    if isinstance(schema, str):
        return _PLAIN[schema] if schema in _PLAIN else _value(named[schema], named, branch)
    if isinstance(schema, list):
        # A record that holds itself ends where a union lets it.
        for one in schema:
            _note(one, named)
        return _value(schema[branch], named, branch)
    match schema["type"]:
        case "record":
            named[schema["name"]] = schema
            return {field["name"]: _value(field["type"], named, branch) for field in schema["fields"]}
        case "enum":
            named[schema["name"]] = schema
            return schema["symbols"][branch]
        case "array":
            return [_value(schema["items"], named, branch)]
    raise AssertionError(f"no schema has had a {schema['type']} so far")


def _note(schema: Any, named: dict[str, Any]) -> None:
    if isinstance(schema, dict) and schema.get("type") in ("record", "enum"):
        named[schema["name"]] = schema
