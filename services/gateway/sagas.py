"""POST and GET /v1/sagas: sagas of any definition are started, listed and shown."""

from __future__ import annotations

import hashlib
import re
from typing import Annotated, Any, NamedTuple

import orjson
from fastapi import APIRouter, Query, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import Response

from orchestrator.definitions.options import option_faults
from schemas.codec import TooLarge
from services.deployment import NotDeployed
from services.gateway import documents
from services.gateway.answering import answer
from services.gateway.fields import FieldError, Fields
from services.gateway.inputs import Asking, Input, Saga, start_id, start_saga, traceparent
from services.gateway.keyed_ids import keyed_id
from services.gateway.parts import SAGAS, Parts, begins_after, idempotency_key, known_text, read_json
from services.gateway.problems import Problem, check_fields
from services.gateway.reading import queries, shapes
from services.gateway.reading.conditions import applied, etag, is_known, wait_s
from services.gateway.reading.freshness import Staleness
from services.gateway.reading.looking import caught_up, freshness_fields, look_at_any, token_of
from services.gateway.reading.tokens import Token
from services.gateway.security.identity import identity_of
from services.gateway.submissions import Submission
from services.gateway.submitting import submit
from services.gateway.views import (
    cursor_of,
    history_view,
    read_cursor,
    saga_of_order_view,
    saga_view,
    submitted_saga_view,
)

_SAGA_FIELDS = frozenset({"definition", "version", "data", "options"})
_NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
_MAX_VERSION = 999_999_999
_MAX_PAGE = 200


def routes(parts: Parts) -> APIRouter:
    """Return the routes of sagas; those that show block, so they run on threads."""
    router = APIRouter()

    async def start(request: Request) -> Response:
        return await _start(parts, request)

    async def show_saga(saga_id: str, request: Request) -> Response:
        return await _show(parts, saga_id, request)

    async def show_history(saga_id: str, request: Request) -> Response:
        known_text("saga_id", saga_id)
        missed = await caught_up(parts, token_of(request, saga_id))
        rows = await run_in_threadpool(parts.read_model.events, saga_id)
        if not rows:
            await run_in_threadpool(_shown, parts, saga_id, token_of(request, saga_id))
        fresh = freshness_fields(missed or parts.freshness.now())
        return answer({"saga_id": saga_id, "events": history_view(saga_id, rows)["events"], **fresh})

    def list_sagas(
        definition: Annotated[str | None, Query(max_length=255)] = None,
        status: Annotated[str | None, Query(max_length=255)] = None,
        limit: Annotated[int, Query(ge=1, le=_MAX_PAGE)] = 50,
        cursor: Annotated[str | None, Query(max_length=200)] = None,
    ) -> Response:
        return answer(_page(parts, definition, status, limit, cursor))

    router.add_api_route(
        "/v1/sagas",
        list_sagas,
        methods=["GET"],
        response_class=Response,
        summary="List sagas that are no orders, newest first",
        responses=documents.responses(200, shapes.SagaPage, 422, 503),
    )
    router.add_api_route(
        "/v1/sagas",
        start,
        methods=["POST"],
        status_code=202,
        response_class=Response,
        summary="Start a saga of any definition",
        openapi_extra=documents.body(documents.SagaForm, key_required=True),
        responses=documents.responses(202, documents.SagaTaken, 400, 404, 409, 413, 415, 422, 503),
    )
    router.add_api_route(
        "/v1/sagas/{saga_id}",
        show_saga,
        methods=["GET"],
        response_class=Response,
        summary="Show a saga",
        openapi_extra=documents.reading(conditional=True),
        responses=documents.responses(200, documents.SagaView, 404, 422, 503, unchanged=True),
    )
    router.add_api_route(
        "/v1/sagas/{saga_id}/history",
        show_history,
        methods=["GET"],
        response_class=Response,
        summary="Show everything that happened to a saga",
        openapi_extra=documents.reading(conditional=False),
        responses=documents.responses(200, documents.SagaHistory, 404, 422, 503),
    )
    return router


def saga_id_of(client: str, idempotency_key: str) -> str:
    """Return the saga id that a client's key stands for: `sag_` and 26 characters of base32."""
    return keyed_id("sag_", client, idempotency_key)


