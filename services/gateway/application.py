"""The gateway's web application: routers and error answers over given parts."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from functools import partial
from http.client import METHOD_NOT_ALLOWED

from fastapi import Depends, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from starlette.exceptions import HTTPException
from starlette.middleware.errors import ServerErrorMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

from schemas.subjects import Subjects
from services.gateway import (
    architecture,
    browsing,
    deciding,
    definitions,
    health,
    metering,
    operating,
    publishing,
    reports,
    sagas,
    schema_registry,
    showing,
    signalling,
    taking,
)
from services.gateway.dead_letters import routes as dead_letters
from services.gateway.express import Express, Recovery
from services.gateway.fields import FieldError
from services.gateway.metering import Meter
from services.gateway.parts import Parts
from services.gateway.problems import Problem, answer_problem
from services.gateway.querying import known_query
from services.gateway.read_model import ReadModelUnavailable
from services.gateway.reading import approvals, explaining, failures, status, streaming
from services.gateway.security.access import AccessTable
from services.gateway.security.description import described
from services.gateway.security.guard import Guard
from services.gateway.security.ownership import owner
from services.gateway.submissions import Unavailable
from services.gateway.vault import routes as vault

_log = logging.getLogger(__name__)
_BUG = "sagaline.bug"
Lifespan = Callable[[FastAPI], AbstractAsyncContextManager[None]]


def application(parts: Parts, lifespan: Lifespan | None = None) -> ASGIApp:
    """Return the application over the parts, behind its guard."""
    return guarded(parts, unguarded(parts, lifespan))


def guarded(parts: Parts, app: FastAPI) -> ASGIApp:
    """Return the routes behind meter and guard, which stand outside FastAPI: a short way need not pass its layers."""
    express = Express(app, {("POST", taking.PATH): taking.handler(parts)}, _EXPECTED)
    guard = Guard(express, parts.security, parts.now_ms, partial(owner, parts))
    return _heads(ServerErrorMiddleware(Meter(guard, parts.counts, AccessTable().template_of), _answer_bug))


def _heads(app: ASGIApp) -> ASGIApp:
    """Return the application with HEAD wherever there is GET; the server leaves the body out."""

    async def call(scope: Scope, receive: Receive, send: Send) -> None:
        if scope.get("method") == "HEAD":
            scope = {**scope, "method": "GET", streaming.HEAD: True}
        await app(scope, receive, send)

    return call


def unguarded(parts: Parts, lifespan: Lifespan | None = None) -> FastAPI:
    """Return the routes alone: they trust the guard to have said who asks, and describe what it lets through."""
    app = FastAPI(
        title="Sagaline gateway",
        version="1",
        lifespan=lifespan,
        redirect_slashes=False,
        docs_url=None,
        redoc_url=None,
        dependencies=[Depends(known_query(lambda: app))],
    )
    for module in (taking, showing, deciding, architecture, reports, definitions, sagas, signalling, operating, health):
        app.include_router(module.routes(parts))
    app.include_router(dead_letters.routes(parts))
    app.include_router(vault.routes(parts))
    for module in (approvals, explaining, failures, status, streaming):
        app.include_router(module.routes(parts))
    app.include_router(schema_registry.routes(Subjects()))
    app.include_router(publishing.routes())
    app.include_router(browsing.routes("/openapi.json", app.title))
    app.openapi = described(app.openapi)  # type: ignore[method-assign]  # the way FastAPI names for it
    app.include_router(metering.routes(parts.counts))
    for kind, answer in _EXPECTED.items():
        app.add_exception_handler(kind, answer)
    app.add_exception_handler(Exception, _answer_bug)
    return app


async def _answer_http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if error.status_code != METHOD_NOT_ALLOWED:
        return Problem("not-found", f"there is nothing at {request.url.path}").response()
    found = AccessTable().find(request.method, request.url.path)
    allowed = ", ".join(sorted(found.methods)) if found is not None else ""
    return Problem("method-not-allowed", f"the methods here are {allowed}", headers={"Allow": allowed}).response()


async def _answer_invalid(_request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    errors = [
        FieldError(str(wrong["loc"][-1]), str(wrong["msg"]).removeprefix("Value error, ")) for wrong in error.errors()
    ]
    return Problem("invalid-request", f"{errors[0].field}: {errors[0].message}", errors).response()


async def _answer_database(_request: Request, error: Exception) -> Response:
    _log.error("a database did not answer", extra={"why": str(error)})
    return Problem("database-unavailable", "repeat the request later", retry_after_s=1).response()


async def _answer_bug(request: Request, error: Exception) -> Response:
    if request.scope.get(_BUG) is not error:  # FastAPI's layers and ours both ask for the answer
        request.scope[_BUG] = error
        _log.error("a request met a bug", extra={"path": request.url.path}, exc_info=error)
    return Problem("internal-error", "the request met a bug of ours").response()


_EXPECTED: Mapping[type[Exception], Recovery] = {
    Problem: answer_problem,
    HTTPException: _answer_http,
    RequestValidationError: _answer_invalid,
    Unavailable: _answer_database,
    ReadModelUnavailable: _answer_database,
}
"""What routes raise that is an answer; everything else is a bug."""
