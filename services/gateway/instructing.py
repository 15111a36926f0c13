"""What an order or a saga is told once it is there: its routes, how it is written, and the answer to it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import Response
from pydantic import BaseModel

from services.gateway import documents
from services.gateway.answering import answer
from services.gateway.inputs import Asking, Input, traceparent
from services.gateway.parts import Parts, idempotency_key, send
from services.gateway.reading import queries, tokens
from services.gateway.reading.conditions import matched
from services.gateway.reading.tokens import Token
from services.gateway.security.identity import OPEN, identity_of

Handler = Callable[[str, Request], Awaitable[Response]]
"""Answers a request about the order or saga of an id."""


def add_route(
    router: APIRouter,
    path: str,
    handler: Handler,
    summary: str,
    form: type[BaseModel],
    *,
    taken: type[BaseModel] = documents.SagaTaken,
    operation_id: str | None = None,
) -> None:
    """Add a route by which something is told; `form` is its body, `taken` its answer."""
    router.add_api_route(
        path,
        handler,
        methods=["POST"],
        status_code=202,
        response_class=Response,
        summary=summary,
        operation_id=operation_id,
        openapi_extra=documents.body(form, key_required=False, conditional=True),
        responses=documents.responses(202, taken, 400, 404, 409, 412, 413, 415, 422, 503),
    )


def key_of(request: Request) -> str | None:
    """Return the key of a request that changes something, which is its client's own. Raises Problem."""
    key, client = idempotency_key(request), identity_of(request.scope).client
    return key if key is None or client == OPEN.client else f"{client}:{key}"


async def repeated(parts: Parts, saga_id: str, act: str, request: Request, *, kind: str = "saga") -> Response | None:
    """Return the answer to a request that came before and is known to have had its effect; None for all others.

    Writing it once more would change nothing, or something that was not there when it was made.
    """
    key = key_of(request)
    if key is None:
        return None
    asking = Asking(saga_id, _input_id(saga_id, act, key), parts.now_ms(), "")
    if not await run_in_threadpool(queries.has_effect, parts.read_model, saga_id, asking.input_id):
        return None
    return _on_its_way(asking, kind)


async def asking_of(parts: Parts, saga_id: str, act: str, key: str, request: Request) -> Asking:
    """Return who asks for what of a saga that is known to be there. Raises Problem where it is in another state."""
    expected = await matched(parts, saga_id, request)
    trace = traceparent(request.headers.get("traceparent"), parts.new_traceparent())
    return Asking(saga_id, _input_id(saga_id, act, key), parts.now_ms(), trace, expected)


async def instruct(parts: Parts, asking: Asking, record: Input, *, kind: str = "saga") -> Response:
    """Write what an order or a saga, its `kind`, is told and answer that it is on its way. Raises Problem."""
    await send(parts, record)
    return _on_its_way(asking, kind)


def _input_id(saga_id: str, act: str, key: str) -> str:
    """Return the id of the input: equal when the same client repeats the same request."""
    return f"{saga_id}:{act}:{key}"


def _on_its_way(asking: Asking, kind: str) -> Response:
    url = f"/v1/{kind}s/{asking.order_id}"
    headers = {"Location": url, "Retry-After": "1", tokens.HEADER: tokens.written(Token(*asking[:3]))}
    return answer({f"{kind}_id": asking.order_id, "status_url": url}, 202, headers)
