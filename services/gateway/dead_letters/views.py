"""How dead letters are shown over HTTP: pure functions from rows to documents."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from schemas.cloudevents import rfc3339
from schemas.codec import Codec, Undecodable
from services.gateway.dead_letters.reading import Waiting, place_of

_BEHIND = "behind"


def letter_view(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a letter as it is listed."""
    topic, decided_at = row["origin_topic"], row["decided_at_ms"]
    origin = {"topic": topic, "partition": row["origin_partition"], "offset": row["origin_offset"]}
    return {
        "id": row["id"],
        "at": rfc3339(row["at_ms"]),
        "saga_id": row["saga_id"],
        "kind": row["kind"],
        "code": row["code"],
        "detail": row["detail"],
        "step": row["step"],
        "origin": None if topic is None else origin,
        "value_bytes": row["value_bytes"],
        "state": row["state"],
        "parked": bool(row["parked"]),
        "attempts": row["attempts"],
        "decided_by": row["decided_by"],
        "reason": row["reason"],
        "decided_at": None if decided_at is None else rfc3339(decided_at),
        "url": f"/v1/dead-letters/{row['id']}",
    }


def whole_view(
    codec: Codec, row: Mapping[str, Any], queue: Sequence[Waiting], letters: Mapping[str, str]
) -> dict[str, Any]:
    """Return a letter with its bytes, decoded where they can be, and the queue of its saga.

    `letters` has the letters of that queue's records, by where the records came from.
    """
    key, value = _bytes(row["key"]), _bytes(row["value"])
    message, why_not = decoded(codec, row)
    saga_id = row["saga_id"]
    return {
        **letter_view(row),
        "key": None if key is None else key.decode("utf-8", "backslashreplace"),
        "headers": {name: base64.b64decode(text).decode("utf-8", "backslashreplace") for name, text in _headers(row)},
        "message": message,
        "undecodable": why_not,
        "value_base64": None if value is None or message is not None else base64.b64encode(value).decode(),
        "history_url": None if saga_id is None else f"/v1/sagas/{saga_id}/history",
        "waiting": [
            {
                "record": one.place,
                "code": one.code,
                "detail": one.detail,
                "since": rfc3339(one.since_ms),
                "dead_letter": None if one.code == _BEHIND else letters.get(one.place),
            }
            for one in queue
        ],
        "next": advice(row, queue),
    }


def decoded(codec: Codec, row: Mapping[str, Any]) -> tuple[dict[str, Any] | None, str | None]:
    """Return the message of a letter, or why it is none; a report is the JSON that it is."""
    value = _bytes(row["value"])
    if row["kind"] == "report":
        return {"type": "report", "fields": orjson.loads(value or b"null")}, None
    try:
        message = codec.decode(value)
    except Undecodable as error:
        return None, str(error)
    return {"type": message.name, "fields": message.fields}, None


def originals(row: Mapping[str, Any]) -> tuple[bytes | None, bytes | None, list[tuple[str, bytes]]]:
    """Return key, value and headers of the record as it came."""
    headers = [(name, base64.b64decode(text)) for name, text in _headers(row)]
    return _bytes(row["key"]), _bytes(row["value"]), headers


def is_whole(row: Mapping[str, Any]) -> bool:
    """Tell whether all of the record's bytes were kept."""
    return int(row["value_bytes"]) == len(row["value"] or b"")


def advice(row: Mapping[str, Any], queue: Sequence[Waiting]) -> str:
    """Return what can be done about a letter, in a sentence."""
    if row["state"] != "open":
        return "Nothing: it is decided."
    if row["parked"]:
        if queue and queue[0].place != place_of(row):
            return f"Its saga waits for {queue[0].place} first: decide about that one."
        return "Redrive it once the cause is mended, or resolve it: then the saga goes on without the record."
    match row["kind"]:
        case "report" if row["code"] in ("step_held", "compensation_failed"):
            return f"Redrive it: {row['step']} is tried again. Resolve it: {row['step']} is left as it is."
        case "record" if is_whole(row):
            return "No saga waits for it. Redrive it: the record is put back as it came. Resolve it: it is closed."
        case _:
            return "There is nothing to redrive. Resolve it once it is looked into."


def _headers(row: Mapping[str, Any]) -> list[tuple[str, str]]:
    return [(name, text) for name, text in orjson.loads(row["headers"])]


def _bytes(value: bytes | memoryview | None) -> bytes | None:
    return None if value is None else bytes(value)
