"""What is wrong with a definition: where, what, what to write instead; errors forbid a deployment, warnings do not."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import NamedTuple


class Level(StrEnum):
    """How much a finding weighs."""

    ERROR = "error"
    WARNING = "warning"


class Finding(NamedTuple):
    """One mistake. `where` is the path of the offending part of the document, such as `do.ship.retry`.

    `remedy` tells the author what to write instead; `rule` names the check, for programs that read findings.
    """

    where: str
    problem: str
    remedy: str
    level: Level = Level.ERROR
    rule: str = "definition"


class Findings:
    """Collects findings in the order in which they are met; the same one is kept once."""

    def __init__(self, found: Iterable[Finding] = ()) -> None:
        self._found: dict[Finding, None] = dict.fromkeys(found)

    def error(self, where: str, problem: str, remedy: str, rule: str = "definition") -> None:
        """Note what makes the definition impossible to run."""
        self._found[Finding(where, problem, remedy, Level.ERROR, rule)] = None

    def warning(self, where: str, problem: str, remedy: str, rule: str = "definition") -> None:
        """Note what is probably not meant."""
        self._found[Finding(where, problem, remedy, Level.WARNING, rule)] = None

    def extend(self, found: Iterable[Finding]) -> None:
        """Note what a check found."""
        self._found.update(dict.fromkeys(found))

    def all(self) -> tuple[Finding, ...]:
        """Return what was found so far."""
        return tuple(self._found)

    def errors(self) -> tuple[Finding, ...]:
        """Return the findings that forbid a deployment."""
        return tuple(finding for finding in self._found if finding.level is Level.ERROR)
