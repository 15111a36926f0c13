"""The audit trail: one record for each change of a saga's business state, with who or what caused it."""

from __future__ import annotations

import orjson

from orchestrator.core.decide import Decision
from orchestrator.core.state import State
from orchestrator.outbound import Message
from schemas import topics

_SELF = "orchestrator"


def audit(decision: Decision, before: State | None) -> list[Message]:
    """Return the records of the changes that a decision makes to (lifecycle, status), none where nothing changes."""
    if not decision.state.origin.options.get("audit", True):
        return []
    held = None if before is None else (before.lifecycle, before.status)
    actor = _SELF
    out: list[Message] = []
    for recorded in decision.events:
        actor = getattr(recorded.event, "actor", None) or actor
        reached = recorded.lifecycle, recorded.status
        if reached == held:
            continue
        event, state = recorded.event, decision.state
        value = {
            "saga_id": state.saga_id,
            "definition": state.definition,
            "version": state.version,
            "sequence": recorded.sequence,
            "at": recorded.at,
            "from": None if held is None else {"lifecycle": held[0], "status": held[1]},
            "to": {"lifecycle": reached[0], "status": reached[1]},
            "event": type(event).__name__,
            "step": getattr(event, "step", None),
            "actor": actor,
            "cause": recorded.cause,
        }
        out.append(Message(topics.AUDIT.name, state.saga_id.encode(), orjson.dumps(value), []))
        held = reached
    return out
