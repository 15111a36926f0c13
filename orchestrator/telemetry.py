"""What the log is told of sagas: one line for each event, with the saga's id and trace, and nothing of its data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any, NamedTuple

import orjson

from orchestrator.core import events
from orchestrator.core.decide import Decision
from orchestrator.core.events import Event
from schemas.telemetry import TRANSITION, Kind, told_code, trace_id
from streams.processor import Context

KINDS: Mapping[type[Event], Kind] = {
    events.SagaStarted: Kind.STARTED,
    events.StepScheduled: Kind.STARTED,
    events.ScopeEntered: Kind.STARTED,
    events.StepCompleted: Kind.COMPLETED,
    events.SagaCompleted: Kind.COMPLETED,
    events.ScopeUnwound: Kind.COMPLETED,
    events.StepFailed: Kind.FAILED,
    events.ScopeFailed: Kind.FAILED,
    events.SagaRevoked: Kind.FAILED,
    events.SagaSuspended: Kind.FAILED,
    events.StepRetryScheduled: Kind.RETRIED,
    events.CompensationStarted: Kind.COMPENSATING,
    events.StepParked: Kind.WAITING,
    events.StepHeld: Kind.WAITING,
    events.SignalAwaited: Kind.WAITING,
    events.TimerStarted: Kind.WAITING,
    events.RecordParked: Kind.WAITING,
    events.SignalReceived: Kind.RECEIVED,
    events.CancelRequested: Kind.RECEIVED,
    events.UndoRequested: Kind.RECEIVED,
    events.InterventionMade: Kind.RECEIVED,
    events.RecordUnparked: Kind.RECEIVED,
    events.BranchChosen: Kind.DECIDED,
    events.GatherClosed: Kind.DECIDED,
    events.PivotPassed: Kind.DECIDED,
    events.EventEmitted: Kind.CHANGED,
    events.ContextExported: Kind.CHANGED,
    events.SagaMigrated: Kind.CHANGED,
    events.InputIgnored: Kind.IGNORED,
}
"""The kind of every event."""

_SHOWN = ("step", "undo", "attempt", "command_id")
"""Fields of events that are told: none holds what a client, a person or a provider wrote."""


class _Shape(NamedTuple):
    """How an event is told."""

    name: str
    kind: str
    shown: tuple[str, ...]
    has_code: bool


def _shape(event: type[Event], kind: Kind) -> _Shape:
    names = {field.name for field in fields(event)}
    return _Shape(event.__name__, kind.value, tuple(name for name in _SHOWN if name in names), "code" in names)


_SHAPES: Mapping[type[Event], _Shape] = {event: _shape(event, kind) for event, kind in KINDS.items()}


class Telemetry:
    """Makes the lines of one process."""

    __slots__ = ("_process",)

    def __init__(self, process: str) -> None:
        """Make lines in the name of a process."""
        self._process = process

    def tell(self, decision: Decision, context: Context) -> None:
        """Hand the context a line for each event; it writes them once they are committed."""
        state, process, log = decision.state, self._process, context.log
        saga_id, definition, version = state.saga_id, state.definition, state.version
        trace = trace_id(state.origin.traceparent)
        for recorded in decision.events:
            event = recorded.event
            shape = _SHAPES[type(event)]
            line: dict[str, Any] = {
                "at_ms": recorded.at,
                "level": "INFO",
                "process": process,
                "logger": TRANSITION,
                "message": shape.name,
                "kind": shape.kind,
                "correlation_id": saga_id,
                "saga_id": saga_id,
                "definition": definition,
                "version": version,
                "sequence": recorded.sequence,
                "lifecycle": recorded.lifecycle,
                "status": recorded.status,
            }
            if trace is not None:
                line["trace_id"] = trace
            for name in shape.shown:
                line[name] = getattr(event, name)
            if shape.has_code:
                line["code"] = told_code(event.code)  # type: ignore[union-attr]  # `has_code` says that there is one
            log(orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE))
