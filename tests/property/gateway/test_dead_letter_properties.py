"""Whatever lies on the dead-letter topic becomes a row that a database can hold."""

from __future__ import annotations

import sqlite3

import orjson
from hypothesis import given
from hypothesis import strategies as st

from services.feed import Entry
from services.projector.letters import Decision, Letter, read_entry

_NAMES = st.sampled_from(
    [
        "origin_topic",
        "origin_partition",
        "origin_offset",
        "error_code",
        "error_detail",
        "causationid",
        "decides",
        "value_truncated_from",
        "original_x",
        "original_",
        "anything",
    ]
)
_NUMBERS = st.integers().map(lambda number: str(number).encode())
_JSON = st.recursive(st.none() | st.integers(0, 9) | st.text(), lambda inner: st.lists(inner, max_size=2))
_DOCUMENTS = st.dictionaries(st.sampled_from(["saga_id", "step", "code", "action", "actor", "reason"]), _JSON)
_VALUES = st.none() | st.binary() | _DOCUMENTS.map(orjson.dumps)
_HEADERS = st.lists(st.tuples(_NAMES, st.binary() | _NUMBERS | st.just(b"9" * 5_000)), max_size=8)


@given(st.none() | st.binary(), _VALUES, _HEADERS)
def test_every_record_can_be_kept(key: bytes | None, value: bytes | None, headers: list[tuple[str, bytes]]) -> None:
    found = read_entry(Entry(0, 7, value, key, 5, headers))
    match found:
        case Decision(_, standing):
            row: tuple[object, ...] = tuple(standing)
        case Letter():
            row = tuple(found)
            assert found.kind in ("record", "report", "timer")
    assert not any("\x00" in field for field in row if isinstance(field, str))
    with sqlite3.connect(":memory:") as connection:
        marks = ", ".join("?" * len(row))
        assert connection.execute(f"SELECT {marks}", row).fetchone() == row
    connection.close()
