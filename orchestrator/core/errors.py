"""What a definition sees of an error: the fields of RFC 9457, with the types of the Serverless Workflow DSL 1.0.3."""

from __future__ import annotations

from collections.abc import Mapping

from orchestrator.core.definition import Definition, Listen, Raise
from orchestrator.core.events import Json
from orchestrator.core.paths import name_of

TIMEOUT = "timeout"
EXPRESSION_FAILED = "expression_failed"
NO_BRANCH_MATCHES = "no_branch_matches"
TOO_MANY_EVENTS = "too_many_events"
GATHER_SHORT = "too_few_answers"
LOST = "another_branch_won"
SKIPPED = "skipped"

_SPEC = "https://serverlessworkflow.io/spec/1.0.0/errors/"
_STATUS: Mapping[str, int] = {
    "configuration": 400,
    "validation": 400,
    "expression": 400,
    "authentication": 401,
    "authorization": 403,
    "timeout": 408,
    "communication": 500,
    "runtime": 500,
}
_KIND: Mapping[str, str] = {
    TIMEOUT: "timeout",
    EXPRESSION_FAILED: "expression",
    "unsendable_command": "validation",
    "unauthorized": "authentication",
    "forbidden": "authorization",
    NO_BRANCH_MATCHES: "runtime",
    GATHER_SHORT: "runtime",
    LOST: "runtime",
}
"""The standard's word for the codes that it has one for; every other code is one of communication."""


def described(code: str, message: str, step: str | None) -> Json:
    """Return an error as expressions see it: `type` is the code itself, which definitions and people name."""
    return {"type": code, "status": _STATUS[_kind(code)], "title": message, "detail": message, "instance": step or ""}


def explained(definition: Definition, error: Json) -> Json:
    """Return an error with what the definition says of it where it is raised."""
    match definition.nodes.get(name_of(error["instance"])):
        case Raise(code=code, status=status, title=title) if code == error["type"]:
            return {**error, "status": status or error["status"], "title": title}
        case Listen(timeout_code=code) if code == error["type"]:
            return {**error, "status": _STATUS["timeout"]}
        case _:
            return error


def matches(filter_: Json, definition: Definition, error: Json) -> bool:
    """Tell whether an error has all of a filter's values; a standard type of the DSL stands for the codes it covers."""
    for field, wanted in filter_.items():
        if field == "type":
            if wanted not in (error["type"], _standard_type(definition, error)):
                return False
        elif error.get(field) != wanted:
            return False
    return True


def _standard_type(definition: Definition, error: Json) -> str:
    node = definition.nodes.get(name_of(error["instance"]))
    is_late = isinstance(node, Listen) and node.timeout_code == error["type"]
    return _SPEC + ("timeout" if is_late else _kind(error["type"]))


def _kind(code: str) -> str:
    """Return the standard's word for a code, which may be one of the standard's types itself."""
    word = code.removeprefix(_SPEC)
    return word if word in _STATUS and word != code else _KIND.get(code, "communication")
