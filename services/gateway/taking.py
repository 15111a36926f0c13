"""POST /v1/orders: takes an order once, whatever happens in between."""

from __future__ import annotations

import hashlib

import orjson
from fastapi import APIRouter, Request
from fastapi.responses import Response

from schemas.codec import TooLarge
from services.gateway import documents
from services.gateway.inputs import Asking, Input, start, traceparent
from services.gateway.orders import DEFINITION, Refused, order_id_of, read_order
from services.gateway.parts import CLIENT, Parts, idempotency_key, read_json, send
from services.gateway.problems import Problem
from services.gateway.submissions import Submission, Unavailable


def routes(parts: Parts) -> APIRouter:
    """Return the route that takes orders."""
    router = APIRouter()

    async def take_order(request: Request) -> Response:
        return await _take(parts, request)

    router.add_api_route(
        "/v1/orders",
        take_order,
        methods=["POST"],
        status_code=202,
        response_class=Response,
        summary="Take an order",
        openapi_extra=documents.body(documents.OrderForm, key_required=True),
        responses=documents.responses(202, documents.OrderTaken, 400, 409, 413, 422, 503),
    )
    return router


def _read(parts: Parts, request: Request, document: object, key: str) -> tuple[Submission, Input]:
    """Return what to remember and what to write. Raises Problem."""
    order = read_order(document, parts.currencies)
    if isinstance(order, Refused):
        detail = "; ".join(f"{error.field} {error.message}" for error in order.errors[:3])
        raise Problem("invalid-request", detail, order.errors)
    order_id = order_id_of(CLIENT, key)
    now_ms = parts.now_ms()
    data = {"order_id": order_id, **order.data}
    trace = traceparent(request.headers.get("traceparent"), parts.new_traceparent())
    try:
        record = start(parts.codec, Asking(order_id, f"{order_id}:start", now_ms, trace), data, order.process)
    except TooLarge as error:
        raise Problem("too-large", str(error)) from error
    asked = data if order.process == DEFINITION else {**data, "process": order.process}
    sha = hashlib.sha256(orjson.dumps(asked, option=orjson.OPT_SORT_KEYS)).hexdigest()
    return Submission(order_id, CLIENT, key, sha, "pending", now_ms, orjson.dumps(data).decode()), record


async def _take(parts: Parts, request: Request) -> Response:
    key = idempotency_key(request)
    if key is None:
        raise Problem("missing-idempotency-key", "send a key of your own with every order, the same when you repeat it")
    submission, record = _read(parts, request, await read_json(request), key)
    order_id = submission.order_id
    if order_id in parts.in_flight:
        raise Problem("request-in-progress", "repeat the request later", retry_after_s=1, order_id=order_id)
    parts.in_flight.add(order_id)
    try:
        await _store_and_send(parts, submission, record)
    except Unavailable as error:
        raise Problem("database-unavailable", str(error), retry_after_s=1) from error
    finally:
        parts.in_flight.discard(order_id)
    url = f"/v1/orders/{order_id}"
    body = {"order_id": order_id, "status_url": url, "lifecycle": "pending", "status": "RUNNING"}
    return Response(orjson.dumps(body), 202, {"Location": url}, "application/json")


async def _store_and_send(parts: Parts, submission: Submission, record: Input) -> None:
    """Remember the request, write its record, remember that Kafka has it. Raises Problem, Unavailable.

    A crash anywhere in between leaves a submission that is not accepted: the client has no answer and repeats the
    request, which writes a record with the same saga id. The saga starts once, however many such records there are.
    """
    held = await parts.submissions.register(submission)
    if held.body_sha256 != submission.body_sha256:
        raise Problem("idempotency-key-reused", "use another key for another order")
    if held.state == "accepted":
        return
    await send(parts, record)
    parts.submissions.accept(submission.order_id)
