"""POST and GET /v1/sagas: sagas of any definition are started and shown."""

from __future__ import annotations

import base64
import hashlib
import re
import uuid
from typing import Any

import orjson
from fastapi import APIRouter, Request
from fastapi.responses import Response

from schemas.codec import TooLarge
from services.gateway import documents
from services.gateway.fields import FieldError, Fields
from services.gateway.inputs import Asking, Input, Saga, start_saga, traceparent
from services.gateway.parts import SAGAS, Parts, idempotency_key, known_text, read_json
from services.gateway.problems import Problem
from services.gateway.security.identity import identity_of
from services.gateway.submissions import Submission
from services.gateway.submitting import submit
from services.gateway.views import history_view, saga_of_order_view, saga_view, submitted_saga_view

_NAMESPACE = uuid.UUID("0f6f2f0e-6c52-5b53-8f2d-9d3a1f2f7c11")
_SAGA_FIELDS = frozenset({"definition", "version", "data", "options"})
_NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
_MAX_VERSION = 999_999_999


def routes(parts: Parts) -> APIRouter:
    """Return the routes of sagas; those that show block, so they run on threads."""
    router = APIRouter()

    async def start(request: Request) -> Response:
        return await _start(parts, request)

    def show_saga(saga_id: str) -> Response:
        return _json(_shown(parts, saga_id))

    def show_history(saga_id: str) -> Response:
        known_text("saga_id", saga_id)
        rows = parts.read_model.events(saga_id)
        if not rows:
            _shown(parts, saga_id)
        return _json({"saga_id": saga_id, "events": history_view(saga_id, rows)["events"]})

    router.add_api_route(
        "/v1/sagas",
        start,
        methods=["POST"],
        status_code=202,
        response_class=Response,
        summary="Start a saga of any definition",
        openapi_extra=documents.body(documents.SagaForm, key_required=True),
        responses=documents.responses(202, documents.SagaTaken, 400, 409, 413, 422, 503),
    )
    router.add_api_route(
        "/v1/sagas/{saga_id}",
        show_saga,
        methods=["GET"],
        response_class=Response,
        summary="Show a saga",
        responses=documents.responses(200, documents.SagaView, 404, 422, 503),
    )
    router.add_api_route(
        "/v1/sagas/{saga_id}/history",
        show_history,
        methods=["GET"],
        response_class=Response,
        summary="Show everything that happened to a saga",
        responses=documents.responses(200, documents.SagaHistory, 404, 422, 503),
    )
    return router


def saga_id_of(client: str, idempotency_key: str) -> str:
    """Return the saga id that a client's key stands for: `sag_` and 26 characters of base32."""
    name = uuid.uuid5(_NAMESPACE, f"{len(client)}:{client}{idempotency_key}")
    return "sag_" + base64.b32encode(name.bytes).decode().rstrip("=").lower()


async def _start(parts: Parts, request: Request) -> Response:
    key = idempotency_key(request)
    if key is None:
        raise Problem("missing-idempotency-key", "send a key of your own with every saga, the same when you repeat it")
    submission, record = _read(parts, request, await read_json(request), key)
    await submit(parts, submission, record)
    url = f"/v1/sagas/{submission.order_id}"
    body = {"saga_id": submission.order_id, "status_url": url}
    return Response(orjson.dumps(body), 202, {"Location": url}, "application/json")


def _read(parts: Parts, request: Request, document: object, key: str) -> tuple[Submission, Input]:
    """Return what to remember and what to write. Raises Problem."""
    errors: list[FieldError] = []
    form = Fields(document, errors, "", _SAGA_FIELDS)
    definition = form.pattern("definition", 63, _NAME, "is no name of a definition")
    given: dict[str, Any] = document if isinstance(document, dict) else {}
    version = None if given.get("version") is None else form.count("version", _MAX_VERSION)
    data, options = form.data("data"), form.data("options")
    if errors:
        raise Problem("invalid-request", "; ".join(f"{e.field} {e.message}" for e in errors[:3]), errors)
    client = f"{identity_of(request.scope).client}{SAGAS}"
    saga_id = saga_id_of(client, key)
    now_ms = parts.now_ms()
    trace = traceparent(request.headers.get("traceparent"), parts.new_traceparent())
    asking = Asking(saga_id, f"{saga_id}:start", now_ms, trace)
    try:
        record = start_saga(parts.codec, asking, Saga(definition, version, options), data)
    except TooLarge as error:
        raise Problem("too-large", str(error)) from error
    asked = {"definition": definition, "version": version, "data": data, "options": options}
    sha = hashlib.sha256(orjson.dumps(asked, option=orjson.OPT_SORT_KEYS)).hexdigest()
    return Submission(saga_id, client, key, sha, "pending", now_ms, orjson.dumps(asked).decode()), record


def _shown(parts: Parts, saga_id: str) -> dict[str, Any]:
    """Return a saga as far as it is known here. Raises Problem. Blocks."""
    known_text("saga_id", saga_id)
    row = parts.read_model.saga(saga_id)
    if row is not None:
        return saga_view(row)
    order = parts.read_model.order(saga_id)
    if order is not None:
        return saga_of_order_view(order, parts.read_model.events(saga_id))
    submission = parts.submissions.find(saga_id, parts.now_ms())
    if submission is None or not submission.client.endswith(SAGAS):
        raise Problem("unknown-saga", f"no saga {saga_id}")
    return submitted_saga_view(saga_id, submission.created_at_ms, submission.data)


def _json(document: object) -> Response:
    return Response(orjson.dumps(document), media_type="application/json")
