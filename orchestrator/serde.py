"""Between the core's values and the fields of the published schemas, both ways."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

from orchestrator.core.events import (
    BranchChosen,
    CancelRequested,
    CompensationStarted,
    Event,
    FailureKind,
    InputIgnored,
    Json,
    Recorded,
    SagaCompleted,
    SagaRevoked,
    SagaStarted,
    SagaSuspended,
    SignalAwaited,
    SignalReceived,
    StepCompleted,
    StepFailed,
    StepParked,
    StepRetryScheduled,
    StepScheduled,
)
from orchestrator.core.inputs import Cancel, Failed, Signal, Succeeded
from orchestrator.core.state import Origin, Phase, State, StepState, StepStatus, path_of

Fields = dict[str, Any]

_UNDO = ":undo"
MAX_TEXT = 1_000
"""Characters that are kept of a text which came from outside: reasons go into every record of the saga's end."""
MAX_CAUSES = 10


def to_json(value: Json) -> str:
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
    SagaStarted: ("data", "parameters"),
    StepCompleted: ("output",),
    SignalReceived: ("data",),
    SagaCompleted: ("output",),
}

_FIELD_NAMES: Mapping[type[Event], tuple[str, ...]] = {kind: kind.__slots__ for kind in _EVENT_NAMES}


def _event_fields(event: Event) -> Fields:
    """Return the event's own fields: the dataclasses have the names of the schemas."""
    kind = type(event)
    fields: Fields = {name: getattr(event, name) for name in _FIELD_NAMES[kind]}
    for name in _JSON_FIELDS.get(kind, ()):
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
    }


def _row(step: StepState) -> tuple[Any, ...]:
    """Return a step as a row of the state's JSON: an array of records would cost more than all the rest of it.

    A row ends after `uncertain` where nothing is due and nothing went wrong, as for nearly every step.
    """
    if step.timeout_at is None and step.due_at is None and step.code is None and step.budget_at is None:
        return step.step, step.undo, step.status, step.attempt, step.dispatches, step.uncertain
    return (
        step.step,
        step.undo,
        step.status,
        step.attempt,
        step.dispatches,
        step.uncertain,
        step.timeout_at,
        step.budget_at,
        step.due_at,
        step.code,
    )


def _step(step: str, undo: bool, status: str, *rest: Any) -> StepState:
    return StepState(step, undo, StepStatus(status), *rest)


def origin_fields(state: State) -> Fields:
    """Return the fields of saga.Origin."""
    origin = state.origin
    return {
        "saga_id": state.saga_id,
        "data": to_json(origin.data),
        "parameters": to_json(origin.parameters),
    }


def state_of(fields: Fields, origin: Fields) -> State:
    """Return the state from the fields of saga.State and saga.Origin."""
    steps = [_step(*row) for row in orjson.loads(fields["steps"])]
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
        steps={path_of(step.step, step.undo): step for step in steps},
        plan=tuple(fields["plan"]),
        outputs=orjson.loads(fields["outputs"]),
        code=fields["code"],
        message=fields["message"],
        failed_step=fields["failed_step"],
        origin=Origin(orjson.loads(origin["data"]), orjson.loads(origin["parameters"]), fields["traceparent"]),
    )


def reply_of(name: str, fields: Fields) -> Succeeded | Failed:
    """Return the input that a reply is; its token tells a step from its compensation. Raises ValueError on bad JSON."""
    meta = fields["meta"]
    undo = meta["token"].endswith(_UNDO)
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
        )
    if name == "saga.GenericReply":
        output: Json = orjson.loads(fields["data"])
    else:
        output = {key: value for key, value in fields.items() if key != "meta"}
    return Succeeded(meta["command_id"], meta["step"], undo, output)


def signal_of(fields: Fields) -> Signal:
    """Return a signal. Raises ValueError on bad JSON."""
    actor = fields["actor"][:MAX_TEXT]
    return Signal(fields["meta"]["input_id"], fields["name"], actor, orjson.loads(fields["data"]))


def cancel_of(fields: Fields) -> Cancel:
    """Return a request to cancel."""
    return Cancel(fields["meta"]["input_id"], fields["actor"][:MAX_TEXT], fields["reason"][:MAX_TEXT])
