"""The variables that every expression of a saga can read, and where each is found in a scope."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from orchestrator.core.scope import Compute, Scope

KNOWN = frozenset({"context", "workflow", "parameters", "input", "task", "runtime"})
TAKEN_VARIABLES = KNOWN | {"output", "secrets", "authorization", "ENV"}
"""Names that an author may not give to a variable: the specification gives them a meaning."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def _installed() -> str:
    try:
        return version("sagaline")
    except PackageNotFoundError:
        return "unknown"


_RUNTIME = {"name": "sagaline", "version": _installed()}


def reader(root: str | None) -> Compute:
    """Return where a variable's value is; None is the data that `.` stands for, as `$input` is."""
    if root is None:
        return _READERS["input"]
    return _READERS.get(root) or variable(root)


def variable(name: str) -> Compute:
    """Return where the value is of a variable that a loop, a catch or the place of the expression gives."""
    return lambda scope: scope.variables[name]


def narrowed(root: str, fields: frozenset[str]) -> Compute:
    """Return a reader of an object variable that leaves out every field but these."""
    whole = reader(root)

    def read(scope: Scope) -> Any:
        found = whole(scope)
        return {field: found[field] for field in fields if field in found}

    return read


def _workflow(scope: Scope) -> dict[str, Any]:
    facts = scope.facts
    moment = _EPOCH + timedelta(milliseconds=facts.started_at)
    return {
        "id": facts.saga_id,
        "input": scope.input,
        "definition": {"name": facts.definition, "version": facts.version},
        "startedAt": {
            "epoch": {"seconds": facts.started_at // 1000, "milliseconds": facts.started_at},
            "iso8601": moment.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        },
    }


_READERS: Mapping[str, Compute] = {
    "input": lambda scope: scope.data,
    "context": lambda scope: scope.context,
    "parameters": lambda scope: scope.parameters,
    "task": lambda scope: {"name": scope.task},
    "runtime": lambda _scope: _RUNTIME,
    "workflow": _workflow,
    "workflow.input": lambda scope: scope.input,
    "workflow.id": lambda scope: scope.facts.saga_id,
}
