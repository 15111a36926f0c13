"""Says events in a few words, for stories."""

from __future__ import annotations

from orchestrator.core.events import (
    BranchChosen,
    CancelRequested,
    CompensationStarted,
    ContextExported,
    Event,
    EventEmitted,
    GatherClosed,
    InputIgnored,
    InterventionMade,
    PivotPassed,
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
from orchestrator.core.state import path_of


def sentence(event: Event) -> str:  # noqa: PLR0911 - one sentence for each event
    """Return an event in a few words."""
    match event:
        case StepScheduled():
            return f"send {_at(event)}"
        case StepCompleted():
            return f"done {path_of(event.step, event.undo)}"
        case StepFailed():
            return f"failed {_at(event)} {event.kind} {event.code}{' for good' if event.final else ''}"
        case StepRetryScheduled():
            return f"will retry {_at(event)}"
        case StepParked():
            return f"parked {_at(event)}"
        case CompensationStarted():
            return f"turned round {event.code}, to undo {', '.join(event.plan) or 'nothing'}"
        case _:
            return _saga_sentence(event)


def _saga_sentence(event: Event) -> str:  # noqa: PLR0911 - one sentence for each event
    match event:
        case SagaStarted():
            return "started"
        case BranchChosen():
            return f"chose {event.branch}"
        case SignalAwaited():
            return f"awaits {' or '.join(event.signals)}"
        case SignalReceived():
            return f"got {event.signal}"
        case InputIgnored():
            return f"ignored {event.input}"
        case CancelRequested():
            return "asked to cancel"
        case SagaCompleted():
            return "completed"
        case SagaRevoked():
            return f"revoked {event.code}"
        case SagaSuspended():
            return f"suspended, not undone: {', '.join(event.steps)}"
        case _:
            return _rarer_sentence(event)


def _rarer_sentence(event: Event) -> str:  # noqa: C901, PLR0911, PLR0912 - one sentence for each event
    match event:
        case TimerStarted():
            return f"waits {event.step}"
        case EventEmitted():
            return f"told {event.type}"
        case ContextExported():
            return f"exported {event.step}"
        case ScopeEntered():
            return f"entered {event.step}" + (f" #{event.attempt}" if event.attempt else "")
        case ScopeFailed():
            undone = ", ".join(event.plan) or "nothing"
            return f"left {event.step}/{event.part} {event.code} to {event.leaving}, to undo {undone}"
        case ScopeUnwound():
            return f"unwound {event.step}/{event.part}"
        case GatherClosed():
            return f"closed {event.step}"
        case PivotPassed():
            return f"past {event.step}"
        case StepHeld():
            return f"held {event.step} {event.code}"
        case InterventionMade():
            return f"{event.action} {', '.join(path_of(step, event.undo) for step in event.steps)}"
        case UndoRequested():
            return "asked to undo"
        case RecordParked():
            return f"parked record {event.number} {event.code}"
        case RecordUnparked():
            return f"{event.action} record {event.number}"
        case SagaMigrated():
            return f"went over to version {event.version}"
        case _:
            raise AssertionError(event)


def _at(event: StepScheduled | StepFailed | StepRetryScheduled | StepParked) -> str:
    attempt = f" #{event.attempt}" if event.attempt else ""
    return f"{path_of(event.step, event.undo)}{attempt}"
