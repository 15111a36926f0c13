"""Whether a reader of one schema understands what a writer of an older one wrote: Avro's rules of resolution."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

_WIDER = {
    "int": {"long", "float", "double"},
    "long": {"float", "double"},
    "float": {"double"},
    "string": {"bytes"},
    "bytes": {"string"},
}
"""What else a value of each type may be read as."""


def problems(reader: Any, writer: Any) -> list[str]:
    """Return each reason, with its path, why data of the writer's schema cannot be read with the reader's.

    Both are self-contained schemas, as JSON gives them.
    """
    return list(_problems(reader, writer, "", ({}, {}), frozenset()))


_Named = tuple[dict[str, Any], dict[str, Any]]
"""The named types met so far, of the reader and of the writer."""
_Pairs = frozenset[tuple[str, str]]
"""The records that are being compared: one that holds itself is compared once."""


def _problems(reader: Any, writer: Any, where: str, named: _Named, pairs: _Pairs) -> Iterator[str]:
    reader, writer = _resolved(reader, named[0]), _resolved(writer, named[1])
    if isinstance(writer, list):
        for branch in writer:
            yield from _problems(reader, branch, where, named, pairs)
    elif isinstance(reader, list):
        if all(any(_problems(branch, writer, where, named, pairs)) for branch in reader):
            yield f"{where or '.'}: {_kind(writer)} fits no branch of the union"
    elif _kind(reader) == _kind(writer):
        yield from _same_kind_problems(reader, writer, where, named, pairs)
    elif _kind(reader) not in _WIDER.get(_kind(writer), ()):
        yield f"{where or '.'}: {_kind(writer)} became {_kind(reader)}"


def _same_kind_problems(reader: Any, writer: Any, where: str, named: _Named, pairs: _Pairs) -> Iterator[str]:
    match _kind(reader):
        case "record":
            pair = (reader["name"], writer["name"])
            if pair not in pairs:
                yield from _record_problems(reader, writer, where, named, pairs | {pair})
        case "enum":
            lost = [symbol for symbol in writer["symbols"] if symbol not in reader["symbols"]]
            if lost and "default" not in reader:
                yield f"{where or '.'}: lost the symbols {', '.join(lost)}, and has no default"
        case "array" | "map" as kind:
            items = "items" if kind == "array" else "values"
            yield from _problems(reader[items], writer[items], f"{where}[]", named, pairs)
        case "fixed":
            if reader["size"] != writer["size"]:
                yield f"{where or '.'}: has {reader['size']} bytes instead of {writer['size']}"


def _record_problems(reader: Any, writer: Any, where: str, named: _Named, pairs: _Pairs) -> Iterator[str]:
    if reader["name"] != writer["name"]:
        yield f"{where or '.'}: the record {writer['name']} became {reader['name']}"
        return
    written = {field["name"]: field for field in writer["fields"]}
    # Named types are known from their first use on, also where nobody reads the field that they were first used in.
    for field in writer["fields"]:
        _learn(field["type"], named[1])
    for field in reader["fields"]:
        _learn(field["type"], named[0])
        names = (field["name"], *field.get("aliases", ()))
        old = next((written[name] for name in names if name in written), None)
        if old is not None:
            yield from _problems(field["type"], old["type"], f"{where}.{field['name']}", named, pairs)
        elif "default" not in field:
            yield f"{where}.{field['name']}: is new and has no default"


def _resolved(schema: Any, named: dict[str, Any]) -> Any:
    """Return a schema in place of a name, and an object in place of one that only wraps a type."""
    if isinstance(schema, str):
        return named.get(schema, schema)
    if isinstance(schema, dict) and isinstance(schema.get("type"), (dict, list)):
        return _resolved(schema["type"], named)
    _learn(schema, named)
    return schema


def _learn(schema: Any, named: dict[str, Any]) -> None:
    """Remember the named types that a schema holds."""
    if isinstance(schema, list):
        for branch in schema:
            _learn(branch, named)
    if isinstance(schema, dict):
        if "name" in schema and schema.get("type") in {"record", "enum", "fixed"}:
            named[f"{schema['namespace']}.{schema['name']}" if "namespace" in schema else schema["name"]] = schema
        for part in (schema.get("type"), schema.get("items"), schema.get("values")):
            _learn(part, named)
        for field in schema.get("fields", ()):
            _learn(field["type"], named)


def _kind(schema: Any) -> str:
    return schema["type"] if isinstance(schema, dict) else str(schema)
