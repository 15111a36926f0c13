"""Which changes of a schema leave old data readable, and which do not."""

from __future__ import annotations

from typing import Any

import pytest

from schemas.compatibility import problems


def record(*fields: dict[str, Any], name: str = "Order") -> dict[str, Any]:
    return {"type": "record", "name": name, "namespace": "shop", "fields": list(fields)}


def field(name: str, kind: Any, **more: Any) -> dict[str, Any]:
    return {"name": name, "type": kind, **more}


def enum(*symbols: str, **more: Any) -> dict[str, Any]:
    return {"type": "enum", "name": "Kind", "namespace": "shop", "symbols": list(symbols), **more}


A = field("a", "int")
LINE = record(field("sku", "string"), name="Line")

READABLE: list[tuple[str, Any, Any]] = [
    ("nothing changed", record(A), record(A)),
    ("a field with a default is new", record(A, field("b", "string", default="")), record(A)),
    ("an optional field is new", record(A, field("b", ["null", "string"], default=None)), record(A)),
    ("a field is gone", record(A), record(A, field("b", "string"))),
    ("fields changed places", record(A, field("b", "string")), record(field("b", "string"), A)),
    ("a field has a new name and its old one as alias", record(field("b", "int", aliases=["a"])), record(A)),
    ("an int became a long", record(field("a", "long")), record(A)),
    ("an int became a double", record(field("a", "double")), record(A)),
    ("a text became bytes", record(field("a", "bytes")), record(field("a", "string"))),
    ("a value became optional", record(field("a", ["null", "int"])), record(A)),
    ("a union got another branch", record(field("a", ["null", "int", "string"])), record(field("a", ["null", "int"]))),
    ("a symbol is new", record(field("a", enum("X", "Y"))), record(field("a", enum("X")))),
    ("a symbol is gone and there is a default", record(field("a", enum("X", default="X"))),
     record(field("a", enum("X", "Y")))),
    ("a time became a plain number", record(field("a", "long")),
     record(field("a", {"type": "long", "logicalType": "timestamp-millis"}))),
    ("a record is used twice", record(field("a", LINE), field("b", "shop.Line")),
     record(field("a", LINE), field("b", "shop.Line"))),
    ("a record that is used again lost its first use", record(field("b", LINE)),
     record(field("a", LINE), field("b", "shop.Line"))),
    ("a record holds itself", record(field("next", ["null", "shop.Order"])),
     record(field("next", ["null", "shop.Order"]))),
    ("items became wider", record(field("a", {"type": "array", "items": "long"})),
     record(field("a", {"type": "array", "items": "int"}))),
]  # fmt: skip

UNREADABLE: list[tuple[str, Any, Any, str]] = [
    ("a field without a default is new", record(A, field("b", "string")), record(A), ".b: is new and has no default"),
    ("a field has a new name", record(field("b", "int")), record(A), ".b: is new and has no default"),
    ("a long became an int", record(A), record(field("a", "long")), ".a: long became int"),
    ("a text became a number", record(A), record(field("a", "string")), ".a: string became int"),
    ("an optional value became required", record(A), record(field("a", ["null", "int"])), ".a: null became int"),
    ("a union lost a branch", record(field("a", ["null", "string"])), record(field("a", ["null", "int"])),
     ".a: int fits no branch of the union"),
    ("a symbol is gone", record(field("a", enum("X"))), record(field("a", enum("X", "Y"))),
     ".a: lost the symbols Y, and has no default"),
    ("the record has another name", record(A, name="Offer"), record(A), ".: the record Order became Offer"),
    ("items became narrower", record(field("a", {"type": "array", "items": "int"})),
     record(field("a", {"type": "array", "items": "string"})), ".a[]: string became int"),
    ("a record inside changed", record(field("a", record(A, field("b", "int"), name="In"))),
     record(field("a", record(A, name="In"))), ".a.b: is new and has no default"),
    ("a fixed value has another size", record(field("a", {"type": "fixed", "name": "F", "size": 4})),
     record(field("a", {"type": "fixed", "name": "F", "size": 8})), ".a: has 4 bytes instead of 8"),
]  # fmt: skip


@pytest.mark.parametrize(("reader", "writer"), [row[1:] for row in READABLE], ids=[row[0] for row in READABLE])
def test_old_data_stays_readable(reader: Any, writer: Any) -> None:
    assert problems(reader, writer) == []


@pytest.mark.parametrize(
    ("reader", "writer", "problem"), [row[1:] for row in UNREADABLE], ids=[row[0] for row in UNREADABLE]
)
def test_a_break_is_named_with_its_path(reader: Any, writer: Any, problem: str) -> None:
    assert problems(reader, writer) == [problem]
