"""The codec: every message comes back as it was written, and bytes that are none are refused, whatever they are."""

from __future__ import annotations

import struct
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas import catalogue
from schemas.codec import MAX_MESSAGE_BYTES, Codec, Message, TooLarge, Undecodable, Unencodable

CODEC = Codec()
NAMES = sorted(catalogue.latest())
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
_PRIMITIVES: dict[str, st.SearchStrategy[Any]] = {
    "null": st.none(),
    "boolean": st.booleans(),
    "int": st.integers(-(2**31), 2**31 - 1),
    "long": st.integers(-(2**63), 2**63 - 1),
    "string": TEXT,
}


def values(schema: Any, named: dict[str, Any]) -> st.SearchStrategy[Any]:
    """Return the values of a schema as fastavro parsed it."""
    if isinstance(schema, str):
        return _PRIMITIVES[schema] if schema in _PRIMITIVES else values(named[schema], named)
    if isinstance(schema, list):
        return st.one_of([values(branch, named) for branch in schema])
    match schema["type"]:
        case "record":
            named[schema["name"]] = schema
            return st.fixed_dictionaries({one["name"]: values(one["type"], named) for one in schema["fields"]})
        case "enum":
            named[schema["name"]] = schema
            return st.sampled_from(schema["symbols"])
        case "array":
            return st.lists(values(schema["items"], named), max_size=3)
        case kind:
            return _PRIMITIVES[kind]


FIELDS = {name: values(schema.parsed, {}) for name, schema in catalogue.latest().items()}


@pytest.mark.parametrize("name", NAMES)
def test_every_message_comes_back_as_it_was_written(name: str) -> None:
    @settings(max_examples=5, deadline=None)
    @given(FIELDS[name])
    def comes_back(fields: dict[str, Any]) -> None:
        assert CODEC.decode(CODEC.encode(name, fields)) == Message(name, fields)

    comes_back()


def decodes_or_refuses(data: bytes | None) -> None:
    try:
        message = CODEC.decode(data)
    except Undecodable:
        return
    assert message.name in NAMES


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=300) | st.none())
def test_any_bytes_are_a_message_or_undecodable(data: bytes | None) -> None:
    decodes_or_refuses(data)


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(sorted(catalogue.load())), st.binary(max_size=200))
def test_any_body_behind_a_published_id_is_a_message_or_undecodable(schema_id: int, body: bytes) -> None:
    decodes_or_refuses(struct.pack(">BI", 0, schema_id) + body)


@settings(max_examples=100, deadline=None)
@given(st.data(), st.sampled_from(NAMES))
def test_a_message_with_a_byte_changed_cut_or_added_is_a_message_or_undecodable(data: st.DataObject, name: str) -> None:
    good = CODEC.encode(name, data.draw(FIELDS[name]))
    place = data.draw(st.integers(0, len(good) - 1))
    decodes_or_refuses(good[:place] + bytes([data.draw(st.integers(0, 255))]) + good[place + 1 :])
    with pytest.raises(Undecodable):
        CODEC.decode(good[:place])
    with pytest.raises(Undecodable):
        CODEC.decode(good + b"\x00")


def origin(size: int) -> bytes:
    """Encode a message of exactly this many bytes."""
    empty = len(CODEC.encode("saga.Origin", {"saga_id": "ord_a", "data": "x" * 90_000, "parameters": ""}))
    return CODEC.encode("saga.Origin", {"saga_id": "ord_a", "data": "x" * (90_000 + size - empty), "parameters": ""})


def test_a_message_may_have_100_000_bytes_and_not_one_more() -> None:
    assert len(origin(MAX_MESSAGE_BYTES)) == MAX_MESSAGE_BYTES == 100_000
    with pytest.raises(TooLarge, match="100001 bytes"):
        origin(MAX_MESSAGE_BYTES + 1)


def captured(amount: Any) -> dict[str, Any]:
    ids = {"saga_id": "ord_a", "command_id": "ord_a:x:0", "token": "ord_a:x", "step": "x", "attempt": 0}
    meta = {**ids, "participant": "payment", "completed_at": 1}
    return {"meta": meta, "charge_id": "ch_1", "amount_minor": amount, "currency": "GBP"}


@pytest.mark.parametrize("amount", [0.99, 1.0, "1", None, True, 2**63, -(2**63) - 1])
def test_an_amount_that_is_not_a_whole_number_in_range_is_refused_and_not_cut(amount: Any) -> None:
    with pytest.raises(Unencodable):
        CODEC.encode("payment.PaymentCaptured", captured(amount))


@pytest.mark.parametrize("units", [2**31, -(2**31) - 1, 1.5])
def test_a_count_beyond_32_bits_is_refused(units: Any) -> None:
    fields = {"meta": captured(1)["meta"], "deducted_units": units}
    with pytest.raises(Unencodable):
        CODEC.encode("inventory.InventoryDeducted", fields)


@pytest.mark.parametrize("spoilt", [{}, {"meta": None}, {**captured(1), "currency": 5}, {**captured(1), "meta": "x"}])
def test_fields_that_do_not_fit_the_schema_are_refused(spoilt: dict[str, Any]) -> None:
    with pytest.raises(Unencodable):
        CODEC.encode("payment.PaymentCaptured", spoilt)


def test_a_name_nobody_published_is_refused() -> None:
    assert not CODEC.publishes("payment.NoSuch")
    with pytest.raises(KeyError):
        CODEC.encode("payment.NoSuch", {})
