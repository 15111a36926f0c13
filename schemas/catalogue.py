"""The catalogue of message schemas: every version of every message, its id on the wire, and what it means in Avro."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import fastavro

ROOT = Path(__file__).parent
_NAMESPACE = "sagaline."


@dataclass(frozen=True, slots=True)
class MessageSchema:
    """One version of one message, `name` is `context.Record`.

    `parsed` is ready for fastavro, `text` is self-contained JSON for everybody else.
    """

    name: str
    version: int
    schema_id: int
    parsed: Any
    text: str


@dataclass(frozen=True, slots=True)
class Published:
    """What `ids.json` holds about one version of a message: it can never change again.

    `sha256` is of the fingerprint's text, `uses` the version of each named type that the schema is made of.
    """

    schema_id: int
    sha256: str
    uses: Mapping[str, int]


Types = Mapping[str, Mapping[int, Any]]
"""Schemas as they are written, by `context.Record` and version."""


def read_types(root: Path = ROOT) -> Types:
    """Return every .avsc file."""
    types: dict[str, dict[int, Any]] = {}
    for path in sorted((root / "avro").rglob("*.avsc")):
        record, version, _ = path.name.split(".")
        types.setdefault(f"{path.parent.name}.{record}", {})[int(version)] = json.loads(path.read_text())
    return types


def read_lock(root: Path = ROOT) -> Mapping[str, Mapping[int, Published]]:
    """Return what is published, by message name and version."""
    lock = json.loads((root / "ids.json").read_text())
    return {
        name: {
            int(version): Published(entry["id"], entry.get("sha256", ""), entry.get("uses", {}))
            for version, entry in versions.items()
        }
        for name, versions in lock.items()
    }


def whole(name: str, version: int, types: Types, uses: Mapping[str, int]) -> tuple[Any, Mapping[str, int]]:
    """Return a self-contained schema and the versions of the named types it is made of.

    A named type that `uses` leaves out is taken in its newest version. Raises ValueError where a file is missing.
    """
    used: dict[str, int] = {}
    return _inline(_written(types, name, version), types, uses, used, set()), used


def fingerprint(schema: Any) -> str:
    """Return the SHA-256 of all that a self-contained schema says, but for its explanations."""
    return hashlib.sha256(json.dumps(_without_docs(schema), sort_keys=True).encode()).hexdigest()


def _written(types: Types, name: str, version: int) -> Any:
    written = types.get(name, {}).get(version)
    if written is None:
        raise ValueError(f"schemas/ids.json names {name} version {version}, but its .avsc file is missing")
    return written


def _inline(schema: Any, types: Types, uses: Mapping[str, int], used: dict[str, int], seen: set[str]) -> Any:
    """Return the schema with each named type written out where it is first used, as Avro demands."""
    if isinstance(schema, str):
        name = schema.removeprefix(_NAMESPACE)
        if name not in types or schema in seen:
            return schema
        used[name] = uses.get(name, max(types[name]))
        return _inline(_written(types, name, used[name]), types, uses, used, seen)
    if isinstance(schema, list):
        return [_inline(branch, types, uses, used, seen) for branch in schema]
    if isinstance(schema, dict):
        if schema.get("type") in ("record", "enum", "fixed"):
            seen.add(f"{schema['namespace']}.{schema['name']}")
        return {
            key: _inline(part, types, uses, used, seen) if key in {"type", "items", "values", "fields"} else part
            for key, part in schema.items()
        }
    return schema


def _without_docs(schema: Any) -> Any:
    if isinstance(schema, list):
        return [_without_docs(part) for part in schema]
    if isinstance(schema, dict):
        return {key: _without_docs(part) for key, part in schema.items() if key != "doc"}
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
def load(root: Path = ROOT) -> Mapping[int, MessageSchema]:
    """Return every published message by its id on the wire. Raises ValueError where the lock names a missing schema."""
    types = read_types(root)
    catalogue: dict[int, MessageSchema] = {}
    for name, versions in read_lock(root).items():
        for version, published in versions.items():
            schema, _ = whole(name, version, types, published.uses)
            parsed = fastavro.parse_schema(_without_logical_types(schema))
            found = MessageSchema(name, version, published.schema_id, parsed, json.dumps(schema))
            catalogue[published.schema_id] = found
    return catalogue


@cache
def latest(root: Path = ROOT) -> Mapping[str, MessageSchema]:
    """Return the newest version of every message by its name."""
    newest: dict[str, MessageSchema] = {}
    for schema in load(root).values():
        held = newest.get(schema.name)
        if held is None or schema.version > held.version:
            newest[schema.name] = schema
    return newest
