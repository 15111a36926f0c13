"""Runtime expressions: paths, literals and comparisons of jq, compiled to plain callables that agree with jq."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from typing import Any

from orchestrator.core.definition import Compute, Predicate, Project, Scope
from orchestrator.core.events import Json
from orchestrator.definitions.document import entries
from orchestrator.definitions.errors import DefinitionError

_EXPRESSION = re.compile(r"^\$\{(.*)\}$", re.DOTALL)
_KEY = r"\.[A-Za-z_][A-Za-z0-9_]*|\.?\[\"[^\"\\]+\"\]"
_PATH = re.compile(rf"^(?:(\$workflow\.input|\$context|\$parameters)((?:{_KEY})*)|(?=\.)((?:{_KEY})+)|\.)$")
_PART = re.compile(r"\.([A-Za-z_][A-Za-z0-9_]*)|\.?\[\"([^\"\\]+)\"\]")
_COMPARISON = re.compile(r"^(\"[^\"\\]*\"|.+?)\s*(==|!=|>=|<=|>|<)\s*(.+)$", re.DOTALL)
_LITERAL = re.compile(r"^(?:(-?\d+)|\"([^\"\\]*)\"|(true|false|null))$")
_EXPORT = re.compile(r"^\$context\s*\+\s*\{\s*([A-Za-z_][A-Za-z0-9_]*)\s*:\s*\.\s*\}$")
_WORDS = {"true": True, "false": False, "null": None}

_OPERATORS: Mapping[str, Callable[[Any, Any], bool]] = {
    "==": operator.eq,
    "!=": operator.ne,
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
}

_Value = Callable[[Scope, Any], Any]


def _ranked(value: Any) -> Any:
    """Return a key that orders values as jq does: null, false, true, numbers, strings, arrays, objects."""
    match value:
        case None:
            return (0,)
        case bool():
            return (2,) if value else (1,)
        case int() | float():
            return (3, value)
        case str():
            return (4, [ord(character) for character in value])
        case list() | tuple():
            return (5, [_ranked(item) for item in value])
        case _:
            keys = sorted(value)
            return (6, [_ranked(key) for key in keys], [_ranked(value[key]) for key in keys])


def _path(text: str, where: str) -> _Value:
    """Compile a path. A key that is missing gives null; a key of something that is no object is an error."""
    matched = _PATH.match(text)
    if matched is None:
        raise DefinitionError(where, f"'{text}' is no path, literal or comparison of jq that this version compiles")
    root = matched.group(1)
    keys = tuple(name or quoted for name, quoted in _PART.findall(matched.group(2) or matched.group(3) or ""))

    def read(scope: Scope, current: Any) -> Any:
        match root:
            case "$workflow.input":
                value: Any = scope.input
            case "$context":
                value = scope.context
            case "$parameters":
                value = scope.parameters
            case _:
                value = current
        for key in keys:
            if value is None:
                return None
            value = value.get(key)
        return value

    return read


def _operand(text: str, where: str) -> _Value:
    literal = _LITERAL.match(text)
    if literal is None:
        return _path(text, where)
    number, string, word = literal.groups()
    value = int(number) if number is not None else string if string is not None else _WORDS[word]
    return lambda _scope, _current: value


def _inside(text: Any, where: str) -> str:
    matched = _EXPRESSION.match(text.strip()) if isinstance(text, str) else None
    if matched is None:
        raise DefinitionError(where, f"'{text}' is not written as ${{ ... }}")
    return matched.group(1).strip()


def predicate(text: Any, where: str) -> Predicate:
    """Compile a condition. Raises DefinitionError."""
    comparison = _COMPARISON.match(_inside(text, where))
    if comparison is None:
        raise DefinitionError(where, f"'{text}' compares nothing")
    left, sign, right = comparison.groups()
    read_left, read_right, compare = _operand(left, where), _operand(right, where), _OPERATORS[sign]
    return lambda scope: compare(_ranked(read_left(scope, None)), _ranked(read_right(scope, None)))


def _value(template: Any, where: str) -> _Value:
    if isinstance(template, str) and template.strip().startswith("${"):
        return _operand(_inside(template, where), where)
    if isinstance(template, dict):
        parts = tuple((key, _value(part, f"{where}.{key}")) for key, part in template.items())
        return lambda scope, current: {key: part(scope, current) for key, part in parts}
    if isinstance(template, list):
        items = tuple(_value(item, f"{where}[{index}]") for index, item in enumerate(template))
        return lambda scope, current: [item(scope, current) for item in items]
    return lambda _scope, _current: template


def arguments(template: Any, where: str) -> Compute:
    """Compile the arguments of a call or the value of a set: an object of expressions and plain values.

    Raises DefinitionError.
    """
    build = _value(entries(template, where), where)

    def compute(scope: Scope) -> Json:
        return build(scope, None)  # type: ignore[no-any-return]  # an object template builds an object

    return compute


def projection(template: Any, where: str) -> Project:
    """Compile `output.as`: what is kept of a result. None keeps all of it. Raises DefinitionError."""
    if template is None:
        return lambda output: output
    build = _value(entries(template, where), where)
    nothing = Scope({}, {}, {})

    def project(output: Json) -> Json:
        return build(nothing, output)  # type: ignore[no-any-return]  # an object template builds an object

    return project


def export_name(text: Any, where: str) -> str:
    """Return NAME of an export written as `${ $context + {NAME: .} }`. Raises DefinitionError."""
    matched = _EXPORT.match(_inside(text, where))
    if matched is None:
        raise DefinitionError(where, f"'{text}' is not written as ${{ $context + {{NAME: .}} }}")
    return matched.group(1)