async def _start(parts: Parts, request: Request) -> Response:
    key = idempotency_key(request)
    if key is None:
        raise Problem("missing-idempotency-key", "send a key of your own with every saga, the same when you repeat it")
    submission, record, definition, version = _read(parts, request, await read_json(request), key)
    if not await run_in_threadpool(_is_startable, parts, definition, version):
        wanted = definition if version is None else f"{definition} version {version}"
        raise Problem("unknown-definition", f"there is no definition {wanted}")
    headers = await submit(parts, submission, record)
    url = f"/v1/sagas/{submission.order_id}"
    return answer({"saga_id": submission.order_id, "status_url": url}, 202, {**headers, "Location": url})


def _is_startable(parts: Parts, definition: str, version: int | None) -> bool:
    """Tell whether an orchestrator can take it up. Raises Problem. Blocks."""
    try:
        return parts.deployments.knows(definition, version)
    except NotDeployed as error:
        raise Problem("kafka-unavailable", f"{error}; repeat the same request", retry_after_s=1) from error


class _Asked(NamedTuple):
    """A request for a saga: what to remember, what to write, and which definition it takes."""

    submission: Submission
    record: Input
    definition: str
    version: int | None


def _read(parts: Parts, request: Request, document: object, key: str) -> _Asked:
    """Return what is asked for. Raises Problem."""
    errors: list[FieldError] = []
    form = Fields(document, errors, "", _SAGA_FIELDS)
    definition = form.pattern("definition", 63, _NAME, "is no name of a definition")
    given: dict[str, Any] = document if isinstance(document, dict) else {}
    version = None if given.get("version") is None else form.count("version", _MAX_VERSION)
    data, options = form.data("data"), form.data("options")
    errors += [FieldError(f"options.{name}", fault) for name, fault in option_faults(options)]
    check_fields(errors)
    client = f"{identity_of(request.scope).client}{SAGAS}"
    saga_id = saga_id_of(client, key)
    now_ms = parts.now_ms()
    trace = traceparent(request.headers.get("traceparent"), parts.new_traceparent())
    asking = Asking(saga_id, start_id(saga_id), now_ms, trace)
    try:
        record = start_saga(parts.codec, asking, Saga(definition, version, options), data)
    except TooLarge as error:
        raise Problem("too-large", str(error)) from error
    asked = {"definition": definition, "version": version, "data": data, "options": options}
    sha = hashlib.sha256(orjson.dumps(asked, option=orjson.OPT_SORT_KEYS)).hexdigest()
    submission = Submission(saga_id, client, key, sha, "pending", now_ms, orjson.dumps(asked).decode())
    return _Asked(submission, record, definition, version)


async def _show(parts: Parts, saga_id: str, request: Request) -> Response:
    token, waits_s = token_of(request, saga_id), wait_s(request)
    missed = await caught_up(parts, token)
    shown, staleness = await run_in_threadpool(_shown, parts, saga_id, token)
    known = is_known(request, etag(shown["sequence"]))
    if waits_s and known and await parts.watch.later(saga_id, shown["sequence"], waits_s):
        shown, staleness = await run_in_threadpool(_shown, parts, saga_id, token)
    headers = {"ETag": etag(shown["sequence"]), **applied(waits_s)}
    staleness = missed or staleness
    if is_known(request, headers["ETag"]) and not staleness.stale:
        return Response(None, 304, headers)
    return answer({**shown, **freshness_fields(staleness)}, headers=headers)


def _shown(parts: Parts, saga_id: str, token: Token | None) -> tuple[dict[str, Any], Staleness]:
    """Return a saga as far as it is known here, and how fresh that is. Raises Problem. Blocks."""
    seen = look_at_any(parts, saga_id, token)
    if seen.row is not None and "order_id" in seen.row:
        return saga_of_order_view(seen.row, parts.read_model.events(saga_id)), seen.staleness
    if seen.row is not None:
        return saga_view(seen.row), seen.staleness
    assert seen.submission is not None
    return submitted_saga_view(saga_id, seen.submission.created_at_ms, seen.submission.data), seen.staleness


def _page(parts: Parts, definition: str | None, status: str | None, limit: int, cursor: str | None) -> dict[str, Any]:
    before = begins_after(cursor, read_cursor)
    known_text("definition", definition)
    known_text("status", status)
    rows = queries.sagas(parts.read_model, definition, status, before, limit)
    shown = [{name: value for name, value in saga_view(row).items() if name != "data"} for row in rows]
    last = {"created_at_ms": rows[-1]["started_at_ms"], "order_id": rows[-1]["saga_id"]} if rows else {}
    return {
        "sagas": shown,
        "next_cursor": cursor_of(last) if len(rows) == limit else None,
        **freshness_fields(parts.freshness.now()),
    }
