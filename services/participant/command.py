"""Reading records: a command, or a record for the dead-letter topic."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import orjson

from schemas.codec import Codec, Undecodable
from streams.record import Record

GENERIC = "saga.GenericCommand"
MAX_TYPE = 200
"""Characters of a generic command's type."""

MAX_IDS = 2_000
"""Characters of all ids of a command together."""


class Command(NamedTuple):
    """A decoded command and the record it came in."""

    name: str
    fields: Mapping[str, Any]
    meta: Mapping[str, Any]
    record: Record


class Poison(NamedTuple):
    """A record nobody can answer, and why."""

    record: Record
    code: str
    detail: str


def read(records: Sequence[Record], codec: Codec) -> tuple[list[Command], list[Poison]]:
    """Decode a batch; order is kept among the commands."""
    commands: list[Command] = []
    poison: list[Poison] = []
    for record in records:
        try:
            name, fields = decode(record.value, codec)
        except Undecodable as error:
            poison.append(Poison(record, "undecodable", str(error)))
            continue
        meta = fields.get("meta")
        if not isinstance(meta, dict) or "command_id" not in meta:
            poison.append(Poison(record, "not_a_command", f"{name} is no command"))
        elif not _usable(meta):
            poison.append(Poison(record, "unusable_identity", "an id is empty, too long, or holds a NUL character"))
        else:
            commands.append(Command(name, fields, meta, record))
    return commands, poison


def decode(value: bytes | None, codec: Codec) -> tuple[str, Mapping[str, Any]]:
    """Return name and fields of a message; a generic command looks as if it had a schema. Raises Undecodable.

    One without a usable type or data stays what it is, and no participant takes it; nor can a message that has a
    schema get round that schema so.
    """
    name, fields = codec.decode(value)
    if name != GENERIC:
        return name, fields
    kind = fields["type"]
    try:
        data = orjson.loads(fields["data"])
    except orjson.JSONDecodeError:
        return name, fields
    if not isinstance(data, dict) or not kind.isprintable() or len(kind) > MAX_TYPE or codec.publishes(kind):
        return name, fields
    return kind, {**data, "meta": fields["meta"]}


def _usable(meta: Mapping[str, Any]) -> bool:
    """Whether the ids can be stored: PostgreSQL refuses a NUL in a text, and long texts in an index."""
    ids = f"{meta['saga_id']}{meta['command_id']}{meta['token']}{meta['step']}{meta['undoes'] or ''}"
    whole = meta["saga_id"] and meta["command_id"] and meta["token"] and meta["step"]
    return bool(whole) and len(ids) <= MAX_IDS and "\0" not in ids
