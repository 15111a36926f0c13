"""Encode and decode messages in Confluent's wire format: 0x00, a 4-byte schema id, an Avro body."""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping
from io import BytesIO
from pathlib import Path
from typing import Any, NamedTuple

from fastavro import schemaless_reader, schemaless_writer

from schemas import catalogue
from schemas.catalogue import MessageSchema

MAX_MESSAGE_BYTES = 100_000
"""The largest value any topic takes, in bytes, wire-format prefix included."""

LARGE_MESSAGE_BYTES = 80_000
"""From this many bytes on, somebody is told of a message."""

OnLarge = Callable[[str, int], None]
"""Told the name and the bytes of each message from LARGE_MESSAGE_BYTES on, those over the limit too."""

_PREFIX = struct.Struct(">BI")


class Undecodable(ValueError):
    """The bytes are no message of ours: a poison record, for the dead-letter topic."""


class UnknownSchema(Undecodable):
    """The bytes are a message whose schema is not published here: perhaps a newer build knows it."""


class Unencodable(ValueError):
    """The fields do not fit the message's schema: the caller's data is wrong."""


class TooLarge(ValueError):
    """The message is over MAX_MESSAGE_BYTES."""


class Message(NamedTuple):
    """A decoded message: its name, such as `payment.CapturePayment`, and its fields."""

    name: str
    fields: dict[str, Any]


def _amounts(schema: MessageSchema) -> tuple[tuple[str, int], ...]:
    """Return the amounts in a participant's message with their limits; the writer would cut 0.99 to 0 in silence."""
    limits = {"int": 2**31, "long": 2**63}
    if schema.name.startswith("saga."):
        return ()
    return tuple(
        (field["name"], limits[field["type"]])
        for field in schema.parsed["fields"]
        if isinstance(field["type"], str) and field["type"] in limits and "default" not in field
    )


class Codec:
    """Encoder and decoder over the published schemas. Holds no state but the parsed schemas."""

    __slots__ = ("_by_id", "_by_name", "_on_large")

    def __init__(self, root: Path = catalogue.ROOT, on_large: OnLarge | None = None) -> None:
        self._on_large = on_large
        by_id, newest = catalogue.load(root), catalogue.latest(root)
        self._by_name = {
            name: (_PREFIX.pack(0, schema.schema_id), schema.parsed, _amounts(schema))
            for name, schema in newest.items()
        }
        self._by_id = {
            schema_id: (
                schema.name,
                schema.parsed,
                newest[schema.name].parsed if newest[schema.name] != schema else None,
            )
            for schema_id, schema in by_id.items()
        }

    def publishes(self, name: str) -> bool:
        """Tell whether a message of this name has a schema."""
        return name in self._by_name

    def encode(self, name: str, fields: Mapping[str, Any]) -> bytes:
        """Encode with the newest version. Raises Unencodable, TooLarge, and KeyError for a name nobody published."""
        prefix, schema, amounts = self._by_name[name]
        for field, limit in amounts:
            number = fields.get(field)
            if type(number) is not int or not -limit <= number < limit:
                raise Unencodable(f"{name}: {field} is {number!r}, not a whole number below {limit}")
        out = BytesIO()
        out.write(prefix)
        try:
            schemaless_writer(out, schema, fields)
        except (ValueError, TypeError, KeyError, AttributeError, OverflowError) as error:
            raise Unencodable(f"{name}: {error}") from error
        data = out.getvalue()
        if len(data) >= LARGE_MESSAGE_BYTES:
            self._judge(name, len(data))
        return data

    def _judge(self, name: str, size: int) -> None:
        if self._on_large is not None:
            self._on_large(name, size)
        if size > MAX_MESSAGE_BYTES:
            raise TooLarge(f"{name} has {size} bytes; at most {MAX_MESSAGE_BYTES} are allowed")

    def decode(self, data: bytes | None, *, as_written: bool = False) -> Message:
        """Decode any published version, resolved to the newest, or `as_written`. Raises Undecodable."""
        if data is None or len(data) < _PREFIX.size:
            raise Undecodable("the value is too short to hold a schema id")
        magic, schema_id = _PREFIX.unpack_from(data)
        if magic != 0:
            raise Undecodable(f"the value starts with {magic:#04x} instead of 0x00")
        found = self._by_id.get(schema_id)
        if found is None:
            raise UnknownSchema(f"schema id {schema_id} is not published")
        name, written, wanted = found
        body = BytesIO(data)
        body.seek(_PREFIX.size)
        try:
            fields = schemaless_reader(body, written, None if as_written else wanted)
        except (
            ValueError,
            TypeError,
            KeyError,
            IndexError,
            EOFError,
            OverflowError,
            struct.error,
            RecursionError,
        ) as error:
            raise Undecodable(f"{name}: {error!r}") from error
        if body.tell() != len(data):
            raise Undecodable(f"{name}: {len(data) - body.tell()} bytes are left over")
        return Message(name, fields)  # type: ignore[arg-type]  # every published message is a record
