"""Which input led to a recorded event: told from the event itself, and from the message behind it where it is kept."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from orchestrator.core.definition import Call, Definition
from orchestrator.core.events import FailureKind
from orchestrator.core.inputs import (
    DROP,
    REDRIVE,
    Action,
    Cancel,
    Failed,
    GiveUp,
    Input,
    Migrate,
    Park,
    Resolve,
    Signal,
    Start,
    Succeeded,
    TimerDue,
    Undo,
    Unpark,
)
from orchestrator.core.paths import name_of
from orchestrator.definitions.registry import Registry
from orchestrator.serde import cancel_of, migration_of, reply_of, resolve_of, signal_of
from simulator.vetting.history import History, Told

Candidate = tuple[Definition, Input]
"""An input, and the definition under which it may have been decided."""

_READERS: Mapping[str, Callable[[dict[str, Any]], Input]] = {
    "Signal": signal_of,
    "CancelSaga": cancel_of,
    "ResolveSaga": resolve_of,
}
_TOO_LARGE = "reply_too_large"


def start_of(event: Told) -> Start:
    """Return the start that a first event records."""
    fields = event.fields
    parent = fields["parent"]
    return Start(
        event.cause,
        json.loads(fields["data"]),
        json.loads(fields["parameters"]),
        "",
        json.loads(fields["options"]),
        None if parent is None else json.loads(parent),
    )


def candidates(registry: Registry, definition: Definition, history: History, event: Told) -> Sequence[Candidate]:
    """Return the inputs that may have led to the event; none where its record alone does not say."""
    if event.cause == f"{history.saga_id}:timer":
        return [(definition, TimerDue())]
    match event.name:
        case "StepCompleted":
            return _completed(definition, history, event)
        case "SagaMigrated":
            target = registry.version(definition.name, event.fields["version"])
            return [] if target is None else [(definition, Migrate(event.cause, target, event.fields["actor"]))]
        case "InputIgnored" if event.fields["input"] == "migrate":
            asked = _unmigrated(registry, definition, history, event)
            return [(definition, given) for given in asked]
        case _:
            return [(definition, given) for given in _inputs(history, event)]


def _inputs(history: History, event: Told) -> Sequence[Input]:  # noqa: C901, PLR0911 - a case for each kind of event
    fields, cause = event.fields, event.cause
    match event.name:
        case "StepFailed":
            return _failed(history, event)
        case "StepParked":
            failure = _failure(event, FailureKind.UNAVAILABLE, fields["until"] - event.at)
            return _replies(history, event) or [failure]
        case "SignalReceived":
            signal = Signal(cause, fields["signal"], fields["actor"], json.loads(fields["data"]))
            return [signal, replace(signal, step=fields["step"])]
        case "CancelRequested":
            return [Cancel(cause, fields["actor"], fields["reason"])]
        case "UndoRequested":
            parent = None if fields["parent"] is None else json.loads(fields["parent"])
            return [Undo(cause, fields["actor"], fields["reason"], parent)]
        case "InterventionMade":
            step = fields["steps"][0] if len(fields["steps"]) == 1 else None
            return [Resolve(cause, Action(fields["action"]), step, fields["actor"], fields["reason"])]
        case "RecordParked":
            return [Park(cause, *(fields[name] for name in ("topic", "partition", "offset", "code", "detail")))]
        case "RecordUnparked":
            return [Unpark(cause, fields["action"], fields["actor"], fields["reason"])]
        case "CompensationStarted" if cause == f"{history.saga_id}:{fields['code']}":
            return [GiveUp(fields["code"], fields["message"])]
        case "InputIgnored":
            return _ignored(history, event)
        case _:
            return []


def _completed(definition: Definition, history: History, event: Told) -> Sequence[Candidate]:
    """With the reply at hand it is decided as it came; else the shaped result is taken as it was recorded."""
    replies = [one for one in _replies(history, event) if isinstance(one, Succeeded)]
    if replies:
        return [(definition, one) for one in replies]
    fields = event.fields
    given = Succeeded(event.cause, fields["step"], fields["undo"], json.loads(fields["output"]))
    return [(_unshaped(definition, fields["step"]), given), (definition, given)]


def _unshaped(definition: Definition, path: str) -> Definition:
    node = definition.nodes.get(name_of(path))
    if not isinstance(node, Call) or node.output is None:
        return definition
    return replace(definition, nodes={**definition.nodes, node.name: replace(node, output=None)})


def _replies(history: History, event: Told) -> list[Succeeded | Failed]:
    found: list[Succeeded | Failed] = []
    for told in history.messages.get(event.cause, ()):
        if "participant" in told.fields["meta"]:
            name = f"saga.{told.name}" if told.name in ("CommandFailed", "GenericReply") else told.name
            found.append(reply_of(name, dict(told.fields)))
    return found


def _failed(history: History, event: Told) -> list[Failed]:
    replies = _replies(history, event)
    failures = [one for one in replies if isinstance(one, Failed)]
    told = _failure(event, FailureKind(event.fields["kind"]), None)
    if event.fields["code"] != _TOO_LARGE:
        return failures or [told]
    # A result that fits no record is turned into this failure by the orchestrator itself, and never tried again.
    return [*failures, replace(told, retriable=False), *([] if replies else [told])]


def _failure(event: Told, kind: FailureKind, retry_after_ms: int | None) -> Failed:
    fields: Any = event.fields
    return Failed(
        event.cause,
        fields["step"],
        fields["undo"],
        kind,
        fields["code"],
        fields.get("message", ""),
        tuple(fields.get("causes", ())),
        retry_after_ms,
    )


def _ignored(history: History, event: Told) -> list[Input]:
    """Return the message that was not legal, where it is kept, else what the event tells: old ones tell nothing."""
    fields: Any = event.fields
    messages = history.messages.get(event.cause, ())
    kept = [_READERS[one.name](dict(one.fields)) for one in messages if one.name in _READERS]
    if kept:
        return kept
    if fields["input"] in (REDRIVE, DROP):
        return [Unpark(event.cause, fields["input"], fields["actor"], "", fields["reason"])]
    if "expected" not in fields:
        return []
    expected, step = fields["expected"], fields["meant_for"]
    if fields["input"] == "cancel":
        return [Cancel(event.cause, fields["actor"], "", expected)]
    if fields["input"] in tuple(Action):
        # Why it was asked for is not told: a skip for no reason at all is refused for that.
        action = Action(fields["input"])
        return [Resolve(event.cause, action, step, fields["actor"], reason, expected) for reason in ("", "not told")]
    return [Signal(event.cause, fields["input"], fields["actor"], {}, expected, step)]


def _unmigrated(registry: Registry, definition: Definition, history: History, event: Told) -> Iterator[Input]:
    """Yield the request to migrate that was not legal; to which version is no matter where it was for another state."""
    for one in history.messages.get(event.cause, ()):
        target = registry.version(definition.name, one.fields["version"]) if one.name == "MigrateSaga" else None
        if target is not None:
            yield migration_of(dict(one.fields), target)
    expected = event.fields.get("expected")
    if expected not in (None, event.fields["meta"]["sequence"] - 1):
        yield Migrate(event.cause, definition, event.fields["actor"], expected)
