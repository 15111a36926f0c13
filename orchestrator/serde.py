"""Between the core's values and the fields of the published schemas, both ways."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from operator import attrgetter
from typing import Any

import orjson

from orchestrator.core.definition import Definition
from orchestrator.core.events import (
    BranchChosen,
    CancelRequested,
    CompensationStarted,
    ContextExported,
    Event,
    EventEmitted,
    FailureKind,
    GatherClosed,
    InputIgnored,
    InterventionMade,
    Json,
    Leaving,
    PivotPassed,
    Recorded,
    RecordParked,
    RecordUnparked,
    SagaCompleted,
    SagaMigrated,
    SagaRevoked,
    SagaStarted,
    SagaSuspended,
    ScopeEntered,
    ScopeFailed,
    ScopeUnwound,
    SignalAwaited,
    SignalReceived,
    StepCompleted,
    StepFailed,
    StepHeld,
    StepParked,
    StepRetryScheduled,
    StepScheduled,
    TimerStarted,
    UndoRequested,
)
from orchestrator.core.inputs import Action, Cancel, Failed, Input, Migrate, Resolve, Signal, Succeeded, Undo, Unpark
from orchestrator.core.parts import counts_of
from orchestrator.core.react import ReplyToParent
from orchestrator.core.state import Origin, Phase, State, StepState, StepStatus, Unwinding, path_of

Fields = dict[str, Any]

_UNDO = ":undo"
MAX_TEXT = 1_000
"""Characters that are kept of a text which came from outside: reasons go into every record of the saga's end."""
MAX_CAUSES = 10
REPLY_TOO_LARGE = "reply_too_large"
"""The code of an effect whose result no record holds: it will be as large the next time."""


def to_json(value: Any) -> str:
    """Return JSON text. Raises TypeError for what JSON cannot hold, such as integers over 64 bits."""
    return orjson.dumps(value).decode()


def event_message(state: State, recorded: Recorded) -> tuple[str, Fields]:
    """Return the message name and the fields of an event of this saga."""
    event = recorded.event
    fields = _event_fields(event)
    fields["meta"] = {
        "saga_id": state.saga_id,
        "sequence": recorded.sequence,
        "at": recorded.at,
        "definition": state.definition,
        "version": state.version,
        "lifecycle": recorded.lifecycle,
        "status": recorded.status,
        "cause": recorded.cause,
    }
    return _EVENT_NAMES[type(event)], fields


_EVENT_NAMES: Mapping[type[Event], str] = {
    kind: f"saga.{kind.__name__}"
    for kind in (
        TimerStarted,
        EventEmitted,
        ContextExported,
        ScopeEntered,
        ScopeFailed,
        ScopeUnwound,
        GatherClosed,
        PivotPassed,
        StepHeld,
        InterventionMade,
        UndoRequested,
        SagaMigrated,
        RecordParked,
        RecordUnparked,
        SagaStarted,
        StepScheduled,
        StepCompleted,
        StepFailed,
        StepRetryScheduled,
        StepParked,
        BranchChosen,
        SignalAwaited,
        SignalReceived,
        InputIgnored,
        CancelRequested,
        CompensationStarted,
        SagaCompleted,
        SagaRevoked,
        SagaSuspended,
    )
}

_JSON_FIELDS: Mapping[type[Event], tuple[str, ...]] = {
    SagaStarted: ("data", "parameters", "options", "parent"),
    StepCompleted: ("output",),
    SignalReceived: ("data",),
    SagaCompleted: ("output",),
    EventEmitted: ("data",),
    ContextExported: ("context",),
    ScopeEntered: ("items",),
    UndoRequested: ("parent",),
    SagaMigrated: ("renamed", "outputs"),
}
_MAY_BE_NONE = frozenset({"parent", "outputs"})
"""Fields whose absence is no JSON text."""


def _reader(kind: type[Event]) -> tuple[tuple[str, ...], Callable[[Event], tuple[Any, ...]]]:
    """Return the names of an event's fields and what reads all of them at once."""
    names: tuple[str, ...] = kind.__slots__
    read = attrgetter(*names)
    # Of a single name, attrgetter returns the value alone.
    return names, read if len(names) > 1 else lambda event: (read(event),)


_FIELDS = {kind: _reader(kind) for kind in _EVENT_NAMES}


