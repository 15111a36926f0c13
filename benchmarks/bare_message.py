"""The only message of the bare loop: a saga's id and its step, in Avro."""

from __future__ import annotations

from io import BytesIO

from fastavro import parse_schema, schemaless_reader, schemaless_writer

STEPS = 4
INPUTS = "bare.inputs"
COMMANDS = "bare.commands"
REPLIES = "bare.replies"
DONE = "bare.done"

_SCHEMA = parse_schema(
    {
        "type": "record",
        "name": "Bare",
        "fields": [{"name": "saga_id", "type": "string"}, {"name": "step", "type": "int"}],
    }
)


def encode(saga_id: str, step: int) -> bytes:
    """Return the message."""
    out = BytesIO()
    schemaless_writer(out, _SCHEMA, {"saga_id": saga_id, "step": step})
    return out.getvalue()


def decode(value: bytes) -> tuple[str, int]:
    """Return saga id and step."""
    fields = schemaless_reader(BytesIO(value), _SCHEMA, None)
    return fields["saga_id"], fields["step"]  # type: ignore[call-overload, index, return-value]  # a record is a dict


def step_of(value: bytes) -> int:
    """Return the step alone, without decoding: it is one byte at the end, in Avro's zigzag form."""
    return value[-1] >> 1
