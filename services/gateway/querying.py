"""Refuses what an address asks for and its route does not know: a misspelt filter would filter nothing."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from functools import cache
from typing import Annotated, Any

from fastapi import FastAPI, Request
from pydantic import AwareDatetime, BeforeValidator

from services.gateway.fields import FieldError
from services.gateway.problems import Problem

_METHODS = frozenset({"get", "post", "delete"})
_DAY = "%Y-%m-%d"
_REGISTRY = "schema registry"
"""The tag of routes that clients of others call, with parameters of their own."""


def known_query(app: Callable[[], FastAPI]) -> Callable[[Request], Awaitable[None]]:
    """Return what every route depends on: it raises Problem for a query parameter that its description has not."""

    @cache
    def known() -> Mapping[tuple[str, str], frozenset[str]]:
        return {
            (path, method.upper()): frozenset(
                one["name"] for one in about.get("parameters", ()) if one["in"] == "query"
            )
            for path, methods in app().openapi()["paths"].items()
            for method, about in methods.items()
            if method in _METHODS and _REGISTRY not in about.get("tags", ())
        }

    async def check(request: Request) -> None:
        if not request.scope["query_string"]:
            return
        named = known().get((request.scope["route"].path, request.method))
        unknown = () if named is None else request.query_params.keys() - named
        if unknown:
            errors = [FieldError(name, "is no query parameter of this route") for name in sorted(unknown)]
            raise Problem("invalid-request", f"{errors[0].field} {errors[0].message}", errors)

    return check


def _moment(value: Any) -> Any:
    """Return a moment as it was written, a day as its beginning in UTC.

    Raises ValueError for a number, which would be taken for seconds since 1970.
    """
    if not isinstance(value, str):
        return value
    try:
        return datetime.strptime(value, _DAY).replace(tzinfo=UTC)
    except ValueError:
        if "T" in value.upper() and "-" in value:
            return value
    raise ValueError("must be a day such as 2026-11-20 or a time such as 2026-11-20T17:30:00Z")


Moment = Annotated[AwareDatetime, BeforeValidator(_moment)]
"""A day or a time with its zone, as text."""
