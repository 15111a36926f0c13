"""The messages of the bare loop: the product's own records and headers, with nothing decided about them."""

from __future__ import annotations

import time
from typing import Any, NamedTuple

import orjson

from schemas.cloudevents import Headers, headers
from schemas.codec import Codec

STEPS = 4
INPUTS = "bare.inputs"
COMMANDS = "bare.commands"
REPLIES = "bare.replies"
DONE = "bare.done"
_SOURCE = "/sagaline/bare"
_REPEATED = ("saga_id", "command_id", "token", "step", "attempt")


class Written(NamedTuple):
    """A record to write, and the step that the saga has come to."""

    topic: str
    value: bytes
    headers: Headers
    step: int


def ordered(codec: Codec, meta: dict[str, Any], trace: str) -> Written:
    """As the orchestrator: the first command, the next one, or the end."""
    saga_id, now = meta["saga_id"], time.time_ns() // 1_000_000
    step = int(meta["step"]) + 1 if "step" in meta else 1
    cause = meta.get("command_id", saga_id)
    command_id = f"{saga_id}:{step}:0"
    about = headers("bench.Bare", _SOURCE, command_id, saga_id, now, cause, trace)
    if step > STEPS:
        return Written(DONE, orjson.dumps({"saga_id": saga_id, "status": "COMPLETED", "at": now}), about, step)
    sent = {
        "saga_id": saga_id,
        "sequence": step,
        "command_id": command_id,
        "token": f"{saga_id}:{step}",
        "undoes": None,
        "step": str(step),
        "attempt": 0,
        "issued_at": now,
        "deadline": now + 30_000,
    }
    value = codec.encode("saga.GenericCommand", {"meta": sent, "type": "bench.Bare", "data": "{}"})
    return Written(COMMANDS, value, about, step)


def obeyed(codec: Codec, meta: dict[str, Any], trace: str) -> Written:
    """As the participant: the reply to the command."""
    saga_id, command_id, now = meta["saga_id"], meta["command_id"], time.time_ns() // 1_000_000
    reply = {name: meta[name] for name in _REPEATED}
    reply["participant"], reply["completed_at"] = "bare", now
    value = codec.encode("saga.GenericReply", {"meta": reply, "data": "{}"})
    about = headers("saga.GenericReply", _SOURCE, f"{command_id}:reply", saga_id, now, command_id, trace)
    return Written(REPLIES, value, about, int(meta["step"]))
