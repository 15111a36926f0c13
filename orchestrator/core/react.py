"""react(definition, state, event) -> effects: what an event makes the orchestrator send."""

from __future__ import annotations

from dataclasses import dataclass

from orchestrator.core.definition import Call, Definition
from orchestrator.core.events import Json, Recorded, StepFailed, StepScheduled
from orchestrator.core.state import State, path_of
from orchestrator.core.turn import scope_of


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
class ReportUndone:
    """Hand a compensation that failed for good to a person, as a dead letter."""

    step: str
    code: str
    message: str


Effect = SendCommand | ReportUndone


def react(definition: Definition, state: State, recorded: Recorded) -> Effect | None:
    """Return the effect of an event; `state` is the one after it. Expressions may raise what their author let them."""
    match recorded.event:
        case StepScheduled() as event:
            call = definition.nodes[event.step]
            assert isinstance(call, Call)
            build = call.compensation.arguments if event.undo and call.compensation else call.arguments
            return SendCommand(
                event.topic,
                event.command,
                event.command_id,
                event.token,
                f"{state.saga_id}:{path_of(event.step, False)}" if event.undo else None,
                event.step,
                event.attempt,
                recorded.sequence,
                event.budget_at or event.timeout_at,
                build(scope_of(definition, state)),
            )
        case StepFailed(undo=True, final=True) as event:
            return ReportUndone(event.step, event.code, event.message)
        case _:
            return None
