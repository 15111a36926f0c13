"""What a saga may be started with beside its data: the options, and what each must be."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from orchestrator.definitions.document import LONGEST_MS

MOST_RETRIES = 1_000
"""As many commands as one step may send."""
_OPTIONS: Mapping[str, tuple[str, Callable[[Any], bool]]] = {
    "max_retries": (
        f"a whole number from 0 to {MOST_RETRIES:,}",
        lambda value: type(value) is int and 0 <= value <= MOST_RETRIES,
    ),
    "timeout_ms": (
        f"a whole number from 1 to {LONGEST_MS:,}, ten years",
        lambda value: type(value) is int and 1 <= value <= LONGEST_MS,
    ),
    "audit": ("true or false", lambda value: type(value) is bool),
}
"""Each option in words and as a test."""


def option_faults(options: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield the name of each option that is none or is not as it must be, and what is wrong; null is no fault."""
    for name, value in options.items():
        if name not in _OPTIONS:
            yield name, f"is no option; there are {', '.join(_OPTIONS)}"
        elif value is not None and not _OPTIONS[name][1](value):
            yield name, f"is {value!r}; it must be {_OPTIONS[name][0]}"
