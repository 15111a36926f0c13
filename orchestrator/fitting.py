"""Turning decisions into messages that fit: what cannot be sent fails its step, what no record holds fails the saga."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from orchestrator.core.decide import Decision, decide
from orchestrator.core.definition import Definition
from orchestrator.core.events import (
    ContextExported,
    EventEmitted,
    FailureKind,
    Recorded,
    ScopeEntered,
    SignalReceived,
    StepCompleted,
    StepScheduled,
)
from orchestrator.core.inputs import Failed, GiveUp, Input, Succeeded
from orchestrator.core.state import State
from orchestrator.outbound import Message, Outbound, UnsendableCommand
from orchestrator.serde import MAX_TEXT, REPLY_TOO_LARGE, state_fields
from schemas.codec import MAX_MESSAGE_BYTES, Codec, TooLarge

_LARGE_RESULT = 2_000
_BYTES_PER_STEP = 250
"""Room that is kept free in a state's record for what each step still adds to it: a saga must be able to end."""
_BYTES_PER_UNDO = 100
"""The same for undoing a step that is in it already: loops have more steps than their definition has nodes."""
_MANY_STEPS = 200
_ROOM_FOR_REASONS = 10_000
UNSENDABLE = "unsendable_command"


@dataclass(frozen=True, slots=True)
class Fitting:
    """Encodes decisions, and measures the states that they lead to."""

    codec: Codec
    outbound: Outbound

    def messages(
        self, definition: Definition, decision: Decision, now_ms: int, *, is_heavy: bool
    ) -> tuple[list[Message], Decision]:
        """Return all that a decision leads to, and the decision: a command that cannot be sent fails its own step.

        `is_heavy`: the saga's record is near to what a record may hold. Raises TooLarge.
        """
        unsendable: set[str] = set()
        while True:
            try:
                messages = self.outbound.messages(definition, decision, unsendable)
            except UnsendableCommand as error:
                event = error.recorded.event
                assert isinstance(event, StepScheduled)
                unsendable.add(event.command_id)
                reason = error.reason[:MAX_TEXT]
                refused = Failed(
                    event.command_id, event.step, event.undo, FailureKind.REJECTED, UNSENDABLE, reason, (), None
                )
                after = decide(definition, decision.state, refused, now_ms)
                decision = Decision([*decision.events, *after.events], after.state)
            else:
                if _may_outgrow(decision, messages, is_heavy):
                    self._measure(definition, decision.state)
                return messages, decision

    def _measure(self, definition: Definition, state: State) -> None:
        """Raise TooLarge where the state's record would leave no room for the steps that may still follow."""
        ahead = _BYTES_PER_STEP * len(definition.nodes) + _BYTES_PER_UNDO * len(state.steps)
        room = MAX_MESSAGE_BYTES - _ROOM_FOR_REASONS - ahead
        size = len(self.codec.encode("saga.State", state_fields(state)))
        if size > room:
            raise TooLarge(f"the saga's state has {size} bytes; at most {room} are allowed")


def _may_outgrow(decision: Decision, messages: Sequence[Message], is_heavy: bool) -> bool:
    """Tell whether a result is new and it, or what was there already, could bring the state over the limit."""
    heavy = is_heavy or len(decision.state.steps) > _MANY_STEPS
    if not heavy and all(len(message.value) <= _LARGE_RESULT for message in messages):
        return False
    return any(_adds_result(recorded) for recorded in decision.events)


def too_large(given: Input, error: TooLarge) -> Failed | GiveUp:
    """Return what follows from an input after which no record could hold the saga.

    A result is a failure of its step: it happened, so it is undone. After anything else the saga turns round.
    """
    if not isinstance(given, Succeeded):
        return GiveUp("saga_too_large", str(error))
    return Failed(
        given.command_id,
        given.step,
        given.undo,
        FailureKind.UNKNOWN,
        REPLY_TOO_LARGE,
        str(error),
        (),
        None,
        retriable=False,
    )


def _adds_result(recorded: Recorded) -> bool:
    """Tell whether an event adds to the outputs that a state keeps."""
    match recorded.event:
        case StepCompleted(undo=False) | SignalReceived() | ScopeEntered() | ContextExported() | EventEmitted():
            return True
        case _:
            return False
