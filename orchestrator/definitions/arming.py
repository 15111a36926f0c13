"""The input that arms a definition's schedule, and the key under which a schedule lives. Pure."""

from __future__ import annotations

from collections.abc import Iterable

import orjson

from orchestrator.core.events import Json
from orchestrator.definitions.registry import Version
from schemas import topics
from schemas.cloudevents import headers
from schemas.codec import Codec
from streams.record import Outgoing

PREFIX = "/schedule/"
"""No saga id holds a '/', and no store key of a saga begins with one."""

_MESSAGE = "saga.ArmSchedule"


def schedule_key(name: str) -> str:
    """Return the key of a definition's schedule."""
    return f"{PREFIX}{name}"


def armings(codec: Codec, versions: Iterable[Version], source: str, at_ms: int) -> list[Outgoing]:
    """Return the records that arm the newest version of each definition that has, or once had, a schedule."""
    newest: dict[str, Version] = {}
    scheduled: set[str] = set()
    for version in versions:
        name, major = version.pin
        if version.schedule is not None:
            scheduled.add(name)
        if name not in newest or newest[name].definition.version < major:
            newest[name] = version
    return [
        arming(codec, name, newest[name].definition.version, newest[name].document, source, at_ms)
        for name in sorted(scheduled)
    ]


def arming(codec: Codec, name: str, version: int, document: Json, source: str, at_ms: int) -> Outgoing:
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
    return Outgoing(topics.INPUTS.name, key.encode(), codec.encode(_MESSAGE, fields), about)
