"""Asks the gateway about dead letters, and renders what it says."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple
from urllib.parse import quote, urlencode

from cli.asking import actor_of, request
from cli.options import Gateway, Shape

_PATH = "/v1/dead-letters"
_PAGE = 200
_DETAIL = 60
_REMEDY = "`saga dlq show ID` says where it stands and what can be done."
_COLUMNS = ("id", "at", "state", "saga", "code", "origin", "detail")

Letter = Mapping[str, Any]


class Wanted(NamedTuple):
    """Which letters are asked for, and how many at most."""

    limit: int
    filters: Mapping[str, str | None]


@dataclass(frozen=True, slots=True)
class Deed:
    """What is decided about a letter."""

    action: str
    reason: str
    actor: str | None
    key: str | None
    dry_run: bool = False


def found(gateway: Gateway, wanted: Wanted) -> list[Letter]:
    """Return letters, newest first. Raises Failure."""
    letters: list[Letter] = []
    filters = {name: value for name, value in wanted.filters.items() if value is not None}
    cursor: dict[str, str] = {}
    while len(letters) < wanted.limit:
        size = min(_PAGE, wanted.limit - len(letters))
        page = request(gateway, "GET", f"{_PATH}?{urlencode({**filters, **cursor, 'limit': size})}", remedy=_REMEDY)
        letters += page["dead_letters"]
        if page["next_cursor"] is None:
            break
        cursor = {"cursor": page["next_cursor"]}
    return letters


def one(gateway: Gateway, letter_id: str) -> Letter:
    """Return a letter with all that is known of it. Raises Failure."""
    path = f"{_PATH}/{quote(letter_id, safe='')}"
    return request(gateway, "GET", path, remedy="`saga dlq list` shows the dead letters there are.")


def decide(gateway: Gateway, letter_id: str, deed: Deed) -> Mapping[str, Any]:
    """Redrive or resolve a letter and return what comes of it. Raises Failure."""
    body: dict[str, Any] = {**actor_of(gateway, deed.actor), "reason": deed.reason}
    if deed.dry_run:
        body["dry_run"] = True
    path = f"{_PATH}/{quote(letter_id, safe='')}/{deed.action}"
    return request(gateway, "POST", path, body, deed.key or str(uuid.uuid4()), _REMEDY)


def rendered_list(letters: Sequence[Letter], shape: Shape) -> Iterator[str]:
    """Yield the lines of a list."""
    match shape:
        case Shape.JSON:
            yield json.dumps({"dead_letters": letters}, indent=2, ensure_ascii=False)
        case Shape.JSONL:
            yield from (json.dumps(letter, ensure_ascii=False) for letter in letters)
        case Shape.TABLE:
            rows = [tuple(name.upper() for name in _COLUMNS), *map(_row, letters)]
            widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
            for row in rows:
                yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()


def _row(letter: Letter) -> tuple[str, ...]:
    state = f"{letter['state']}, saga waits" if letter["parked"] else str(letter["state"])
    detail = " ".join(str(letter["detail"]).split())
    short = detail if len(detail) <= _DETAIL else f"{detail[: _DETAIL - 1]}…"
    return (letter["id"], letter["at"], state, letter["saga_id"] or "-", letter["code"], _origin(letter), short)


def _origin(letter: Letter) -> str:
    origin = letter["origin"]
    if origin is None:
        return str(letter["step"] or "-")
    return f"{origin['topic']}:{origin['partition']}:{origin['offset']}"


def rendered(letter: Letter, shape: Shape) -> Iterator[str]:
    """Yield the lines of one letter."""
    if shape is not Shape.TABLE:
        yield json.dumps(letter, indent=2 if shape is Shape.JSON else None, ensure_ascii=False)
        return
    told = {**letter, "origin": _origin(letter)}
    for name in ("waiting", "next", "url"):
        told.pop(name)
    for name, value in told.items():
        if value not in (None, "", {}):
            yield f"{name + ':':15}{value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)}"
    if letter["waiting"]:
        yield f"{letter['saga_id']} waits for, in this order:"
    for waiting in letter["waiting"]:
        about = f"  dead letter {waiting['dead_letter']}" if waiting["dead_letter"] else ""
        yield f"  {waiting['record']:24} {waiting['code']:16} since {waiting['since']}{about}"
    yield f"next:          {letter['next']}"
    if letter["state"] == "open":
        yield f"               saga dlq redrive {letter['id']} --dry-run"


def rendered_deed(answer: Mapping[str, Any], shape: Shape) -> Iterator[str]:
    """Yield the lines of what comes of a decision."""
    if shape is not Shape.TABLE:
        yield json.dumps(answer, indent=2 if shape is Shape.JSON else None, ensure_ascii=False)
    elif "dry_run" in answer:
        saga = answer["saga"]
        yield f"would happen:  {answer['would']}"
        yield f"readable now:  {'yes' if answer['decodable'] else 'no: ' + str(answer['undecodable'])}"
        yield "saga:          " + (f"{saga['saga_id']}, {saga['lifecycle']} {saga['status']}" if saga else "none")
        yield f"waiting:       {answer['waiting']} records"
    else:
        yield f"{answer['action']} of {answer['id']} is on its way: {answer['would']}"


def hint_for_list(letters: Sequence[Letter]) -> str:
    """Return what to do next about a list."""
    waiting = [letter for letter in letters if letter["state"] == "open"]
    if not waiting:
        return f"{len(letters)} dead letters, none of them open: nothing is to be done."
    oldest = waiting[-1]["id"]
    return f"{len(letters)} dead letters, {len(waiting)} open; begin with the oldest: saga dlq show {oldest}"


def hint_after(answer: Mapping[str, Any]) -> str:
    """Return what to do next after a decision."""
    if "dry_run" in answer:
        return f"Nothing was changed. Without --dry-run it is done: saga dlq redrive {answer['id']}"
    return f"See what came of it: saga dlq show {answer['id']}"
