"""GET /v1/orders, /v1/orders/{id} and its history: what the read model says, and how fresh that is."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import Response

from services.gateway import documents
from services.gateway.answering import answer
from services.gateway.parts import Parts, begins_after, known_text
from services.gateway.read_model import Page
from services.gateway.reading import conditions, shapes
from services.gateway.reading.conditions import applied, etag, wait_s
from services.gateway.reading.looking import AT_REST, Seen, caught_up, freshness_fields, look, token_of
from services.gateway.reading.progress import order_now
from services.gateway.security.identity import Identity, identity_of
from services.gateway.views import cursor_of, history_view, order_view, read_cursor

_MAX_PAGE = 200


def routes(parts: Parts) -> APIRouter:
    """Return the routes that show orders; what blocks runs on threads."""
    router = APIRouter()

    def list_orders(
        request: Request,
        asked: Annotated[documents.OrderQuery, Query()],
    ) -> Response:
        return answer(_page(parts, identity_of(request.scope), asked))

    async def show_order(order_id: str, request: Request) -> Response:
        return await _show(parts, order_id, request)

    async def show_history(order_id: str, request: Request) -> Response:
        return await _history(parts, order_id, request)

    router.add_api_route(
        "/v1/orders",
        list_orders,
        methods=["GET"],
        response_class=Response,
        summary="List orders, newest first",
        responses=documents.responses(200, documents.OrderPage, 422, 503),
    )
    router.add_api_route(
        "/v1/orders/{order_id}",
        show_order,
        methods=["GET"],
        response_class=Response,
        summary="Show an order",
        openapi_extra=documents.reading(conditional=True),
        responses=documents.responses(200, shapes.OrderView, 404, 422, 503, unchanged=True),
    )
    router.add_api_route(
        "/v1/orders/{order_id}/history",
        show_history,
        methods=["GET"],
        response_class=Response,
        summary="Show everything that happened to an order",
        openapi_extra=documents.reading(conditional=False),
        responses=documents.responses(200, documents.History, 404, 422, 503),
    )
    return router


async def _show(parts: Parts, order_id: str, request: Request) -> Response:
    known_text("order_id", order_id)
    token, waits_s = token_of(request, order_id), wait_s(request)
    missed = await caught_up(parts, token)
    seen = await run_in_threadpool(look, parts, order_id, token, orders=True)
    loop = asyncio.get_running_loop()
    deadline = loop.time() + (waits_s or 0)
    while waits_s and _wait_on(request, seen):
        if not await parts.watch.later(order_id, seen.sequence, deadline - loop.time()):
            break
        seen = await run_in_threadpool(look, parts, order_id, token, orders=True)
    headers: Mapping[str, str] = {"ETag": etag(seen.sequence), **applied(waits_s)}
    staleness = missed or seen.staleness
    if conditions.is_known(request, headers["ETag"]) and not staleness.stale:
        return Response(None, 304, headers)
    order = await run_in_threadpool(order_now, parts, seen, order_id)
    return answer({**order, **freshness_fields(staleness)}, headers=headers)


def _wait_on(request: Request, seen: Seen) -> bool:
    """Tell whether a request that prefers to wait still has to: for a change where it knows a state, else for rest."""
    if request.headers.get("if-none-match") is not None:
        return conditions.is_known(request, etag(seen.sequence))
    return seen.row is None or seen.row["status"] not in AT_REST


async def _history(parts: Parts, order_id: str, request: Request) -> Response:
    known_text("order_id", order_id)
    token = token_of(request, order_id)
    missed = await caught_up(parts, token)
    rows = await run_in_threadpool(parts.read_model.events, order_id)
    if not rows:
        await run_in_threadpool(look, parts, order_id, token, orders=True)
    return answer({**history_view(order_id, rows), **freshness_fields(missed or parts.freshness.now())})


def _page(parts: Parts, identity: Identity, asked: documents.OrderQuery) -> dict[str, object]:
    before = begins_after(asked.cursor, read_cursor)
    texts = {name: known_text(name, getattr(asked, name)) for name in ("status", "lifecycle", "customer", "process")}
    customers = identity.confined_to
    if texts["customer"] is not None:
        customers = frozenset({texts["customer"]}) & (customers if customers is not None else {texts["customer"]})
    page = Page(
        asked.limit,
        texts["status"],
        texts["lifecycle"],
        before,
        customers,
        texts["process"],
        _ms(asked.created_from),
        _ms(asked.created_before),
    )
    rows = parts.read_model.page(page)
    return {
        "orders": [order_view(row) for row in rows],
        "next_cursor": cursor_of(rows[-1]) if len(rows) == asked.limit else None,
        **freshness_fields(parts.freshness.now()),
    }


def _ms(at: datetime | None) -> int | None:
    return None if at is None else int(at.timestamp() * 1000)
