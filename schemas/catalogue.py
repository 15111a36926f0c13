"""The catalogue of message schemas: every version of every message, its id on the wire, and what it means in Avro."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import fastavro

_ROOT = Path(__file__).parent
_NAMESPACE = "sagaline."


@dataclass(frozen=True, slots=True)
class MessageSchema:
    """One version of one message: `name` is `context.Record`, `parsed` is for fastavro, `text` is self-contained JSON."""

    name: str
    version: int
    schema_id: int
    parsed: Any
    text: str


def _read_named_types() -> dict[str, dict[int, Any]]:
    """Return {full name: {version: schema as written}} of every .avsc file."""
    types: dict[str, dict[int, Any]] = {}
    for path in sorted((_ROOT / "avro").rglob("*.avsc")):
        record, version, _ = path.name.split(".")
        types.setdefault(f"{_NAMESPACE}{path.parent.name}.{record}", {})[int(version)] = json.loads(path.read_text())
    return types


def _inline(schema: Any, types: Mapping[str, Mapping[int, Any]], seen: set[str]) -> Any:
    """Return the schema with each named type written out where it is first used, as Avro demands."""
    if isinstance(schema, str):
        if schema not in types or schema in seen:
            return schema
        return _inline(types[schema][max(types[schema])], types, seen)
    if isinstance(schema, list):
        return [_inline(branch, types, seen) for branch in schema]
    if isinstance(schema, dict):
        if schema.get("type") in ("record", "enum", "fixed"):
            seen.add(f"{schema['namespace']}.{schema['name']}")
        return {
            key: _inline(part, types, seen) if key in {"type", "items", "values", "fields"} else part
            for key, part in schema.items()
        }
    return schema


def _without_logical_types(schema: Any) -> Any:
    """Return the schema for our own readers: times stay integers of milliseconds, never datetime objects."""
    if isinstance(schema, list):
        return [_without_logical_types(part) for part in schema]
    if isinstance(schema, dict):
        bare = {key: _without_logical_types(part) for key, part in schema.items() if key != "logicalType"}
        return bare["type"] if set(bare) == {"type"} else bare
    return schema


@cache
def load() -> Mapping[int, MessageSchema]:
    """Return every published message by its id on the wire. Raises ValueError where the lock names a missing schema."""
    types = _read_named_types()
    lock: dict[str, dict[str, int]] = json.loads((_ROOT / "ids.json").read_text())
    catalogue: dict[int, MessageSchema] = {}
    for name, versions in lock.items():
        for version_text, schema_id in versions.items():
            version = int(version_text)
            written = types.get(_NAMESPACE + name, {}).get(version)
            if written is None:
                raise ValueError(f"schemas/ids.json names {name} version {version}, but its .avsc file is missing")
            whole = _inline(written, types, set())
            parsed = fastavro.parse_schema(_without_logical_types(whole))
            catalogue[schema_id] = MessageSchema(name, version, schema_id, parsed, json.dumps(whole))
    return catalogue


@cache
def latest() -> Mapping[str, MessageSchema]:
    """Return the newest version of every message by its name."""
    newest: dict[str, MessageSchema] = {}
    for schema in load().values():
        held = newest.get(schema.name)
        if held is None or schema.version > held.version:
            newest[schema.name] = schema
    return newest
