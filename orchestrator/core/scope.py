"""What the expressions of a definition see, and how they say that they cannot be computed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple, Protocol

from orchestrator.core.events import Json

EMPTY: Mapping[str, Any] = MappingProxyType({})


class Refused(Exception):
    """A local step refuses the saga's data, for good."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class ExpressionFailed(Exception):
    """An expression met data that its author did not expect, or gave no value."""


class Facts(Protocol):
    """What an expression can see of its saga. `started_at` is milliseconds since the epoch."""

    @property
    def saga_id(self) -> str: ...
    @property
    def definition(self) -> str: ...
    @property
    def version(self) -> int: ...
    @property
    def started_at(self) -> int: ...


class NamedFacts(NamedTuple):
    """Facts of a saga that there is no state of."""

    saga_id: str
    definition: str
    version: int
    started_at: int


NO_FACTS = NamedFacts("", "", 0, 0)


class Scope(NamedTuple):
    """What an expression can see.

    `input` is the saga's input, `context` the results so far, `parameters` the deployment's, `data` the task's own
    input (or its result, where that is shaped), `variables` what loops and catches name.
    """

    input: Json
    context: Mapping[str, Json]
    parameters: Json
    data: Any = None
    variables: Mapping[str, Any] = EMPTY
    facts: Facts = NO_FACTS
    task: str = ""


Compute = Callable[[Scope], Any]
"""Raises ExpressionFailed, AttributeError, KeyError or TypeError where the data is not what the author expected."""
Predicate = Callable[[Scope], bool]

UNREADABLE = (ExpressionFailed, AttributeError, KeyError, TypeError)
"""What an expression raises where the data is not what its author expected."""
