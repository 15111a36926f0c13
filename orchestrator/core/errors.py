"""What a definition sees of an error: the fields of RFC 9457, with the types of the Serverless Workflow DSL 1.0.3."""

from __future__ import annotations

from collections.abc import Mapping

from orchestrator.core.events import Json

TIMEOUT = "timeout"
EXPRESSION_FAILED = "expression_failed"

_SPEC = "https://serverlessworkflow.io/spec/1.0.0/errors/"
_STANDARD: Mapping[str, tuple[str, int]] = {
    TIMEOUT: (_SPEC + "timeout", 408),
    EXPRESSION_FAILED: (_SPEC + "expression", 400),
    "unsendable_command": (_SPEC + "validation", 400),
    "unauthorized": (_SPEC + "authentication", 401),
    "forbidden": (_SPEC + "authorization", 403),
}
_COMMUNICATION = (_SPEC + "communication", 500)


def described(code: str, message: str, step: str | None) -> Json:
    """Return an error as expressions see it: `type` is the code itself, which definitions and people name."""
    return {"type": code, "status": _status(code), "title": message, "detail": message, "instance": step or ""}


def matches(filter_: Json, error: Json) -> bool:
    """Tell whether an error has all of a filter's values; a standard type of the DSL stands for the codes it covers."""
    for field, wanted in filter_.items():
        if field == "type":
            if wanted not in (error["type"], standard_type(error["type"])):
                return False
        elif error.get(field) != wanted:
            return False
    return True


def standard_type(code: str) -> str:
    """Return the DSL's type for a code: communication, where none is nearer."""
    return _STANDARD.get(code, _COMMUNICATION)[0]


def _status(code: str) -> int:
    return _STANDARD.get(code, _COMMUNICATION)[1]
