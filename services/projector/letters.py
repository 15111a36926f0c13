"""What a dead letter says, and where it stands after the events of its saga: pure functions."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import orjson

from schemas import topics
from services.feed import Entry

OPEN, REDRIVEN, RESOLVED = "open", "redriven", "resolved"
"""Where a letter stands: nobody decided yet; what it is about was tried again; it was left out, or is settled."""

TELLING = frozenset(
    {"RecordParked", "RecordUnparked", "InputIgnored", "InterventionMade", "CompensationStarted", "SagaMigrated"}
)
"""The events of a saga that say something about its letters."""

DECIDES = "decides"
"""The header of a record that is no letter, but a person's decision about one: it holds the letter's id."""

_REPORTS = frozenset({"step_held", "compensation_failed"})
_ORIGINAL = "original_"
_LONGEST_ID = 255
_THE_SAGA = "the saga itself"
_OTHER_KEYS = frozenset(topic.name for topic in topics.ALL if topic.key != "saga id")
"""Topics whose keys name no saga."""


class Standing(NamedTuple):
    """The columns of `dead_letters` that change, in their order; `parked`: it is a record that its saga waits for."""

    state: str = OPEN
    parked: bool = False
    attempts: int = 0
    decided_by: str | None = None
    reason: str | None = None
    decided_at_ms: int | None = None


class Letter(NamedTuple):
    """The columns of `dead_letters` that never change, in their order; `sequence` is of the event that reports."""

    id: str
    partition: int
    log_offset: int
    at_ms: int
    saga_id: str | None
    kind: str
    code: str
    detail: str
    origin_topic: str | None
    origin_partition: int | None
    origin_offset: int | None
    step: str | None
    sequence: int | None
    key: bytes | None
    value: bytes | None
    value_bytes: int
    headers: str

    @property
    def place(self) -> str:
        """Where the record came from."""
        return f"{self.origin_topic}:{self.origin_partition}:{self.origin_offset}"


class Decision(NamedTuple):
    """What a person decided about a letter that no saga waits for."""

    letter_id: str
    standing: Standing


class Fact(NamedTuple):
    """An event of a saga, as far as its letters are concerned."""

    sequence: int
    at_ms: int
    type: str
    step: str | None
    detail: Mapping[str, Any]


def read_entry(entry: Entry) -> Letter | Decision:
    """Return what a record of the dead-letter topic is; total: whatever lies there is a letter of some kind."""
    told = dict(entry.headers)
    if DECIDES in told:
        decision = _decision(_text(told[DECIDES]), entry)
        if decision is not None:
            return decision
    return _letter(entry, told)


def _decision(letter_id: str, entry: Entry) -> Decision | None:
    try:
        said = orjson.loads(entry.value or b"")
        state = REDRIVEN if said["action"] == "redrive" else RESOLVED
        standing = Standing(
            state,
            attempts=1 if state == REDRIVEN else 0,
            decided_by=_clean(str(said["actor"])),
            reason=_clean(str(said["reason"])),
            decided_at_ms=entry.at_ms,
        )
    except (orjson.JSONDecodeError, KeyError, TypeError):
        return None
    return Decision(letter_id, standing)


def _letter(entry: Entry, told: Mapping[str, bytes]) -> Letter:
    report = None if "origin_topic" in told else _report(entry.value)
    cause = _number(told.get("causationid", b"").rpartition(b":")[2])
    topic = _text(told.get("origin_topic", b"")) or None
    key = None if topic in _OTHER_KEYS else entry.key if report is None else str(report["saga_id"]).encode()
    return Letter(
        id=f"{entry.partition}-{entry.offset}",
        partition=entry.partition,
        log_offset=entry.offset,
        at_ms=entry.at_ms,
        saga_id=_saga_id(key),
        kind="report" if report is not None else "timer" if topic == "timer" else "record",
        code=_text(told.get("error_code", b"")),
        detail=_text(told.get("error_detail", b"")),
        origin_topic=topic,
        origin_partition=_number(told.get("origin_partition")),
        origin_offset=_number(told.get("origin_offset")),
        step=None if report is None else _clean(str(report["step"])),
        sequence=None if report is None else cause,
        key=entry.key,
        value=entry.value,
        value_bytes=_number(told.get("value_truncated_from")) or len(entry.value or b""),
        headers=_original(entry.headers),
    )


def _report(value: bytes | None) -> Mapping[str, Any] | None:
    """Return the report of a step that failed for good, None where the value is none."""
    try:
        document = orjson.loads(value or b"")
    except orjson.JSONDecodeError:
        return None
    known = isinstance(document, dict) and isinstance(document.get("saga_id"), str) and "step" in document
    return document if known else None


def _original(headers: Sequence[tuple[str, bytes]]) -> str:
    """Return the headers the record came with, as JSON: their order is kept, values are base64."""
    kept = [
        [_clean(name.removeprefix(_ORIGINAL)), base64.b64encode(value or b"").decode()]
        for name, value in headers
        if name.startswith(_ORIGINAL)
    ]
    return orjson.dumps(kept).decode()


def _saga_id(key: bytes | None) -> str | None:
    try:
        text = (key or b"").decode()
    except UnicodeDecodeError:
        return None
    # No id of a saga holds a '/': the keys of schedules begin with one.
    usable = text and "/" not in text and text.isprintable() and len(text) <= _LONGEST_ID
    return text if usable else None


def _text(value: bytes) -> str:
    return _clean(value.decode(errors="replace"))


def _clean(text: str) -> str:
    """Return a text that both databases can hold: PostgreSQL knows no NUL, and none knows half a character."""
    return text.replace("\x00", "\ufffd").encode(errors="replace").decode()


def _number(value: bytes | None) -> int | None:
    text = (value or b"").decode("ascii", "replace")
    return int(text) if text.removeprefix("-").isdecimal() and text.isascii() and len(text) <= 18 else None


def standing_of(letter: Letter, facts: Sequence[Fact]) -> Standing | None:
    """Return where a letter stands after these events of its saga, in their order; None: they do not tell."""
    if letter.kind == "report":
        return _standing_of_report(letter, facts) if letter.code in _REPORTS and letter.step is not None else None
    return _standing_of_record(letter, facts)


def _standing_of_record(letter: Letter, facts: Sequence[Fact]) -> Standing | None:
    """Follow the queue of records that wait. The same record may be parked for another reason later: codes tell."""
    waiting: list[tuple[int, bool]] = []
    standing: Standing | None = None
    for fact in facts:
        told = fact.detail
        match fact.type:
            case "RecordParked":
                place = f"{told['topic']}:{told['partition']}:{told['offset']}"
                mine = place == letter.place and told["code"] == letter.code
                waiting.append((told["number"], mine))
                if mine:
                    standing = Standing(parked=True)
            case "RecordUnparked":
                mine = (told["number"], True) in waiting
                waiting = [one for one in waiting if one[0] != told["number"]]
                if mine and standing is not None:
                    standing = _unparked(standing, fact)
            case "InputIgnored" if told["input"] == "redrive" and waiting and waiting[0][1] and standing is not None:
                standing = standing._replace(attempts=standing.attempts + 1)
            case _:
                pass
    return standing


def _unparked(standing: Standing, fact: Fact) -> Standing:
    again = fact.detail["action"] == "redrive"
    return Standing(
        REDRIVEN if again else RESOLVED,
        attempts=standing.attempts + (1 if again else 0),
        decided_by=fact.detail["actor"],
        reason=fact.detail["reason"],
        decided_at_ms=fact.at_ms,
    )


def _standing_of_report(letter: Letter, facts: Sequence[Fact]) -> Standing | None:
    """Find the first thing that was done about the step after it was reported."""
    step, told = letter.step, Standing()
    assert step is not None
    for fact in facts:
        if fact.sequence <= (letter.sequence or 0):
            continue
        match fact.type:
            case "SagaMigrated":
                names = fact.detail["renamed"]
                step = "/".join(names.get(name, name) for name in step.split("/"))
            case "InterventionMade" if step in fact.detail["steps"]:
                again = fact.detail["action"] != "skip"
                made = fact.detail
                state, attempts = (REDRIVEN, 1) if again else (RESOLVED, 0)
                return Standing(state, False, attempts, made["actor"], made["reason"], fact.at_ms)
            case "CompensationStarted" if letter.code == "step_held":
                return Standing(RESOLVED, False, 0, _THE_SAGA, "it turned round", fact.at_ms)
            case _:
                pass
    return told
