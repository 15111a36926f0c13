"""Runtime expressions of the saga language: jq, with plain callables for what nearly every expression is."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any, TypeVar

from orchestrator.core.scope import Compute, Predicate
from orchestrator.definitions import fast_path, jq_programs
from orchestrator.definitions.document import entries
from orchestrator.definitions.errors import DefinitionError
from orchestrator.definitions.jq_tokens import Unreadable

_EXPRESSION = re.compile(r"^\$\{(.*)\}$", re.DOTALL)
_EXPORT = re.compile(r"^\$context\s*\+\s*\{\s*([A-Za-z_][A-Za-z0-9_]*)\s*:\s*\.\s*\}$")
_NO_VARIABLES: frozenset[str] = frozenset()
_Compiled = TypeVar("_Compiled", Compute, Predicate)


def predicate(text: Any, where: str, variables: frozenset[str] = _NO_VARIABLES) -> Predicate:
    """Compile a condition, written bare or as ${ ... }: it holds unless its value is false or null.

    `variables` are names, without $, that are visible beside the known ones. The predicate raises what a Compute does.
    Raises DefinitionError.
    """
    inside = _bare(text, where)
    if quick := fast_path.condition(inside, variables):
        return quick
    return _program(jq_programs.predicate_of, inside, where, variables)


def expression(text: Any, where: str, variables: frozenset[str] = _NO_VARIABLES) -> Compute:
    """Compile an expression, written bare or as ${ ... }. Raises DefinitionError."""
    return _compiled(_bare(text, where), where, variables)


def template(value: Any, where: str, variables: frozenset[str] = _NO_VARIABLES) -> Compute:
    """Compile a JSON value whose texts of the form ${ ... } are expressions, at any depth; all else stays as it is.

    Raises DefinitionError.
    """
    if _is_expression(value):
        return _compiled(_inside(value, where), where, variables)
    if isinstance(value, dict):
        parts = tuple((key, template(part, f"{where}.{key}", variables)) for key, part in value.items())
        return lambda scope: {key: part(scope) for key, part in parts}
    if isinstance(value, list):
        items = tuple(template(item, f"{where}[{index}]", variables) for index, item in enumerate(value))
        return lambda scope: [item(scope) for item in items]
    return lambda _scope: value


def arguments(value: Any, where: str, variables: frozenset[str] = _NO_VARIABLES) -> Compute:
    """Compile the arguments of a call or the value of a set: a template that is an object. Raises DefinitionError."""
    return template(entries(value, where), where, variables)


def uses_data(value: Any, bare: bool) -> bool:
    """Return whether an expression in the value may read `.` or $input; true where that is not certain.

    A text is an expression as a whole where `bare` is true, and otherwise where it is written as ${ ... }.
    """
    match value:
        case str() if bare or _is_expression(value):
            matched = _EXPRESSION.match(value.strip())
            return jq_programs.program_reads_data(matched.group(1) if matched else value)
        case dict():
            return any(uses_data(part, False) for part in value.values())
        case list():
            return any(uses_data(part, False) for part in value)
        case _:
            return False


def export_name(text: Any, where: str) -> str | None:  # noqa: ARG001 -- every way to compile a part is given its path
    """Return NAME of an export written as `${ $context + {NAME: .} }`, and None of any other."""
    written = _EXPRESSION.match(text.strip()) if isinstance(text, str) else None
    matched = _EXPORT.match(written.group(1).strip()) if written else None
    return matched.group(1) if matched else None


def _is_expression(value: Any) -> bool:
    return isinstance(value, str) and value.strip().startswith("${")


def _bare(text: Any, where: str) -> str:
    if not isinstance(text, str):
        shown = json.dumps(text, ensure_ascii=False, default=str)
        instead = f"${{ {shown} }}" if isinstance(text, list) else "${ .total > 100 }"
        raise DefinitionError(where, f"'{shown}' is no expression; write a text such as {instead}")
    return _inside(text, where) if _is_expression(text) else text.strip()


def _inside(text: str, where: str) -> str:
    matched = _EXPRESSION.match(text.strip())
    if matched is None:
        raise DefinitionError(where, f"'{text}' begins with ${{ and does not end with }}; write ${{ EXPRESSION }}")
    return matched.group(1).strip()


def _compiled(inside: str, where: str, variables: frozenset[str]) -> Compute:
    return fast_path.value(inside, variables) or _program(jq_programs.compute_of, inside, where, variables)


def _program(
    compiled: Callable[[str, frozenset[str]], _Compiled], inside: str, where: str, variables: frozenset[str]
) -> _Compiled:
    try:
        return compiled(inside, variables)
    except Unreadable as error:
        hint = '; a text with expressions in it is one expression: ${ "\\(.a) and \\(.b)" }' if "${" in inside else ""
        raise DefinitionError(where, f"'{inside}' {error}{hint}") from error
