"""react(definition, state, event) -> effects: what an event makes the orchestrator send."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from orchestrator.core.definition import Call, Child, Definition
from orchestrator.core.errors import TOO_MANY_EVENTS
from orchestrator.core.events import (
    CompensationStarted,
    EventEmitted,
    Json,
    Recorded,
    SagaCompleted,
    SagaRevoked,
    SagaSuspended,
    StepFailed,
    StepHeld,
    StepScheduled,
    UndoRequested,
)
from orchestrator.core.paths import name_of
from orchestrator.core.state import State, token_of
from orchestrator.core.view import scope_at, task_scope


@dataclass(frozen=True, slots=True)
class SendCommand:
    """Send a participant its command; `deadline` (milliseconds since the epoch) is when the saga decides without it."""

    topic: str
    command: str
    command_id: str
    token: str
    undoes: str | None
    step: str
    attempt: int
    sequence: int
    deadline: int | None
    arguments: Json


@dataclass(frozen=True, slots=True)
class StartChild:
    """Start a saga for a step. `parent` says whom its end is reported to; None: nobody waits for it."""

    child_id: str
    command_id: str
    definition: str
    version: int | None
    data: Json
    parent: Json | None


@dataclass(frozen=True, slots=True)
class UndoChild:
    """Take back the saga that a step started."""

    child_id: str
    command_id: str
    reason: str
    parent: Json


@dataclass(frozen=True, slots=True)
class ReplyToParent:
    """Tell the saga that started this one how it ended: with a `code`, that it failed."""

    parent: Json
    output: Any
    code: str | None
    message: str
    definite: bool


@dataclass(frozen=True, slots=True)
class PublishEvent:
    """Tell the world an event; with a `subject`, that saga too, as a signal."""

    event_id: str
    type: str
    subject: str | None
    data: Any


@dataclass(frozen=True, slots=True)
class Report:
    """Hand something to a person, as a dead letter; `kind` says what it is about."""

    kind: str
    step: str
    code: str
    message: str


Effect = SendCommand | StartChild | UndoChild | ReplyToParent | PublishEvent | Report


_WITH_EFFECT = frozenset(
    {StepFailed, StepHeld, CompensationStarted, EventEmitted, SagaCompleted, SagaRevoked, SagaSuspended, UndoRequested}
)
"""Events that make the orchestrator send something, besides the one that is in every other record."""


def react(definition: Definition, state: State, recorded: Recorded) -> Effect | None:  # noqa: C901, PLR0911 - one for each kind
    """Return the effect of an event; `state` is the one after it. Expressions may raise what their author let them."""
    event = recorded.event
    if type(event) is StepScheduled:
        return _command(definition, state, recorded, event)
    if type(event) not in _WITH_EFFECT:
        return None
    match event:
        case StepFailed(undo=True, final=True):
            return Report("compensation_failed", event.step, event.code, event.message)
        case StepHeld():
            return Report("step_held", event.step, event.code, event.message)
        case CompensationStarted(code=code) if code == TOO_MANY_EVENTS:
            return Report(code, event.failed_step or "", code, event.message)
        case EventEmitted():
            return PublishEvent(event.event_id, event.type, event.subject, event.data)
        case SagaCompleted() if state.parent is not None:
            return ReplyToParent(state.parent, event.output, None, "", True)
        case SagaRevoked() if state.parent is not None:
            return _reply(state.parent, "REVOKED", event.code, event.message)
        case SagaSuspended() if state.parent is not None:
            return _reply(state.parent, "SUSPENDED", event.code, event.message)
        case UndoRequested(settled=True) if event.parent is not None:
            outcome = "PIVOTED" if state.pivoted else state.outcome or ""
            return _reply(event.parent, outcome, state.code or "past_pivot", state.message or "it only goes forward")
        case _:
            return None


def _command(definition: Definition, state: State, recorded: Recorded, event: StepScheduled) -> Effect:
    call = definition.nodes[name_of(event.step)]
    assert isinstance(call, Call)
    if call.child is not None:
        return _child(definition, state, call, call.child, event)
    if event.undo and call.compensation is not None:
        result = state.outputs.get(event.step)
        arguments = call.compensation.arguments(scope_at(definition, state, event.step, result))
    else:
        arguments = call.arguments(task_scope(definition, state, event.step, call.reads, event.source))
    return SendCommand(
        event.topic,
        event.command,
        event.command_id,
        event.token,
        _token_of_step(state, event.step) if event.undo else None,
        event.step,
        event.attempt,
        recorded.sequence,
        event.budget_at or event.timeout_at,
        arguments,
    )


def _child(definition: Definition, state: State, call: Call, child: Child, event: StepScheduled) -> Effect:
    done = state.steps.get(event.step)
    child_id = child_id_of(state.saga_id, event.step, done.business if done else 0)
    parent = {
        "saga_id": state.saga_id,
        "command_id": event.command_id,
        "token": event.token,
        "step": event.step,
        "undo": event.undo,
    }
    if event.undo:
        return UndoChild(child_id, event.command_id, state.code or "undone", parent)
    data = call.arguments(task_scope(definition, state, event.step, call.reads, event.source))
    reported = parent if child.awaited else None
    return StartChild(child_id, event.command_id, child.definition, child.version, data, reported)


def child_id_of(saga_id: str, path: str, business: int = 0) -> str:
    """Return the id of the saga that a step runs, another one where it is tried anew: ids hold no '/'."""
    return f"{saga_id}.{path.replace('/', '.')}" + (f".{business}" if business else "")


def _token_of_step(state: State, path: str) -> str:
    step = state.steps.get(path)
    return token_of(state.saga_id, path, step.business if step else 0)


def _reply(parent: Json, outcome: str, code: str, message: str) -> ReplyToParent:
    if outcome == "REVOKED":
        return ReplyToParent(parent, {}, None if parent["undo"] else code, message, True)
    return ReplyToParent(parent, {}, code or "suspended", message, False)
