"""Bold type for what the reader looks for: storage, failure components, states; quoted words stay as they are."""

from __future__ import annotations

import re

STORAGE = (
    "saga.events", "event log", "RocksDB", "changelog topic", "changelog", "SQL databases", "SQL database", "inbox",
    "outbox", "read model", "PostgreSQL", "SQLite", "input topics", "input topic", "command topics", "reply topic",
)  # fmt: skip
FAILURE = (
    "dead-letter topic", "dead letters", "dead letter", "circuit breakers", "circuit breaker", "durable timers",
    "durable timer", "watchdog", "warm standby", "retry policy", "fencing", "compensation order",
)  # fmt: skip
STATES = (
    "RUNNING", "AWAITING_APPROVAL", "COMPENSATING", "COMPLETED", "TRANSACTION_REVOKED", "MANUAL_INTERVENTION",
)  # fmt: skip
_ALL = "|".join(map(re.escape, (*STORAGE, *FAILURE, *STATES)))
_WORDS = re.compile(rf"(?<![\w*.-])(?:{_ALL})(?![\w*-])")
_KEPT = re.compile("(\\*\\*[^*]+\\*\\*|\u201c[^\u201d]*\u201d)")


def emphasised(line: str) -> str:
    """Return a line with each known word in bold, unless it stands in bold or in quotation marks already."""
    return "".join(
        piece if number % 2 else _WORDS.sub(lambda match: f"**{match.group()}**", piece)
        for number, piece in enumerate(_KEPT.split(line))
    )
