"""Dead letters in the read model: what they say, and where they stand whichever of the two topics is read first."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pytest

from services.feed import Entry
from services.participant.database import Conflict, Database
from services.projector.letter_store import LetterStore
from services.projector.store import Store
from streams.dead_letter import dead_letter_headers, dead_letter_value
from streams.record import Record
from tests.contract.gateway.letters import AT_MS, LETTERS, decision, letter, parked, report, unparked
from tests.contract.gateway.story import BORN_MS, Story, entries, projector
from tests.contract.gateway.test_projector import rows

STANDING = "SELECT id, state, parked, attempts, decided_by, reason FROM dead_letters ORDER BY log_offset"


@pytest.fixture
def url(new_url: Callable[[str], str]) -> str:
    """Give a migrated database."""
    return new_url("projector")


@contextmanager
def letter_store(url: str) -> Iterator[LetterStore]:
    """Open the store of letters where it ended."""
    database = Database(url)
    try:
        yield LetterStore(database, LETTERS, Store(database, LETTERS).open([0]))
    finally:
        database.close()


def take(url: str, *letters: Entry) -> None:
    with letter_store(url) as store:
        store.take(letters)


def project(url: str, *stories: Story) -> None:
    with projector(url) as (projection, positions):
        projection.project(entries(*stories, first=positions[0]))


def standing(url: str) -> list[tuple[Any, ...]]:
    return [(name, state, bool(is_parked), *rest) for name, state, is_parked, *rest in rows(url, STANDING)]


def test_a_record_is_kept_as_it_came_with_where_it_came_from_and_why(url: str) -> None:
    record = Record(
        "saga.replies", 2, 41, BORN_MS, b"ord_a", b"\x00\xffgarbage", [("traceparent", b"00-x"), ("n", b"")]
    )
    take(url, letter(0, record, "undecodable", "no schema id\x00"))

    columns = "id, at_ms, saga_id, kind, code, detail, origin_topic, origin_partition, origin_offset, step"
    assert rows(url, f"SELECT {columns} FROM dead_letters") == [  # noqa: S608 - columns from above
        ("0-0", AT_MS, "ord_a", "record", "undecodable", "no schema id\ufffd", "saga.replies", 2, 41, None)
    ]
    [(key, value, size, headers)] = rows(url, "SELECT key, value, value_bytes, headers FROM dead_letters")
    assert (bytes(key), bytes(value), size) == (b"ord_a", b"\x00\xffgarbage", 9)
    assert json.loads(headers) == [["traceparent", base64.b64encode(b"00-x").decode()], ["n", ""]]
    assert rows(url, "SELECT next_offset FROM projection WHERE topic = 'saga.dead-letters'") == [(1,)]


@pytest.mark.parametrize(
    "entry",
    [
        Entry(0, 0, None, None),
        Entry(0, 0, b"\xff", b"\xff\x00", AT_MS, [("origin_partition", b"x"), ("origin_offset", b"9" * 40)]),
        Entry(0, 0, b"[1]", b"k\x00", AT_MS, [("decides", b"0-0")]),
        Entry(0, 0, b"{}", b"k", AT_MS, [("original_\x00", b"\x00"), ("error_code", b"\xff")]),
    ],
    ids=["nothing at all", "no numbers", "no decision", "no text"],
)
def test_whatever_lies_on_the_topic_becomes_a_row(url: str, entry: Entry) -> None:
    take(url, entry)
    assert standing(url) == [("0-0", "open", False, 0, None, None)]


@pytest.mark.parametrize(("topic", "key"), [("orders.inbound", b"key-1"), ("saga.inputs", b"/schedule/daily-report")])
def test_a_key_that_names_no_saga_is_taken_for_none(url: str, topic: str, key: bytes) -> None:
    take(url, letter(0, Record(topic, 0, 1, BORN_MS, key, b"x", []), "undecodable", ""))
    assert rows(url, "SELECT saga_id FROM dead_letters") == [(None,)]


def test_a_report_says_its_saga_and_its_step(url: str) -> None:
    take(url, report(0, "ord_a", "capture-payment", "compensation_failed", sequence=9))
    assert rows(url, "SELECT kind, code, saga_id, step, sequence FROM dead_letters") == [
        ("report", "compensation_failed", "ord_a", "capture-payment", 9)
    ]


def interleavings(url: str, story: Story, letters: Sequence[Entry], first: str) -> None:
    """Read both topics, one of them first; the last event comes later in any case."""
    whole = entries(story)
    if first == "letters":
        take(url, *letters)
    with projector(url) as (projection, _):
        projection.project(whole[:-1])
    if first == "events":
        take(url, *letters)
    with projector(url) as (projection, _):
        projection.project(whole[-1:])
    if first == "all events":
        take(url, *letters)


@pytest.mark.parametrize("first", ["letters", "events", "all events"])
@pytest.mark.parametrize(("action", "state", "tries"), [("redrive", "redriven", 2), ("drop", "resolved", 1)])
def test_a_letter_follows_its_saga_whichever_topic_is_read_first(
    url: str, first: str, action: str, state: str, tries: int
) -> None:
    story = Story("ord_a").started()
    parked(story, 0, "saga.replies:2:41", "undecodable")
    parked(story, 1, "saga.inputs:0:7", "behind")
    story.event("InputIgnored", input="redrive", input_id="i", actor="bob", reason="record 0 still cannot be read")
    unparked(story, 0, action)
    poison = letter(0, Record("saga.replies", 2, 41, BORN_MS, b"ord_a", b"x", []), "undecodable", "")
    other = letter(1, Record("saga.replies", 2, 42, BORN_MS, b"ord_b", b"x", []), "undecodable", "")
    interleavings(url, story, [poison, other], first)
    assert standing(url) == [
        ("0-0", state, False, tries, "ann", "looked at it"),
        ("0-1", "open", False, 0, None, None),
    ]


def test_a_letter_says_that_its_saga_waits_for_it(url: str) -> None:
    story = parked(Story("ord_a").started(), 0, "saga.replies:2:41", "undecodable")
    project(url, story)
    take(url, letter(0, Record("saga.replies", 2, 41, BORN_MS, b"ord_a", b"x", []), "undecodable", ""))
    assert standing(url) == [("0-0", "open", True, 0, None, None)]


@pytest.mark.parametrize("first", ["letters", "events", "all events"])
@pytest.mark.parametrize(
    ("action", "standing_then"),
    [
        ("retry", ("redriven", False, 1, "ann", "seen")),
        ("skip", ("resolved", False, 0, "ann", "seen")),
        ("turn", ("resolved", False, 0, "the saga itself", "it turned round")),
        ("another step", ("open", False, 0, None, None)),
    ],
)
def test_a_report_is_settled_by_what_is_done_about_its_step(
    url: str, first: str, action: str, standing_then: tuple[Any, ...]
) -> None:
    story = Story("etl_1", definition="etl").started().scheduled("load")
    story.event("StepHeld", step="load", code="disk_full", message="no room", status="MANUAL_INTERVENTION")
    held = len(story.values)
    if action == "turn":
        story.event("CompensationStarted", code="cancelled", message="", plan=[])
    else:
        step = "sum" if action == "another step" else "load"
        deed = "retry" if action == "another step" else action
        story.event("InterventionMade", action=deed, steps=[step], undo=False, actor="ann", reason="seen")
    interleavings(url, story, [report(0, "etl_1", "load", "step_held", sequence=held)], first)
    assert standing(url) == [("0-0", *standing_then)]


def test_the_first_decision_about_a_letter_stands(url: str) -> None:
    unknown = Record("saga.inputs", 1, 5, BORN_MS, b"nobody", b"x", [])
    take(
        url,
        letter(0, unknown, "unknown_saga", ""),
        decision(1, "0-0", "redrive", "ann"),
        decision(2, "0-0", "r", "bob"),
    )
    assert standing(url) == [("0-0", "redriven", False, 1, "ann", "because")]


def test_rebuilt_from_zero_the_letters_are_the_same(url: str, another_sqlite_url: Callable[[str], str]) -> None:
    story = unparked(parked(Story("ord_a").started(), 0, "saga.replies:2:41", "undecodable"), 0, "drop")
    letters = [
        letter(0, Record("saga.replies", 2, 41, BORN_MS, b"ord_a", b"x", []), "undecodable", ""),
        letter(1, Record("saga.inputs", 1, 5, BORN_MS, b"nobody", b"x", []), "unknown_saga", ""),
        decision(2, "0-1", "redrive", "ann"),
    ]
    interleavings(url, story, letters[:1], "letters")
    take(url, *letters[1:])
    rebuilt = another_sqlite_url("projector")
    take(rebuilt, *letters)
    project(rebuilt, story)
    assert standing(url) == standing(rebuilt)


def test_a_second_projector_is_found_out_and_writes_nothing(url: str) -> None:
    record = Record("saga.inputs", 1, 5, BORN_MS, b"nobody", b"x", [])
    with letter_store(url) as slow, letter_store(url) as fast:
        fast.take([letter(0, record, "unknown_saga", "")])
        with pytest.raises(Conflict):
            slow.take([letter(1, record, "unknown_saga", "")])
    assert [name for name, *_ in standing(url)] == ["0-0"]


def test_the_bytes_that_are_kept_are_bounded_and_their_true_size_is_told(url: str) -> None:
    record = Record("saga.inputs", 1, 5, BORN_MS, b"k", b"x" * 950_000, [])
    about = dead_letter_headers(record, "undecodable", "")
    take(url, Entry(0, 0, dead_letter_value(record), b"k", AT_MS, about))
    assert rows(url, "SELECT LENGTH(value), value_bytes FROM dead_letters") == [(900_000, 950_000)]
