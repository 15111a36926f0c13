"""The records the gateway writes: the start of a saga, signals to it, its cancellation, what operators do."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

import orjson

from schemas.cloudevents import Headers, headers
from schemas.codec import Codec
from services.gateway.orders import DEFINITION

SOURCE = "gateway"
_TRACEPARENT = re.compile(r"00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")


class Input(NamedTuple):
    """One record for `saga.inputs`."""

    key: bytes
    value: bytes
    headers: Headers


class Asking(NamedTuple):
    """Who asks for what, when: common to every input. `input_id` is equal when the same request comes again.

    `expected`: the sequence of the state that is to be changed; in any other one the saga refuses it.
    """

    order_id: str
    input_id: str
    at_ms: int
    traceparent: str
    expected: int | None = None


def traceparent(received: str | None, generated: str) -> str:
    """Return the caller's trace context when it is a valid one, else the generated one."""
    return received if received is not None and _TRACEPARENT.fullmatch(received) else generated


def _input(codec: Codec, message: str, asking: Asking, fields: Mapping[str, Any]) -> Input:
    meta = {"saga_id": asking.order_id, "input_id": asking.input_id, "at": asking.at_ms, "source": SOURCE}
    return Input(
        asking.order_id.encode(),
        codec.encode(message, {"meta": meta, **fields}),
        headers(
            message,
            f"/{SOURCE}",
            asking.input_id,
            asking.order_id,
            asking.at_ms,
            asking.input_id,
            asking.traceparent,
        ),
    )


def _change(codec: Codec, message: str, asking: Asking, fields: Mapping[str, Any]) -> Input:
    """Return an input that changes a saga which is there."""
    return _input(codec, message, asking, {**fields, "expected": asking.expected})


def start_id(saga_id: str) -> str:
    """Return the id of the input that starts a saga: equal in every repetition."""
    return f"{saga_id}:start"


def start(codec: Codec, asking: Asking, written: str, process: str = DEFINITION) -> Input:
    """Return the record that starts an order's saga with its data, written as JSON. Raises TooLarge."""
    return _input(codec, "saga.StartSaga", asking, {"definition": process, "version": None, "data": written})


class Saga(NamedTuple):
    """What is to be started: the newest version where none is named."""

    definition: str
    version: int | None
    options: Mapping[str, Any]


def start_saga(codec: Codec, asking: Asking, saga: Saga, data: Mapping[str, Any]) -> Input:
    """Return the record that starts a saga of any definition. Raises TooLarge."""
    fields = {
        "definition": saga.definition,
        "version": saga.version,
        "data": orjson.dumps(data).decode(),
        "options": orjson.dumps(saga.options).decode(),
    }
    return _input(codec, "saga.StartSaga", asking, fields)


def send_signal(
    codec: Codec, asking: Asking, name: str, actor: str, data: Mapping[str, Any], *, step: str | None = None
) -> Input:
    """Return the record of a signal to any saga; with a step, which no other one takes. Raises TooLarge."""
    fields = {"name": name, "actor": actor, "data": orjson.dumps(data).decode(), "step": step}
    return _change(codec, "saga.Signal", asking, fields)


def signal(codec: Codec, asking: Asking, name: str, actor: str, reason: str, *, step: str) -> Input:
    """Return the record of a person's decision, which is about one step and no other."""
    return send_signal(codec, asking, name, actor, {"reason": reason}, step=step)


def cancel(codec: Codec, asking: Asking, actor: str, reason: str) -> Input:
    """Return the record that asks a saga to stop and undo what it did."""
    return _change(codec, "saga.CancelSaga", asking, {"actor": actor, "reason": reason})


def resolve(codec: Codec, asking: Asking, action: str, step: str | None, actor: str, reason: str) -> Input:
    """Return the record of what a person has done about what waits for one; without a step, about all of it."""
    fields = {"action": action, "step": step, "actor": actor, "reason": reason}
    return _change(codec, "saga.ResolveSaga", asking, fields)


def migrate(codec: Codec, asking: Asking, version: int, actor: str) -> Input:
    """Return the record that has a saga go on under another version."""
    return _change(codec, "saga.MigrateSaga", asking, {"version": version, "actor": actor})


def redrive(codec: Codec, asking: Asking, action: str, first: str, actor: str, reason: str) -> Input:
    """Return the record that has the records of a saga that wait redriven, or the first of them dropped."""
    fields = {"action": action, "actor": actor, "reason": reason, "first": first}
    return _input(codec, "saga.RedriveSaga", asking, fields)
