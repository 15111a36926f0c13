"""Where a saga stands, told from its events: whether it can be cancelled or migrated, and what waits for a person."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any, NamedTuple

import orjson


class Way(StrEnum):
    """Which way a saga moves."""

    FORWARD = "is running"
    PAST_PIVOT = "is past its point of no return"
    COMPENSATING = "is being undone"
    ENDED = "has ended"


class Standing(NamedTuple):
    """Where a saga stands; `waiting` has the steps that wait for a person: with `undo`, their compensations do."""

    way: Way
    waiting: tuple[str, ...]
    undo: bool


def standing(rows: Sequence[Mapping[str, Any]]) -> Standing:
    """Return where the saga of these events of the read model stands; one without events has just been asked for."""
    way, waiting, undo = Way.FORWARD, dict[str, None](), False
    for row in rows:
        match row["type"]:
            case "PivotPassed":
                way = Way.PAST_PIVOT
            case "CompensationStarted":
                way, waiting = Way.COMPENSATING, {}
            case "SagaCompleted" | "SagaRevoked":
                way, waiting = Way.ENDED, {}
            case "SagaSuspended":
                way, waiting, undo = Way.ENDED, dict.fromkeys(orjson.loads(row["detail"])["steps"]), True
            case "StepHeld":
                waiting, undo = {**waiting, row["step"]: None}, False
            case "InterventionMade":
                made = orjson.loads(row["detail"])
                again = made["undo"] and made["action"] != "skip"
                way = Way.COMPENSATING if again else way
                waiting = {} if again else {step: None for step in waiting if step not in made["steps"]}
            case _:
                pass
    return Standing(way, tuple(waiting), undo)
