"""The words of a log line that tell of sagas: its logger, its kind, its trace, and the code of a failure."""

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


OTHER_CODE = "other"
"""What a line has in place of a code that is no word."""
LONGEST_CODE = 64
CODE = "(?!(?:[^0-9]*[0-9]){7})[A-Za-z0-9]+(?:[._-][A-Za-z0-9]+)*"
"""The form of a code: every documented one has it, no sentence has, and no number of a card or an account."""
_CODE = re.compile(CODE)
_TRACE = re.compile(r"00-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}")


@lru_cache(maxsize=4_096)
def trace_id(traceparent: str) -> str | None:
    """Return the trace that a W3C trace context belongs to, None where it is none."""
    found = _TRACE.fullmatch(traceparent)
    return None if found is None else found[1]


@lru_cache(maxsize=4_096)
def told_code(code: str) -> str:
    """Return the code of a failure as a line has it: a provider, or a participant of others, may have said anything."""
    return code if len(code) <= LONGEST_CODE and _CODE.fullmatch(code) else OTHER_CODE
