"""Dead letters as the orchestrator and the gateway would write them, and the events that go with them."""

from __future__ import annotations

import json

from services.feed import Entry
from services.participant.database import Database
from services.projector.letter_store import LetterStore
from services.projector.store import Store
from streams.dead_letter import dead_letter_headers, dead_letter_value
from streams.record import Record
from tests.contract.gateway.story import BORN_MS, Story

LETTERS = "saga.dead-letters"
AT_MS = BORN_MS + 5_000


def letter(offset: int, record: Record, code: str, detail: str) -> Entry:
    """Return the dead letter of a record."""
    about = dead_letter_headers(record, code, detail)
    return Entry(0, offset, dead_letter_value(record), record.key, AT_MS, about)


def report(offset: int, saga_id: str, step: str, code: str, sequence: int) -> Entry:
    """Return what the orchestrator reports of a step that failed for good."""
    value = {"saga_id": saga_id, "step": step, "code": "disk_full", "message": "no room"}
    about = [
        ("error_code", code.encode()),
        ("error_detail", f"{step}: disk_full: no room".encode()),
        ("causationid", f"{saga_id}:{sequence}".encode()),
    ]
    return Entry(0, offset, json.dumps(value).encode(), saga_id.encode(), AT_MS, about)


def decision(offset: int, letter_id: str, action: str, actor: str) -> Entry:
    """Return what the gateway writes of a decision."""
    value = {"action": action, "actor": actor, "reason": "because"}
    return Entry(0, offset, json.dumps(value).encode(), b"k", AT_MS, [("decides", letter_id.encode())])


def parked(story: Story, number: int, place: str, code: str) -> Story:
    """Let a record wait."""
    topic, partition, offset = place.split(":")
    where = {"topic": topic, "partition": int(partition), "offset": int(offset)}
    return story.event("RecordParked", number=number, **where, code=code, detail="")


def unparked(story: Story, number: int, action: str) -> Story:
    """Let a record wait no longer."""
    return story.event("RecordUnparked", number=number, action=action, actor="ann", reason="looked at it")


def keep(url: str, *letters: Entry) -> None:
    """Have the read model know the letters."""
    database = Database(url)
    try:
        LetterStore(database, LETTERS, Store(database, LETTERS).open([0])).take(letters)
    finally:
        database.close()
