"""What a decision makes an orchestrator send, as the production processor has it."""

from __future__ import annotations

from orchestrator.core.decide import Decision
from orchestrator.core.definition import Definition
from orchestrator.core.events import FailureKind, Recorded, StepScheduled
from orchestrator.core.inputs import Failed
from orchestrator.core.react import Effect
from orchestrator.core.scope import UNREADABLE
from simulator.engine import Engine

Consequence = tuple[Recorded, Effect]


def consequences(
    engine: Engine, definition: Definition, decision: Decision, now: int
) -> tuple[Decision, list[Consequence]]:
    """Return the effects of a decision's events; a command that cannot be built fails its own step."""
    found: list[Consequence] = []
    done = 0
    while done < len(decision.events):
        recorded = decision.events[done]
        done += 1
        try:
            effect = engine.react(definition, decision.state, recorded)
        except UNREADABLE:
            decision = _refused(engine, definition, decision, recorded, now)
        else:
            if effect is not None:
                found.append((recorded, effect))
    return decision, found


def _refused(engine: Engine, definition: Definition, decision: Decision, recorded: Recorded, now: int) -> Decision:
    event = recorded.event
    assert isinstance(event, StepScheduled)
    refusal = Failed(event.command_id, event.step, event.undo, FailureKind.REJECTED, "unsendable_command", "", (), None)
    after = engine.decide(definition, decision.state, refusal, now)
    return Decision([*decision.events, *after.events], after.state)
