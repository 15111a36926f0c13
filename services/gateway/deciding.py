"""POST /v1/orders/{id}/approve, reject, cancel: a person's decisions about an order."""

from __future__ import annotations

from functools import partial

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import Response

from services.gateway import documents
from services.gateway.fields import FieldError, Fields
from services.gateway.inputs import cancel, signal
from services.gateway.instructing import Handler, add_route, asking_of, instruct, key_of, repeated
from services.gateway.parts import Parts, known_text, read_json
from services.gateway.problems import Problem, check_fields
from services.gateway.reading.gates import answer_to

_ACTIONS = ("approve", "reject", "cancel")
_ENDED = frozenset({"COMPLETED", "TRANSACTION_REVOKED", "MANUAL_INTERVENTION", "COMPENSATING"})
_DECISION_FIELDS = frozenset({"actor", "reason"})


def routes(parts: Parts) -> APIRouter:
    """Return the routes of the decisions."""
    router = APIRouter()
    for action in _ACTIONS:
        add_route(
            router,
            f"/v1/orders/{{order_id}}/{action}",
            _handler(parts, action),
            f"{action.capitalize()} an order",
            documents.Decision,
            taken=documents.DecisionTaken,
            operation_id=f"{action}_order",
        )
    return router


def _handler(parts: Parts, action: str) -> Handler:
    async def handle(order_id: str, request: Request) -> Response:
        return await _decide(parts, action, order_id, request)

    return handle


async def _decide(parts: Parts, action: str, order_id: str, request: Request) -> Response:
    errors: list[FieldError] = []
    decision = Fields(await read_json(request), errors, "", _DECISION_FIELDS)
    actor, reason = decision.text("actor", 128), decision.text("reason", 512, required=False)
    check_fields(errors)
    return await decide(parts, action, order_id, (actor, reason), request)


async def decide(parts: Parts, action: str, order_id: str, said: tuple[str, str], request: Request) -> Response:
    """Write what a person (the actor, and why) has decided about an order. Raises Problem."""
    actor, reason = said
    known_text("order_id", order_id)
    done = await repeated(parts, order_id, action, request, kind="order")
    if done is not None:
        return done
    key = key_of(request) or parts.new_id()
    status = await run_in_threadpool(_status, parts, order_id)
    if status is None:
        raise Problem("unknown-order", f"no order {order_id}")
    if action == "cancel" and status in _ENDED:
        raise Problem("already-ended", f"the order is {status}")
    record = cancel
    if action != "cancel":
        name, step = await run_in_threadpool(answer_to, parts, order_id, action, f"the order is {status}")
        record = partial(signal, name=name, step=step)
    asking = await asking_of(parts, order_id, action, key, request)
    return await instruct(parts, asking, record(parts.codec, asking, actor=actor, reason=reason), kind="order")


def _status(parts: Parts, order_id: str) -> str | None:
    """Return the order's status as far as it is known here; None when there is no such order. Blocks."""
    row = parts.read_model.order(order_id)
    if row is not None:
        return str(row["status"])
    return None if parts.submissions.find(order_id, parts.now_ms()) is None else "RUNNING"
