"""POST /v1/orders: takes an order once, whatever happens in between."""

from __future__ import annotations

import orjson
from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import Response

from schemas.codec import TooLarge
from services.gateway import documents
from services.gateway.catalogue import Catalogue
from services.gateway.express import Handler
from services.gateway.inputs import traceparent
from services.gateway.ordering import Ordered, ordered
from services.gateway.orders import Refused, read_order
from services.gateway.parts import Parts, header_values, idempotency_key, read_json
from services.gateway.problems import Problem, invalid
from services.gateway.reading import shapes
from services.gateway.reading.conditions import applied, etag, wait_s
from services.gateway.reading.looking import Seen, freshness_fields, rest
from services.gateway.reading.progress import order_now
from services.gateway.security.identity import identity_of
from services.gateway.submissions import Submission
from services.gateway.submitting import submit
from services.gateway.vault.routes import sealed

PATH = "/v1/orders"


def handler(parts: Parts) -> Handler:
    """Return what takes an order."""

    async def take_order(request: Request) -> Response:
        return await _take(parts, request)

    return take_order


def routes(parts: Parts) -> APIRouter:
    """Return the route that takes orders."""
    router = APIRouter()
    router.add_api_route(
        PATH,
        handler(parts),
        methods=["POST"],
        status_code=202,
        response_class=Response,
        summary="Take an order",
        openapi_extra=documents.body(documents.OrderForm, key_required=True, waits=True),
        responses=documents.responses(202, documents.OrderTaken, 400, 409, 413, 415, 422, 503, rested=shapes.OrderView),
    )
    return router


async def _read(parts: Parts, request: Request, document: object, key: str) -> Ordered:
    """Return what to remember and what to write. Raises Problem."""
    order = read_order(document, parts.currencies)
    if isinstance(order, Refused):
        raise invalid(order.errors)
    identity = identity_of(request.scope)
    if not identity.may_order_for(order.data["customer_id"]):
        raise Problem("forbidden", "these credentials do not speak for that customer")
    order = await sealed(parts, order)
    received = header_values(request.scope, b"traceparent")
    trace = traceparent(received[0] if received else None, parts.new_traceparent())
    try:
        return ordered(parts.codec, order, identity.client, key, parts.now_ms(), trace)
    except TooLarge as error:
        raise Problem("too-large", str(error)) from error


async def _check_prices(parts: Parts, catalogue: Catalogue, submission: Submission) -> None:
    """Raise Problem for an order at other prices than the catalogue's, unless it was taken when they were."""
    order = orjson.loads(submission.data)
    faults = catalogue.faults(order["currency"], order["lines"])
    if not faults:
        return
    known = await run_in_threadpool(parts.submissions.find, submission.order_id, submission.created_at_ms)
    if known is None or known.body_sha256 != submission.body_sha256:
        raise invalid(faults)


async def _take(parts: Parts, request: Request) -> Response:
    key = idempotency_key(request)
    if key is None:
        raise Problem("missing-idempotency-key", "send a key of your own with every order, the same when you repeat it")
    submission, record = await _read(parts, request, await read_json(request), key)
    if parts.catalogue is not None:
        await _check_prices(parts, parts.catalogue, submission)
    headers = await submit(parts, submission, record)
    order_id = submission.order_id
    url = f"{PATH}/{order_id}"
    wanted_s = wait_s(request)
    headers |= {"Location": url, **applied(wanted_s)}
    rested = None if wanted_s is None else await rest(parts, order_id, wanted_s)
    if rested is not None:
        headers["ETag"] = etag(rested["sequence"])
        staleness = parts.freshness.now()
        order = await run_in_threadpool(order_now, parts, Seen(rested, None, staleness), order_id)
        body = {**order, **freshness_fields(staleness)}
        return Response(orjson.dumps(body), 200, headers, "application/json")
    body = {"order_id": order_id, "status_url": url, "lifecycle": "pending", "status": "RUNNING"}
    return Response(orjson.dumps(body), 202, headers, "application/json")
