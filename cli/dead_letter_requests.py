"""Asks the gateway about dead letters, and words for people what it says."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from cli.asking import actor_of, pages, request
from cli.options import Gateway
from cli.printing import Columns

_PATH = "/v1/dead-letters"
_DETAIL = 60
_REMEDY = "`saga dlq list` shows the dead letters there are, `saga dlq show ID` what can be done about one."

Letter = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Deed:
    """What is decided about a letter."""

    action: str
    reason: str
    actor: str | None
    key: str | None
    dry_run: bool = False


def found(gateway: Gateway, filters: Mapping[str, str | None], limit: int) -> list[dict[str, Any]]:
    """Return at most `limit` letters, newest first. Raises Failure."""
    return pages(gateway, _PATH, "dead_letters", filters, limit)


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


def _state(letter: Letter) -> str:
    return f"{letter['state']}, saga waits" if letter["parked"] else str(letter["state"])


def _short(detail: object) -> str:
    text = " ".join(str(detail).split())
    return text if len(text) <= _DETAIL else f"{text[: _DETAIL - 1]}…"


def _origin(letter: Letter) -> str:
    origin = letter["origin"]
    if origin is None:
        return str(letter["step"] or "-")
    return f"{origin['topic']}:{origin['partition']}:{origin['offset']}"


COLUMNS: Columns = {
    "id": lambda letter: letter["id"],
    "at": lambda letter: letter["at"],
    "state": _state,
    "saga": lambda letter: letter["saga_id"],
    "code": lambda letter: letter["code"],
    "origin": _origin,
    "detail": lambda letter: _short(letter["detail"]),
}
"""What a list of letters shows."""


def lines_about(letter: Letter) -> Iterator[str]:
    """Yield all that is known of a letter, in lines."""
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


def lines_after(answer: Mapping[str, Any]) -> Iterator[str]:
    """Yield what comes of a decision, in lines."""
    if "dry_run" in answer:
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
