"""GET /v1/orders, /v1/orders/{id} and its history: what the read model says."""

from __future__ import annotations

from typing import Annotated

import orjson
from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from services.gateway import documents
from services.gateway.fields import FieldError
from services.gateway.parts import SAGAS, Parts, known_text
from services.gateway.problems import Problem
from services.gateway.read_model import Page
from services.gateway.security.identity import Identity, identity_of
from services.gateway.views import cursor_of, history_view, order_view, read_cursor, submitted_view

_MAX_PAGE = 200


def _json(document: object) -> Response:
    return Response(orjson.dumps(document), media_type="application/json")


def routes(parts: Parts) -> APIRouter:
    """Return the routes that show orders; they block, so they run on threads."""
    router = APIRouter()

    def list_orders(
        request: Request,
        status: str | None = None,
        lifecycle: str | None = None,
        limit: Annotated[int, Query(ge=1, le=_MAX_PAGE)] = 50,
        cursor: str | None = None,
    ) -> Response:
        return _json(_page(parts, identity_of(request.scope), status, lifecycle, limit, cursor))

    def show_order(order_id: str) -> Response:
        known_text("order_id", order_id)
        row = parts.read_model.order(order_id)
        if row is not None:
            return _json(order_view(row))
        submission = parts.submissions.find(order_id, parts.now_ms())
        if submission is None or submission.client.endswith(SAGAS):
            raise Problem("unknown-order", f"no order {order_id}")
        return _json(submitted_view(order_id, submission.created_at_ms, submission.data))

    def show_history(order_id: str) -> Response:
        known_text("order_id", order_id)
        rows = parts.read_model.events(order_id)
        if not rows and parts.submissions.find(order_id, parts.now_ms()) is None:
            raise Problem("unknown-order", f"no order {order_id}")
        return _json(history_view(order_id, rows))

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
        responses=documents.responses(200, documents.OrderView, 404, 503),
    )
    router.add_api_route(
        "/v1/orders/{order_id}/history",
        show_history,
        methods=["GET"],
        response_class=Response,
        summary="Show everything that happened to an order",
        responses=documents.responses(200, documents.History, 404, 503),
    )
    return router


def _page(
    parts: Parts, identity: Identity, status: str | None, lifecycle: str | None, limit: int, cursor: str | None
) -> dict[str, object]:
    before = None if cursor is None else read_cursor(cursor)
    if cursor is not None and before is None:
        raise Problem("invalid-request", "the cursor is none of ours", [FieldError("cursor", "is none of ours")])
    status, lifecycle = known_text("status", status), known_text("lifecycle", lifecycle)
    rows = parts.read_model.page(Page(limit, status, lifecycle, before, identity.confined_to))
    return {
        "orders": [order_view(row) for row in rows],
        "next_cursor": cursor_of(rows[-1]) if len(rows) == limit else None,
    }
