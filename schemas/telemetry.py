"""The words of a log line that tell of sagas: which logger wrote it, of what kind it is, which trace it belongs to."""

from __future__ import annotations

import re
from enum import StrEnum
from functools import lru_cache

TRANSITION = "transition"
"""The logger of the orchestrator's lines: one for each event of a saga."""
COMMAND = "command"
"""The logger of the participants' lines: one for each answer to a command, and for each that joins one under way."""
REQUEST = "request"
"""The logger of the gateway's lines: one for each input to a saga that Kafka has confirmed."""


class Kind(StrEnum):
    """What a line tells: events are many and come to be more, a monitor need know no more than these."""

    ACCEPTED = "accepted"
    STARTED = "started"
    COMPLETED = "completed"
    FAILED = "failed"
    RETRIED = "retried"
    REPEATED = "repeated"
    COMPENSATING = "compensating"
    WAITING = "waiting"
    RECEIVED = "received"
    DECIDED = "decided"
    CHANGED = "changed"
    IGNORED = "ignored"


_TRACE = re.compile(r"00-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}")


@lru_cache(maxsize=4_096)
def trace_id(traceparent: str) -> str | None:
    """Return the trace that a W3C trace context belongs to, None where it is none."""
    found = _TRACE.fullmatch(traceparent)
    return None if found is None else found[1]
