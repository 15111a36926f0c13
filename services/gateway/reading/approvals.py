"""GET /v1/approvals, POST /v1/approvals/{id}: what waits for a person's decision in any saga, and the decision."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, NamedTuple

import orjson
from fastapi import APIRouter, Query, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import Response

from schemas.cloudevents import rfc3339
from services.gateway import documents, opaque
from services.gateway.answering import answer
from services.gateway.deciding import Said, decide, read_said
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

_MOST = 200
_MOST_GIVEN = 4_000
"""Characters of a gate's input that a list shows; what is longer is in the history."""
_FIELDS = frozenset({"decision", "actor", "reason", "step"})
_LONGEST_CURSOR = 400
_Gate = Mapping[str, Any]
_DECISIONS = frozenset({"approve", "reject"})


def routes(parts: Parts) -> APIRouter:
    """Return the routes of approvals."""
    router = APIRouter()

    def list_approvals(
        limit: Annotated[int, Query(ge=1, le=_MOST)] = 50,
        cursor: Annotated[str | None, Query(max_length=_LONGEST_CURSOR)] = None,
    ) -> Response:
        return answer(_page(parts, limit, cursor))

    async def decide_approval(approval_id: str, request: Request) -> Response:
        errors: list[FieldError] = []
        form = Fields(await read_json(request), errors, "", _FIELDS)
        decision = form.choice("decision", _DECISIONS)
        said = read_said(form)
        check_fields(errors)
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


async def _decide_saga(parts: Parts, decision: str, saga_id: str, said: Said, request: Request) -> Response:
    """Write what a person has decided about a saga that is no order. Raises Problem."""
    asking = await asking_of_saga(parts, saga_id, said.act(decision), request, [])
    if isinstance(asking, Response):
        return asking
    state = f"{saga_id} waits for nobody's decision"
    name, step = await run_in_threadpool(answer_to, parts, saga_id, decision, state, said.step)
    return await instruct(parts, asking, signal(parts.codec, asking, name, said.actor, said.reason, step=step))


class _Place(NamedTuple):
    """Where a page ends: at a step that waits, by the event with which it began to."""

    began_ms: int
    saga_id: str
    sequence: int


def _read_cursor(cursor: str) -> _Place | None:
    """Return what a cursor of ours says, None for anything else."""
    match opaque.read(cursor, _LONGEST_CURSOR):
        case [int(began_ms), str(saga_id), int(sequence)]:
            return _Place(began_ms, saga_id, sequence)
        case _:
            return None


def _page(parts: Parts, limit: int, cursor: str | None) -> dict[str, Any]:
    after = begins_after(cursor, _read_cursor)
    rows = queries.gated(parts.read_model, None if after is None else after[:2], limit + 1)
    found = [(row, gate) for row in rows for gate in orjson.loads(row["gates"]) if _is_behind(after, row, gate)][:limit]
    given = {
        (row["saga_id"], row["awaited"]): row["detail"]
        for row in queries.before_waiting(parts.read_model, list({row["order_id"] for row, _ in found}))
    }
    last = [_Place(row["created_at_ms"], row["order_id"], gate["sequence"]) for row, gate in found[-1:]]
    return {
        "approvals": [_view(row, gate, given.get((row["order_id"], gate["sequence"]))) for row, gate in found],
        "next_cursor": opaque.written(*last[0]) if len(found) == limit else None,
        **freshness_fields(parts.freshness.now()),
    }


def _is_behind(after: _Place | None, row: Row, gate: _Gate) -> bool:
    """Tell whether a step that waits comes after the end of a page; those of one saga are in the order they began."""
    return after is None or row["order_id"] != after.saga_id or gate["sequence"] > after.sequence


def _view(row: Row, gate: _Gate, before: str | None) -> dict[str, Any]:
    """Return what is to be decided at a step; `before` is the result that led to it."""
    given = None if before is None or len(before) > _MOST_GIVEN else orjson.loads(before)["output"]
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


def _reason(row: Row, gate: _Gate, amount: str | None, given: Mapping[str, Any]) -> str:
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