def _event_fields(event: Event) -> Fields:
    """Return the event's own fields: the dataclasses have the names of the schemas."""
    kind = type(event)
    names, values = _FIELDS[kind]
    fields: Fields = dict(zip(names, values(event), strict=True))
    for name in _JSON_FIELDS.get(kind, ()):
        if fields[name] is not None or name not in _MAY_BE_NONE:
            fields[name] = to_json(fields[name])
    return fields


def state_fields(state: State) -> Fields:
    """Return the fields of saga.State."""
    return {
        "saga_id": state.saga_id,
        "definition": state.definition,
        "version": state.version,
        "sequence": state.sequence,
        "lifecycle": state.lifecycle,
        "status": state.status,
        "phase": state.phase,
        "outcome": state.outcome,
        "started_at": state.started_at,
        "updated_at": state.updated_at,
        "deadline": state.deadline,
        "steps": orjson.dumps([_row(step) for step in state.steps.values()]).decode(),
        "plan": state.plan,
        "outputs": to_json(state.outputs),
        "code": state.code,
        "message": state.message,
        "failed_step": state.failed_step,
        "traceparent": state.origin.traceparent,
        "unwinding": _unwinding_text(state.unwinding) if state.unwinding else "{}",
        "parent": None if state.parent is None else to_json(state.parent),
        "pivoted": state.pivoted,
        "parked": to_json(state.parked) if state.parked else "[]",
    }


def _row(step: StepState) -> tuple[Any, ...]:
    """Return a step as a row of the state's JSON: an array of records would cost more than all the rest of it.

    A row is the step's fields in their order, as far as the last one that says something.
    """
    if step.business:
        return step[:]
    if step.source:
        return step[:11]
    if step.timeout_at is None and step.due_at is None and step.code is None and step.budget_at is None:
        return step[:6]
    return step[:10]


def _step(step: str, undo: bool, status: str, *rest: Any) -> StepState:
    return StepState(step, undo, StepStatus(status), *rest)


def origin_fields(state: State) -> Fields:
    """Return the fields of saga.Origin."""
    origin = state.origin
    return {
        "saga_id": state.saga_id,
        "data": to_json(origin.data),
        "parameters": to_json(origin.parameters),
        "options": to_json(origin.options),
    }


def state_of(fields: Fields, origin: Fields) -> State:
    """Return the state from the fields of saga.State and saga.Origin."""
    rows = [_step(*row) for row in orjson.loads(fields["steps"])]
    steps = {path_of(step.step, step.undo): step for step in rows}
    return State(
        saga_id=fields["saga_id"],
        definition=fields["definition"],
        version=fields["version"],
        sequence=fields["sequence"],
        lifecycle=fields["lifecycle"],
        status=fields["status"],
        phase=Phase(fields["phase"]),
        outcome=fields["outcome"],
        started_at=fields["started_at"],
        updated_at=fields["updated_at"],
        deadline=fields["deadline"],
        steps=steps,
        plan=tuple(fields["plan"]),
        outputs=orjson.loads(fields["outputs"]),
        code=fields["code"],
        message=fields["message"],
        failed_step=fields["failed_step"],
        origin=Origin(
            orjson.loads(origin["data"]),
            orjson.loads(origin["parameters"]),
            fields["traceparent"],
            orjson.loads(origin["options"]),
        ),
        unwinding=_unwinding(fields["unwinding"]),
        parent=None if fields["parent"] is None else orjson.loads(fields["parent"]),
        pivoted=fields["pivoted"],
        parked=tuple((number, code) for number, code in orjson.loads(fields["parked"])),
        parts=counts_of(steps),
    )


def _unwinding_text(unwinding: Mapping[str, Unwinding]) -> str:
    return to_json({part: [list(plan), leaving] for part, (plan, leaving) in unwinding.items()})


def _unwinding(text: str) -> Mapping[str, Unwinding]:
    if text == "{}":
        return {}
    return {part: Unwinding(tuple(plan), Leaving(leaving)) for part, (plan, leaving) in orjson.loads(text).items()}


def _business(token: str) -> int:
    """Return the number of the business attempt at the end of a token: none is the first."""
    _, mark, number = token.rpartition("~")
    return int(number) if mark and number.isdecimal() else 0


