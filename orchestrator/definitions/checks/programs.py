"""Expressions: each is jq that compiles, reads only what is there, and gives the same in every replay."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from orchestrator.definitions.errors import DefinitionError
from orchestrator.definitions.expressions import expression
from orchestrator.definitions.findings import Finding, Level
from orchestrator.definitions.outline import Block, Outline, Task
from orchestrator.definitions.remedies import finding_of

_WHOLE = re.compile(r"^\s*\$\{(.*)\}\s*$", re.DOTALL)
_BARE = frozenset({"if", "while", "when", "exceptWhen", "in", "from", "as"})
"""Keys whose text is an expression even without `${ }`."""

_DATA = frozenset({"with", "set", "emit", "run", "raise", "jitter", "status"})
"""Keys whose value is data or has words of its own: a `from` in there is a field like any other."""

_NESTED = frozenset({"do", "try", "branches", "metadata", "title", "summary", "none"})
_OTHERWISE = "Write one jq program between ${ and }, with all that is open closed"
_HYPHENATED = re.compile(r"\.[A-Za-z_][A-Za-z0-9_]*-[A-Za-z]")


class Written(NamedTuple):
    """An expression without its `${ }`, and where it stands."""

    where: str
    program: str


def check(outline: Outline) -> Iterator[Finding]:
    """Yield a finding for each expression that is no jq, or that replays could not repeat."""
    yield from _block(outline.tasks, frozenset())
    for name in ("input", "output"):
        yield from _part(outline.section(name), name, name, frozenset())


def _block(block: Block, variables: frozenset[str]) -> Iterator[Finding]:
    for task in block.tasks:
        seen = variables | _own(task)
        for key, part in task.body.items():
            if key not in _NESTED:
                yield from _part(part, f"{task.where}.{key}", key, seen | {"output"} if key == "export" else seen)
        for own in task.blocks:
            yield from _block(own, seen)


def _own(task: Task) -> frozenset[str]:
    """Return the variables that a loop or a catch gives to what is inside of it."""
    loop, catch = task.body.get("for"), task.body.get("catch")
    if isinstance(loop, dict):
        return frozenset({str(loop.get("each", "item")), str(loop.get("at", "index"))})
    return frozenset({str(catch.get("as", "error"))}) if isinstance(catch, dict) else frozenset()


def _part(part: Any, where: str, key: str, variables: frozenset[str]) -> Iterator[Finding]:
    for found in _texts(part, where, key):
        yield from [found] if isinstance(found, Finding) else _judge(found, variables)


def _texts(part: Any, where: str, key: str) -> Iterator[Written | Finding]:
    """Yield the expressions of a part; an empty `key` says that it is data of the author's."""
    is_data = not key or key in _DATA | _BARE
    match part:
        case dict():
            for name, value in part.items():
                if name not in _NESTED or is_data:
                    yield from _texts(value, f"{where}.{name}", "" if is_data else str(name))
        case list():
            for index, value in enumerate(part):
                yield from _texts(value, f"{where}[{index}]", "" if is_data else key)
        case str() if whole := _WHOLE.match(part):
            yield Written(where, whole.group(1).strip())
        case str() if "${" in part and not part.strip().startswith("${"):
            yield Finding(
                where,
                "${ ... } inside of a text is taken as it stands",
                'Make the whole text an expression: ${ "...\\(.field)..." }',
                Level.WARNING,
                "half-expression",
            )
        case str() if key in _BARE and not (key == "as" and where.endswith(".catch.as")):
            yield Written(where, part.strip())


def _judge(written: Written, variables: frozenset[str]) -> Iterator[Finding]:
    where, program = written
    if "$fragment" in program:
        return
    try:
        expression(program, where, variables)
    except DefinitionError as error:
        found = finding_of(error, "jq", _OTHERWISE)
        if _HYPHENATED.search(program):
            found = found._replace(remedy="Write a name that holds a '-' as [\"the-name\"]")
        yield found
