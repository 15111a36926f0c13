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
    state = decision.state
    lifecycle, status = (None, None) if before is None else (before.lifecycle, before.status)
    actor = _SELF
    out: list[Message] = []
    for recorded in decision.events:
        event = recorded.event
        actor = getattr(event, "actor", None) or actor
        if recorded.lifecycle == lifecycle and recorded.status == status:
            continue
        value = {
            "saga_id": state.saga_id,
            "definition": state.definition,
            "version": state.version,
            "sequence": recorded.sequence,
            "at": recorded.at,
            "from": None if lifecycle is None else {"lifecycle": lifecycle, "status": status},
            "to": {"lifecycle": recorded.lifecycle, "status": recorded.status},
            "event": type(event).__name__,
            "step": getattr(event, "step", None),
            "actor": actor,
            "cause": recorded.cause,
        }
        out.append(Message(topics.AUDIT.name, state.saga_id.encode(), orjson.dumps(value), []))
        lifecycle, status = recorded.lifecycle, recorded.status
    return out