def reply_of(name: str, fields: Fields) -> Succeeded | Failed:
    """Return the input that a reply is; its token tells a step from its compensation. Raises ValueError on bad JSON."""
    meta = fields["meta"]
    undo = _UNDO in meta["token"].partition(":")[2]
    if name == "saga.CommandFailed":
        return Failed(
            meta["command_id"],
            meta["step"],
            undo,
            FailureKind(fields["kind"]),
            fields["code"][:MAX_TEXT],
            fields["message"][:MAX_TEXT],
            tuple(cause[:MAX_TEXT] for cause in fields["causes"][:MAX_CAUSES]),
            fields["retry_after_ms"],
            retriable=fields["code"] != REPLY_TOO_LARGE,
            business=_business(meta["token"]),
        )
    if name == "saga.GenericReply":
        output: Json = orjson.loads(fields["data"])
    else:
        output = {key: value for key, value in fields.items() if key != "meta"}
    return Succeeded(meta["command_id"], meta["step"], undo, output)


def signal_of(fields: Fields) -> Signal:
    """Return a signal. Raises ValueError on bad JSON."""
    actor = fields["actor"][:MAX_TEXT]
    data: Json = orjson.loads(fields["data"])
    step = fields.get("step")
    meant = None if step is None else step[:MAX_TEXT]
    return Signal(fields["meta"]["input_id"], fields["name"], actor, data, fields.get("expected"), meant)


def reply_to_parent(effect: ReplyToParent, at: int) -> tuple[str, Fields]:
    """Return the message name and the fields of what a child saga tells the one that started it."""
    parent = effect.parent
    meta = {
        "saga_id": parent["saga_id"],
        "command_id": parent["command_id"],
        "token": parent["token"],
        "step": parent["step"],
        "attempt": 0,
        "participant": "orchestrator",
        "completed_at": at,
    }
    if effect.code is None:
        return "saga.GenericReply", {"meta": meta, "data": to_json(effect.output)}
    kind = FailureKind.REJECTED if effect.definite else FailureKind.UNKNOWN
    failed: Fields = {
        "kind": kind,
        "code": effect.code,
        "message": effect.message,
        "causes": [],
        "retry_after_ms": None,
    }
    return "saga.CommandFailed", {"meta": meta, **failed}


def undo_of(fields: Fields) -> Undo:
    """Return a saga's request to take this one back. Raises ValueError on bad JSON."""
    parent = None if fields["parent"] is None else orjson.loads(fields["parent"])
    return Undo(fields["meta"]["input_id"], fields["actor"][:MAX_TEXT], fields["reason"][:MAX_TEXT], parent)


def resolve_of(fields: Fields) -> Resolve:
    """Return a person's decision about what waits for one. Raises ValueError for an action that there is not."""
    input_id, action = fields["meta"]["input_id"], Action(fields["action"])
    actor, reason = fields["actor"][:MAX_TEXT], fields["reason"][:MAX_TEXT]
    return Resolve(input_id, action, fields["step"], actor, reason, fields.get("expected"))


def redrive_of(fields: Fields) -> Unpark:
    """Return a person's request to go on with the records that wait."""
    actor, reason = fields["actor"][:MAX_TEXT], fields["reason"][:MAX_TEXT]
    return Unpark(fields["meta"]["input_id"], fields["action"], actor, reason)


def cancel_of(fields: Fields) -> Cancel:
    """Return a request to cancel."""
    actor, reason = fields["actor"][:MAX_TEXT], fields["reason"][:MAX_TEXT]
    return Cancel(fields["meta"]["input_id"], actor, reason, fields.get("expected"))


def migration_of(fields: Fields, target: Definition) -> Migrate:
    """Return a request to go over to another version, which is `target`."""
    return Migrate(fields["meta"]["input_id"], target, fields["actor"][:MAX_TEXT], fields.get("expected"))


def input_of(name: str, fields: Fields) -> Input | None:
    """Return the input that a message is, None for one that is none. Raises ValueError, KeyError."""
    if name == "saga.Signal":
        return signal_of(fields)
    if name == "saga.CancelSaga":
        return cancel_of(fields)
    if name == "saga.UndoSaga":
        return undo_of(fields)
    if name == "saga.ResolveSaga":
        return resolve_of(fields)
    if "command_id" in fields["meta"] and "participant" in fields["meta"]:
        return reply_of(name, fields)
    return None
