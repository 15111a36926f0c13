"""Inputs that name the state in which they were meant: in any other one they are refused, and that is recorded."""

from __future__ import annotations

from orchestrator.core.events import InputIgnored
from orchestrator.core.inputs import Cancel, Migrate, Resolve, Signal
from orchestrator.core.turn import Turn

Asked = Signal | Cancel | Resolve | Migrate


def refuse(turn: Turn, given: Asked, name: str, reason: str) -> None:
    """Record that an input is not legal, with the state and the step that it was meant for."""
    step = given.step if isinstance(given, Signal | Resolve) else None
    turn.record(InputIgnored(name, given.input_id, given.actor, reason, given.expected, step))


def is_refused(turn: Turn, given: Asked, name: str) -> bool:
    """Refuse an input that was meant for another state than the saga is in; returns whether it was."""
    sequence = turn.state.sequence
    if given.expected is None or given.expected == sequence:
        return False
    reason = f"it was meant for the state after event {given.expected}, and the saga is after event {sequence}"
    refuse(turn, given, name, reason)
    return True
