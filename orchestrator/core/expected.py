"""Inputs that name the state in which they were meant: in any other one they are refused, and that is recorded."""

from __future__ import annotations

import re

from orchestrator.core.events import InputIgnored
from orchestrator.core.inputs import Cancel, Migrate, Resolve, Signal
from orchestrator.core.turn import Turn

_REASON = "it was meant for the state after event {}, and the saga is after event {}"
_NUMBERS = re.compile(_REASON.format(r"([0-9]+)", "[0-9]+"))


def is_refused(turn: Turn, given: Signal | Cancel | Resolve | Migrate, name: str) -> bool:
    """Refuse an input that was meant for another state than the saga is in; returns whether it was."""
    sequence = turn.state.sequence
    if given.expected is None or given.expected == sequence:
        return False
    turn.record(InputIgnored(name, given.input_id, given.actor, _REASON.format(given.expected, sequence)))
    return True


def expected_in(reason: str) -> int | None:
    """Return for which event an input was meant that was refused for this reason; None where that was not why."""
    found = _NUMBERS.fullmatch(reason)
    return None if found is None else int(found[1])
