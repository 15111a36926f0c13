"""The settings of a design run, which are those of the saga: a step's own setting goes before them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

DEFAULT_RETRIES = 3
DEFAULT_TIMEOUT_MS = 30_000
STRATEGIES = ("retry-then-compensate", "retry", "compensate", "dead-letter")

_DURATION = re.compile(r"^(\d+(?:\.\d+)?)(ms|s|m|min|h|d)$")
_UNITS_MS = {"ms": 1, "s": 1_000, "m": 60_000, "min": 60_000, "h": 3_600_000, "d": 86_400_000}


@dataclass(frozen=True, slots=True)
class Options:
    """What holds for each step that says nothing else. `timeout_ms` is that of one attempt, in milliseconds."""

    max_retries: int = DEFAULT_RETRIES
    timeout_ms: int = DEFAULT_TIMEOUT_MS
    audit: bool = True
    error_strategy: str = STRATEGIES[0]

    def defaults(self) -> dict[str, Any]:
        """Return the `defaults` of a document that say what differs from the language's own."""
        standard = Options()
        said: dict[str, Any] = {}
        if self.error_strategy != standard.error_strategy:
            said["error_strategy"] = self.error_strategy
        if self.max_retries != standard.max_retries:
            said["max_retries"] = self.max_retries
        if self.timeout_ms != standard.timeout_ms:
            said["timeout_default"] = {"milliseconds": self.timeout_ms}
        return said


def timeout_ms(text: str) -> int:
    """Return a time-out such as `30s`, `500ms` or `2m` in milliseconds. Raises ValueError."""
    matched = _DURATION.match(text.strip())
    amount = round(float(matched.group(1)) * _UNITS_MS[matched.group(2)]) if matched else 0
    if not 1 <= amount <= 86_400_000 * 365:
        raise ValueError(f"'{text}' is no time-out: write a number above zero and its unit, such as 30s, 500ms or 2m")
    return amount
