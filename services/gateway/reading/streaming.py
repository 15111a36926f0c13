"""GET /v1/orders/{id}/events: an order's events as they happen, as server-sent events."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from functools import partial
from typing import Any

import orjson
from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from services.gateway import documents
from services.gateway.parts import Parts, known_text
from services.gateway.problems import Problem
from services.gateway.read_model import ReadModelUnavailable
from services.gateway.reading import queries
from services.gateway.reading.looking import look
from services.gateway.views import Told, entries_of

HEAD = "sagaline.head"
"""In the scope of a GET that was a HEAD: it would wait for the end of a stream of which it gets nothing."""
MOST_STREAMS = 200
HEARTBEAT_S = 15.0
LONGEST_S = 1_800.0
_LAST = frozenset({"SagaCompleted", "SagaRevoked"})
_HEARTBEAT = b": still here\n\n"
_MEDIA_TYPE = "text/event-stream"
_HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}


def routes(parts: Parts) -> APIRouter:
    """Return the route."""
    router = APIRouter()

    async def stream_events(order_id: str, request: Request) -> Response:
        return await _stream(parts, order_id, request)

    router.add_api_route(
        "/v1/orders/{order_id}/events",
        stream_events,
        methods=["GET"],
        response_class=Response,
        summary="Follow an order's events (server-sent events) until its saga has ended",
        openapi_extra=documents.event_stream(),
        responses=documents.stream_responses(404, 422, 503),
    )
    return router


async def _stream(parts: Parts, order_id: str, request: Request) -> Response:
    known_text("order_id", order_id)
    after = _last_event_id(request)
    await run_in_threadpool(look, parts, order_id, None, orders=True)
    rows = await run_in_threadpool(parts.read_model.events, order_id)
    if rows and rows[-1]["sequence"] <= after and any(row["type"] in _LAST for row in rows):
        return Response(None, 204)  # tells an EventSource not to come again
    if HEAD in request.scope:
        return StreamingResponse(iter(()), 200, _HEADERS, _MEDIA_TYPE)
    if len(parts.streams) >= MOST_STREAMS:
        raise Problem("too-many-streams", f"{MOST_STREAMS} orders are watched already", retry_after_s=5)
    parts.streams.append(order_id)
    return _Stream(_events(parts, order_id, after), partial(parts.streams.remove, order_id))


class _Stream(StreamingResponse):
    """A stream that makes room when it ends, however it does: a generator that never began has no `finally`."""

    def __init__(self, events: AsyncIterator[bytes], leave: Callable[[], None]) -> None:
        super().__init__(events, 200, _HEADERS, _MEDIA_TYPE)
        self._leave = leave

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._leave()


def _last_event_id(request: Request) -> int:
    """Return the sequence of the last event that the client has; 0: it has none."""
    written = request.headers.get("last-event-id", "").strip()
    return int(written) if written.isascii() and written.isdecimal() and len(written) < 16 else 0


async def _events(parts: Parts, order_id: str, after: int) -> AsyncIterator[bytes]:
    """Yield the events after one, as they come, and heartbeats between them; ends with the saga, or after a while."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + LONGEST_S
    told, seen, ended = Told(), 0, False
    while not ended and loop.time() < deadline:
        try:
            rows = await run_in_threadpool(queries.events_after, parts.read_model, order_id, seen + 1)
        except ReadModelUnavailable:
            return  # the client comes again, with the last id it has
        entries, told = entries_of(rows, told)
        for number, entry in enumerate(entries):
            if entry["sequence"] > after:
                is_last = number + 1 == len(entries) or entries[number + 1]["sequence"] > entry["sequence"]
                yield _written(entry, is_last=is_last)
        seen = rows[-1]["sequence"] if rows else seen
        ended = ended or any(row["type"] in _LAST for row in rows)
        if not ended and not await parts.watch.later(order_id, seen, HEARTBEAT_S):
            yield _HEARTBEAT


def _written(entry: Mapping[str, Any], *, is_last: bool) -> bytes:
    """Return an event; of those that share a sequence the last one carries it, so that none is missed."""
    number = b"id: %d\n" % entry["sequence"] if is_last else b""
    return b"%sevent: %s\ndata: %s\n\n" % (number, str(entry["type"]).encode(), orjson.dumps(entry))
