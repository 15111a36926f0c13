"""The input that arms a definition's schedule, and the key under which a schedule lives. Pure."""

from __future__ import annotations

from typing import NamedTuple

import orjson

from orchestrator.core.events import Json
from schemas import topics
from schemas.cloudevents import Headers, headers
from schemas.codec import Codec

PREFIX = "/schedule/"
"""No saga id holds a '/', and no store key of a saga begins with one."""

_MESSAGE = "saga.ArmSchedule"


class Arming(NamedTuple):
    """A record that arms a schedule."""

    topic: str
    key: bytes
    value: bytes
    headers: Headers


def schedule_key(name: str) -> str:
    """Return the key of a definition's schedule."""
    return f"{PREFIX}{name}"


def arming(codec: Codec, name: str, version: int, document: Json, source: str, at_ms: int) -> Arming:
    """Return the record that makes a version's schedule the one of its definition; without a schedule it disarms."""
    key = schedule_key(name)
    input_id = f"{key}:{version}"
    schedule = document.get("schedule")
    fields = {
        "meta": {"saga_id": key, "input_id": input_id, "at": at_ms, "source": source},
        "definition": name,
        "version": version,
        "schedule": None if schedule is None else orjson.dumps(schedule).decode(),
    }
    about = headers(_MESSAGE, f"/sagaline/{source}", input_id, key, at_ms, input_id, "")
    return Arming(topics.INPUTS.name, key.encode(), codec.encode(_MESSAGE, fields), about)
