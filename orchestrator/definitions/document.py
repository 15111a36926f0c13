"""Reading a definition document: typed access to its parts, with the path of whatever is wrong."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from decimal import Decimal
from typing import Any

from orchestrator.core.definition import Milestone
from orchestrator.definitions.errors import DefinitionError

_ISO_DURATION = re.compile(r"P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d{1,3})?)S)?)?\Z")
TAKEN = frozenset({"undo", "catch", "end", "exit", "continue"})
"""Words that no task may be called by."""

LONGEST_MS = 3_650 * 86_400_000
"""Ten years. Times far beyond it are in years that have no date, and then in numbers that no record holds."""
_LONG_UNITS = re.compile(r"P(?:\d+[YMWD])*\d+[YMW](?:\d|T|\Z)")
_MAY_BE_NULL = frozenset({"data"})
"""Words whose value is data of the author's."""
UNITS_MS: Mapping[str, int] = {
    "days": 86_400_000,
    "hours": 3_600_000,
    "minutes": 60_000,
    "seconds": 1_000,
    "milliseconds": 1,
}


def mapping(value: Any, where: str, allowed: Collection[str], required: Collection[str] = ()) -> Mapping[str, Any]:
    """Return the value as an object with no key but the allowed ones. Raises DefinitionError."""
    if not isinstance(value, dict):
        raise DefinitionError(where, "must be an object")
    for key, part in value.items():
        if key not in allowed:
            raise DefinitionError(f"{where}.{key}", f"is not known here; known are {', '.join(sorted(allowed))}")
        if part is None and key not in _MAY_BE_NULL:
            raise DefinitionError(f"{where}.{key}", "says nothing; give it a value, or leave it out")
    for key in required:
        if key not in value:
            raise DefinitionError(where, f"needs {key}")
    return value


def entries(value: Any, where: str) -> Mapping[str, Any]:
    """Return the value as an object whose keys are texts of the author's choice. Raises DefinitionError."""
    if not isinstance(value, dict):
        raise DefinitionError(where, "must be an object")
    for key in value:
        text(key, where)
    return value


def items(value: Any, where: str) -> Sequence[Any]:
    """Return the value as a list that is not empty. Raises DefinitionError."""
    if not isinstance(value, list) or not value:
        raise DefinitionError(where, "must be a list that is not empty")
    return value


def text(value: Any, where: str) -> str:
    """Return the value as a text that is not empty. Raises DefinitionError."""
    if not isinstance(value, str) or not value:
        raise DefinitionError(where, "must be a text that is not empty")
    return value


def fixed(value: Any, where: str) -> str:
    """Return the value as a text that no expression computes. Raises DefinitionError."""
    written = text(value, where)
    if written.strip().startswith("${"):
        raise DefinitionError(where, "is an expression; write the name itself, which is known before anything runs")
    return written


def whole(value: Any, where: str) -> int:
    """Return the value as a whole number of at least 0. Raises DefinitionError."""
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise DefinitionError(where, "must be a whole number of at least 0")
    return value


def duration_ms(value: Any, where: str) -> int:
    """Return a duration, an object or an ISO 8601 text, in milliseconds. Raises DefinitionError."""
    total = length_ms(value, where)
    if total == 0:
        raise DefinitionError(where, "is no time at all; write a longer one, such as {seconds: 30} or PT30S")
    return total


def length_ms(value: Any, where: str) -> int:
    """Return a duration that may be 0, in milliseconds. Raises DefinitionError."""
    total = _length_ms(value, where)
    if total > LONGEST_MS:
        raise DefinitionError(where, f"is longer than {LONGEST_MS // UNITS_MS['days']:,} days; write a shorter one")
    return total


def _length_ms(value: Any, where: str) -> int:
    if isinstance(value, str) and value.strip().startswith("${"):
        raise DefinitionError(where, "is computed, which is not supported for durations; write {seconds: 30} or PT30S")
    if isinstance(value, str):
        found = _ISO_DURATION.match(value)
        if _LONG_UNITS.match(value):
            raise DefinitionError(where, f"'{value}' counts years, months or weeks; write {{days: 30}} or P30D")
        if found is None or value in ("P", "PT") or value.endswith("T"):
            raise DefinitionError(where, f"'{value}' is no duration; write {{seconds: 30}} or PT30S")
        days, hours, minutes, seconds = (Decimal(part or 0) for part in found.groups())
        return int(((days * 24 + hours) * 60 + minutes) * 60_000 + seconds * 1_000)
    if not isinstance(value, dict):
        raise DefinitionError(where, f"'{value}' is no duration; write {{seconds: 30}} or PT30S")
    parts = mapping(value, where, UNITS_MS)
    return sum(whole(amount, f"{where}.{unit}") * UNITS_MS[unit] for unit, amount in parts.items())


def flag(value: Any, where: str) -> bool:
    """Return the value as true or false. Raises DefinitionError."""
    if not isinstance(value, bool):
        raise DefinitionError(where, "must be true or false")
    return value


def milestone(value: Any, where: str) -> Milestone:
    """Return a business state. Raises DefinitionError."""
    parts = mapping(value, where, ("lifecycle", "status"))
    lifecycle, status = (
        text(parts[name], f"{where}.{name}") if name in parts else None for name in ("lifecycle", "status")
    )
    return Milestone(lifecycle, status)


def milestones_of(value: Any, where: str) -> tuple[Milestone, Milestone]:
    """Return the business states at the start and at the end of a step. Raises DefinitionError."""
    if value is None:
        return Milestone(), Milestone()
    if isinstance(value, dict) and not {"start", "end"}.isdisjoint(value):
        parts = mapping(value, where, ("start", "end"))
        return (
            milestone(parts.get("start", {}), f"{where}.start"),
            milestone(parts.get("end", {}), f"{where}.end"),
        )
    return Milestone(), milestone(value, where)


def is_name(name: str) -> bool:
    """Tell whether a task may be called so: step paths, ids of commands and flow directives are made of names."""
    return name.isprintable() and not {":", "/"} & set(name) and not name.isdecimal() and name not in TAKEN


def named(task: Any, where: str) -> tuple[str, Mapping[str, Any]]:
    """Return the one name of a list's entry with its object. Raises DefinitionError."""
    if not isinstance(task, dict) or len(task) != 1:
        raise DefinitionError(where, "must be one name with its task")
    name, body = next(iter(task.items()))
    if not isinstance(body, dict):
        raise DefinitionError(f"{where}.{name}", "must be an object")
    return text(name, where), body
