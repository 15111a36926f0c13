"""Paths, literals and comparisons of jq as plain callables: nearly every expression, at a fraction of the cost."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from typing import Any

from orchestrator.core.scope import Compute, Predicate, Scope
from orchestrator.definitions.variables import KNOWN, reader, variable

_KEY = r"\.[A-Za-z_][A-Za-z0-9_]*|\.?\[\"[^\"\\]+\"\]"
_PATH = re.compile(rf"^(?:\$([A-Za-z_][A-Za-z0-9_]*)((?:{_KEY})*)|(?=\.)((?:{_KEY})+)|\.)$")
_PART = re.compile(r"\.([A-Za-z_][A-Za-z0-9_]*)|\.?\[\"([^\"\\]+)\"\]")
_COMPARISON = re.compile(r"^(\"[^\"\\]*\"|.+?)\s*(==|!=|>=|<=|>|<)\s*(.+)$", re.DOTALL)
_LITERAL = re.compile(r"^(?:(-?(?:0|[1-9]\d{0,14}))|\"([^\"\\]*)\"|(true|false|null))$", re.ASCII)
_LONGEST_COMPARISON = 2_000
_WORDS = {"true": True, "false": False, "null": None}

_OPERATORS: Mapping[str, Callable[[Any, Any], bool]] = {
    "==": operator.eq,
    "!=": operator.ne,
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
}


def value(text: str, variables: frozenset[str]) -> Compute | None:
    """Return the expression as a callable, or None where it is more than a path, a literal or a comparison."""
    return _operand(text, variables) or _comparison(text, variables)


def condition(text: str, variables: frozenset[str]) -> Predicate | None:
    """Return the condition as a callable, or None where it is more than a path, a literal or a comparison."""
    if compared := _comparison(text, variables):
        return compared
    read = _operand(text, variables)
    return None if read is None else lambda scope: _holds(read(scope))


def _holds(found: Any) -> bool:
    return found is not None and found is not False


def _comparison(text: str, variables: frozenset[str]) -> Predicate | None:
    # The pattern looks at each place of a text as often as it is long.
    matched = _COMPARISON.match(text) if len(text) <= _LONGEST_COMPARISON else None
    if matched is None:
        return None
    left, sign, right = matched.groups()
    read_left, read_right, compare = _operand(left, variables), _operand(right, variables), _OPERATORS[sign]
    if read_left is None or read_right is None:
        return None
    return lambda scope: compare(_ranked(read_left(scope)), _ranked(read_right(scope)))


def _operand(text: str, variables: frozenset[str]) -> Compute | None:
    literal = _LITERAL.match(text)
    if literal is None:
        return _path(text, variables)
    number, string, word = literal.groups()
    constant = int(number) if number is not None else string if string is not None else _WORDS[word]
    return lambda _scope: constant


def _path(text: str, variables: frozenset[str]) -> Compute | None:
    """Compile a path. A key that is missing gives null; a key of something that is no object is an error."""
    matched = _PATH.match(text)
    if matched is None:
        return None
    root = matched.group(1)
    if root is not None and root not in KNOWN and root not in variables:
        return None
    keys = tuple(name or quoted for name, quoted in _PART.findall(matched.group(2) or matched.group(3) or ""))
    if root in variables:
        return _followed(variable(root), keys)
    if root == "workflow" and keys[:1] in {("input",), ("id",)}:
        root, keys = f"workflow.{keys[0]}", keys[1:]
    return _followed(reader(root), keys)


def _followed(begin: Compute, keys: tuple[str, ...]) -> Compute:
    if not keys:
        return begin

    def read(scope: Scope) -> Any:
        found = begin(scope)
        for key in keys:
            if found is None:
                return None
            found = found.get(key)
        return found

    return read


def _ranked(found: Any) -> Any:
    """Return a key that orders values as jq does: null, false, true, numbers, strings, arrays, objects."""
    match found:
        case None:
            return (0,)
        case bool():
            return (2,) if found else (1,)
        case int() | float():
            return (3, found)
        case str():
            return (4, found)
        case list() | tuple():
            return (5, [_ranked(item) for item in found])
        case _:
            keys = sorted(found)
            return (6, keys, [_ranked(found[key]) for key in keys])
