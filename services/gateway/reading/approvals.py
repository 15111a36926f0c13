"""GET /v1/approvals, POST /v1/approvals/{id}: what waits for a person's decision in any saga, and the decision."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Query, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import Response

from schemas.cloudevents import rfc3339
from services.gateway import documents
from services.gateway.answering import answer
from services.gateway.deciding import decide
from services.gateway.fields import FieldError, Fields, money_text
from services.gateway.inputs import signal
from services.gateway.instructing import instruct
from services.gateway.parts import Parts, begins_after, known_text, read_json
from services.gateway.problems import check_fields
from services.gateway.read_model import Row
from services.gateway.reading import queries, shapes
from services.gateway.reading.gates import answer_to
from services.gateway.reading.looking import freshness_fields
from services.gateway.signalling import asking_of_saga
from services.gateway.views import cursor_of, read_cursor

_MOST = 200
_MOST_GIVEN = 4_000
"""Characters of a gate's input that a list shows; what is longer is in the history."""
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
        said = (actor, reason)
        known_text("approval_id", approval_id)
        if await run_in_threadpool(parts.read_model.order, approval_id) is not None:
            return await decide(parts, decision, approval_id, said, request)
        return await _decide_saga(parts, decision, approval_id, said, request)

    router.add_api_route(
        "/v1/approvals",
        list_approvals,
        methods=["GET"],
        response_class=Response,
        summary="List the orders and other sagas that wait for a person's decision, newest first",
        responses=documents.responses(200, shapes.ApprovalPage, 422, 503),
    )
    router.add_api_route(
        "/v1/approvals/{approval_id}",
        decide_approval,
        methods=["POST"],
        status_code=202,
        response_class=Response,
        summary="Approve or reject an order or another saga; the id of an approval is its id",
        openapi_extra=documents.body(shapes.ApprovalForm, key_required=False, conditional=True),
        responses=documents.responses(202, shapes.ApprovalTaken, 400, 404, 409, 412, 413, 415, 422, 503),
    )
    return router


async def _decide_saga(parts: Parts, decision: str, saga_id: str, said: tuple[str, str], request: Request) -> Response:
    """Write what a person (the actor, and why) has decided about a saga that is no order. Raises Problem."""
    asking = await asking_of_saga(parts, saga_id, decision, request, [])
    if isinstance(asking, Response):
        return asking
    name, step = await run_in_threadpool(answer_to, parts, saga_id, decision, f"{saga_id} waits for nobody's decision")
    return await instruct(parts, asking, signal(parts.codec, asking, name, *said, step=step))


def _page(parts: Parts, limit: int, cursor: str | None) -> dict[str, Any]:
    before = begins_after(cursor, read_cursor)
    rows = queries.gated(parts.read_model, before, limit)
    given: dict[str, list[Row]] = {}
    for row in queries.before_waiting(parts.read_model, [row["order_id"] for row in rows]):
        given.setdefault(row["saga_id"], []).append(row)
    return {
        "approvals": [_view(row, given.get(row["order_id"], [])) for row in rows],
        "next_cursor": cursor_of(rows[-1]) if len(rows) == limit else None,
        **freshness_fields(parts.freshness.now()),
    }


def _view(row: Row, results: Sequence[Row]) -> dict[str, Any]:
    """Return what is to be decided about a saga: of several gates the one that opened first."""
    gate, *_ = orjson.loads(row["gates"])
    given = _given(gate["sequence"], results)
    is_order, total, expires = "customer_id" in row, row.get("total_minor"), gate["until_ms"]
    amount = None if total is None else money_text(total)
    kind = "orders" if is_order else "sagas"
    return {
        "id": row["order_id"],
        "order_id": row["order_id"] if is_order else None,
        "saga_id": row["order_id"],
        "definition": row["definition"],
        "customer_id": row.get("customer_id"),
        "amount": amount,
        "currency": row.get("currency"),
        "reason": _reason(row, gate, amount, given if isinstance(given, dict) else {}),
        "step": gate["step"],
        "signals": gate["signals"],
        "approve": gate["approve"],
        "reject": gate["reject"],
        "given": given,
        "since": rfc3339(gate["since_ms"]),
        "expires": None if expires is None else rfc3339(expires),
        "status_url": f"/v1/{kind}/{row['order_id']}",
    }


def _given(sequence: int, results: Sequence[Row]) -> Any:
    """Return the input of a step that began to wait with this event: the result before it; None where it is long."""
    before = [row["detail"] for row in results if row["sequence"] < sequence]
    if not before or len(before[-1]) > _MOST_GIVEN:
        return None
    return orjson.loads(before[-1])["output"]


def _reason(row: Row, gate: Mapping[str, Any], amount: str | None, given: Mapping[str, Any]) -> str:
    """Return why a person is asked: what is unusual about an order, its amount, or what the step waits for."""
    if amount is None:
        return f"{gate['step']} of {row['definition']} waits for {' or '.join(gate['signals'])}"
    unusual = [_told(one) for one in given.get("exceptions", ())]
    if unusual and row["total_minor"] <= given.get("approval_limit_minor", 0):
        return "; ".join(unusual)
    return "; ".join([f"an order of {amount} {row['currency']} takes a person's approval", *unusual])


def _told(exception: Mapping[str, Any]) -> str:
    line, limit = exception["line"] + 1, exception["limit"]
    return f"{exception['quantity']} of {exception['sku']} in line {line} are more than {limit}"
