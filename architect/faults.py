"""The error of requirements that cannot be designed for: which field, what is wrong, what to write instead."""

from __future__ import annotations


class BadRequirements(Exception):
    """The input cannot be used. `field` names the part at fault, `remedy` says what to write instead."""

    def __init__(self, field: str, problem: str, remedy: str) -> None:
        super().__init__(f"{field}: {problem}; {remedy}")
        self.field = field
        self.problem = problem
        self.remedy = remedy


def shown(given: object) -> str:
    """Return what was given, short enough for a message."""
    text = repr(given)
    return text if len(text) <= 80 else text[:77] + "..."
