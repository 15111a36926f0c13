"""POST /v1/orders/{id}/approve, reject, cancel: a person's decisions about an order."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial

import orjson
from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import Response

from services.gateway import documents
from services.gateway.fields import FieldError, Fields
from services.gateway.inputs import Asking, cancel, signal, traceparent
from services.gateway.parts import Parts, idempotency_key, known_text, read_json, send
from services.gateway.problems import Problem
from services.gateway.reading import tokens
from services.gateway.reading.conditions import check_match
from services.gateway.reading.tokens import Token

_ACTIONS = ("approve", "reject", "cancel")
_ENDED = frozenset({"COMPLETED", "TRANSACTION_REVOKED", "MANUAL_INTERVENTION", "COMPENSATING"})
_DECISION_FIELDS = frozenset({"actor", "reason"})


def routes(parts: Parts) -> APIRouter:
    """Return the routes of the decisions."""
    router = APIRouter()
    for action in _ACTIONS:
        router.add_api_route(
            f"/v1/orders/{{order_id}}/{action}",
            _handler(parts, action),
            methods=["POST"],
            status_code=202,
            response_class=Response,
            summary=f"{action.capitalize()} an order",
            operation_id=f"{action}_order",
            openapi_extra=documents.body(documents.Decision, key_required=False, conditional=True),
            responses=documents.responses(202, documents.DecisionTaken, 400, 404, 409, 412, 413, 422, 503),
        )
    return router


def _handler(parts: Parts, action: str) -> Callable[[str, Request], Awaitable[Response]]:
    async def handle(order_id: str, request: Request) -> Response:
        return await _decide(parts, action, order_id, request)

    return handle


async def _decide(parts: Parts, action: str, order_id: str, request: Request) -> Response:
    errors: list[FieldError] = []
    decision = Fields(await read_json(request), errors, "", _DECISION_FIELDS)
    actor, reason = decision.text("actor", 128), decision.text("reason", 512, required=False)
    if errors:
        raise Problem("invalid-request", "; ".join(f"{e.field} {e.message}" for e in errors[:3]), errors)
    return await decide(parts, action, order_id, (actor, reason), request)


async def decide(parts: Parts, action: str, order_id: str, said: tuple[str, str], request: Request) -> Response:
    """Write what a person (the actor, and why) has decided about an order. Raises Problem."""
    actor, reason = said
    known_text("order_id", order_id)
    key = idempotency_key(request) or parts.new_id()
    status = await run_in_threadpool(_status, parts, order_id)
    if status is None:
        raise Problem("unknown-order", f"no order {order_id}")
    if action == "cancel" and status in _ENDED:
        raise Problem("already-ended", f"the order is {status}")
    if action != "cancel" and status != "AWAITING_APPROVAL":
        raise Problem("not-awaiting-approval", f"the order is {status}")
    await check_match(parts, order_id, request)
    trace = traceparent(request.headers.get("traceparent"), parts.new_traceparent())
    asking = Asking(order_id, f"{order_id}:{action}:{key}", parts.now_ms(), trace)
    record = partial(signal, name=action) if action != "cancel" else cancel
    await send(parts, record(parts.codec, asking, actor=actor, reason=reason))
    url = f"/v1/orders/{order_id}"
    headers = {"Location": url, "Retry-After": "1", tokens.HEADER: tokens.written(Token(*asking[:3]))}
    return Response(orjson.dumps({"order_id": order_id, "status_url": url}), 202, headers, "application/json")


def _status(parts: Parts, order_id: str) -> str | None:
    """Return the order's status as far as it is known here; None when there is no such order. Blocks."""
    row = parts.read_model.order(order_id)
    if row is not None:
        return str(row["status"])
    return None if parts.submissions.find(order_id, parts.now_ms()) is None else "RUNNING"
