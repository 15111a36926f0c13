"""Expressions: each is jq that compiles, reads only what is there, and gives the same in every replay."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

import jq

from orchestrator.definitions.findings import Finding, Level
from orchestrator.definitions.outline import Block, Outline, Task

VARIABLES = frozenset({"context", "input", "output", "workflow", "task", "parameters", "runtime"})
"""What every expression can read, without its `$`."""

UNSTEADY = ("now", "input", "inputs", "env", "localtime", "mktime", "input_filename", "input_line_number", "debug")
"""Functions of jq that give something else in a replay, or read what is not the saga's."""

_WHOLE = re.compile(r"^\s*\$\{(.*)\}\s*$", re.DOTALL)
_BARE = frozenset({"if", "while", "when", "exceptWhen", "in", "from", "as"})
"""Keys whose text is an expression even without `${ }`."""

_NESTED = frozenset({"do", "try", "branches", "metadata", "title", "summary", "none"})
_PROBLEM = re.compile(r"^jq: error: (.*?)(?: at <top-level>.*)?$", re.MULTILINE | re.DOTALL)
_UNSTEADY = re.compile(rf"(?<![\w.$\"@-])({'|'.join(UNSTEADY)}|\$ENV)(?![\w:\"])")


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
                yield from _part(part, f"{task.where}.{key}", key, seen)
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


def _texts(part: Any, where: str, key: str = "") -> Iterator[Written | Finding]:
    match part:
        case dict():
            for name, value in part.items():
                if name not in _NESTED:
                    yield from _texts(value, f"{where}.{name}", str(name))
        case list():
            for index, value in enumerate(part):
                yield from _texts(value, f"{where}[{index}]", key if key == "as" else "")
        case str() if whole := _WHOLE.match(part):
            yield Written(where, whole.group(1).strip())
        case str() if "${" in part:
            yield Finding(
                where, "${ ... } inside of a text is taken as it stands",
                'Make the whole text an expression: ${ "...\\(.field)..." }', Level.WARNING, "half-expression",
            )  # fmt: skip
        case str() if key in _BARE and not (key == "as" and _names_variable(where)):
            yield Written(where, part.strip())


def _names_variable(where: str) -> bool:
    """Tell whether this `as` names a variable, as that of a catch does, and is no expression."""
    return where.endswith(".catch.as")


def _judge(written: Written, variables: frozenset[str]) -> Iterator[Finding]:
    where, program = written
    if "$fragment" in program:
        return
    known = VARIABLES | variables
    try:
        jq.compile(program, args=dict.fromkeys(known))
    except ValueError as error:
        yield Finding(where, f"`{program}` is no jq: {_problem(str(error))}", _instead(program, known), rule="jq")
        return
    unsteady = _UNSTEADY.search(re.sub(r'"(?:[^"\\]|\\.)*"', '""', program))
    if unsteady:
        yield Finding(
            where, f"`{unsteady.group()}` gives something else when the saga is replayed",
            "Read the time of its start from $workflow.startedAt, and everything else from the saga's data",
            rule="jq-unsteady",
        )  # fmt: skip


def _problem(message: str) -> str:
    matched = _PROBLEM.match(message)
    return " ".join((matched.group(1) if matched else message).split())


def _instead(program: str, known: frozenset[str]) -> str:
    for name in re.findall(r"\$([A-Za-z_][A-Za-z0-9_]*)", program):
        if name not in known and name != "__loc__":
            return f"Read one of {', '.join(f'${one}' for one in sorted(known))}"
    if re.search(r"\.[A-Za-z_][A-Za-z0-9_]*-[A-Za-z]", program):
        return "Write a name that holds a '-' as [\"the-name\"]"
    return "Close what is open and leave out what is too much: the whole text between ${ and } is one jq program"
