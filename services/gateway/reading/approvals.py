"""GET /v1/approvals, POST /v1/approvals/{id}: what waits for a person's approval, and the decision."""

from __future__ import annotations

from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from schemas.cloudevents import rfc3339
from services.gateway import documents
from services.gateway.answering import answer
from services.gateway.deciding import decide
from services.gateway.fields import FieldError, Fields, money_text
from services.gateway.parts import Parts, begins_after, read_json
from services.gateway.problems import check_fields
from services.gateway.read_model import Row
from services.gateway.reading import queries, shapes
from services.gateway.reading.looking import freshness_fields
from services.gateway.views import cursor_of, read_cursor

_MOST = 200
_FIELDS = frozenset({"decision", "actor", "reason"})
_DECISIONS = frozenset({"approve", "reject"})


def routes(parts: Parts) -> APIRouter:
    """Return the routes of approvals."""
    router = APIRouter()

    def list_approvals(
        limit: Annotated[int, Query(ge=1, le=_MOST)] = 50,
        cursor: Annotated[str | None, Query(max_length=200)] = None,
    ) -> Response:
        return answer(_page(parts, limit, cursor))

    async def decide_approval(approval_id: str, request: Request) -> Response:
        errors: list[FieldError] = []
        form = Fields(await read_json(request), errors, "", _FIELDS)
        decision = form.choice("decision", _DECISIONS)
        actor, reason = form.text("actor", 128), form.text("reason", 512, required=False)
        check_fields(errors)
        return await decide(parts, decision, approval_id, (actor, reason), request)

    router.add_api_route(
        "/v1/approvals",
        list_approvals,
        methods=["GET"],
        response_class=Response,
        summary="List the orders that wait for an approval, newest first",
        responses=documents.responses(200, shapes.ApprovalPage, 422, 503),
    )
    router.add_api_route(
        "/v1/approvals/{approval_id}",
        decide_approval,
        methods=["POST"],
        status_code=202,
        response_class=Response,
        summary="Approve or reject an order; the id of an approval is that of its order",
        openapi_extra=documents.body(shapes.ApprovalForm, key_required=False, conditional=True),
        responses=documents.responses(202, documents.DecisionTaken, 400, 404, 409, 412, 413, 422, 503),
    )
    return router


def _page(parts: Parts, limit: int, cursor: str | None) -> dict[str, Any]:
    before = begins_after(cursor, read_cursor)
    rows = queries.awaiting(parts.read_model, before, limit)
    since = queries.awaited(parts.read_model, [row["order_id"] for row in rows])
    return {
        "approvals": [_view(row, since.get(row["order_id"])) for row in rows],
        "next_cursor": cursor_of(rows[-1]) if len(rows) == limit else None,
        **freshness_fields(parts.freshness.now()),
    }


def _view(row: Row, awaited: Row | None) -> dict[str, Any]:
    detail = {} if awaited is None else orjson.loads(awaited["detail"])
    expires, total = detail.get("timeout_at"), row["total_minor"]
    amount = None if total is None else money_text(total)
    return {
        "id": row["order_id"],
        "order_id": row["order_id"],
        "customer_id": row["customer_id"],
        "amount": amount,
        "currency": row["currency"],
        "reason": f"an order of {amount} {row['currency']} takes a person's approval",
        "step": "" if awaited is None else awaited["step"],
        "signals": detail.get("signals", []),
        "since": rfc3339(row["created_at_ms"] if awaited is None else awaited["at_ms"]),
        "expires": None if expires is None else rfc3339(expires),
        "status_url": f"/v1/orders/{row['order_id']}",
    }
