"""POST /v1/orders/{id}/approve, reject, cancel: a person's decisions about an order."""

from __future__ import annotations

from functools import partial
from typing import NamedTuple

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
_FIELDS = frozenset({"actor", "reason"})


class Said(NamedTuple):
    """What a person says: who, why, and about which step where several wait."""

    actor: str
    reason: str
    step: str | None = None

    def act(self, action: str) -> str:
        """Return what is done, for ids of inputs: no name of an action has an `@`."""
        return action if self.step is None else f"{action}@{self.step}"


def routes(parts: Parts) -> APIRouter:
    """Return the routes of the decisions."""
    router = APIRouter()
    for action in _ACTIONS:
        add_route(
            router,
            f"/v1/orders/{{order_id}}/{action}",
            _handler(parts, action),
            f"{action.capitalize()} an order",
            documents.Decision if action == "cancel" else documents.StepDecision,
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
    known = _FIELDS if action == "cancel" else _FIELDS | {"step"}
    said = read_said(Fields(await read_json(request), errors, "", known))
    check_fields(errors)
    return await decide(parts, action, order_id, said, request)


def read_said(form: Fields) -> Said:
    """Return what the form of a decision says."""
    actor, reason = form.text("actor", 128), form.text("reason", 512, required=False)
    return Said(actor, reason, form.text("step", 512, required=False) or None)


async def decide(parts: Parts, action: str, order_id: str, said: Said, request: Request) -> Response:
    """Write what a person has decided about an order. Raises Problem."""
    known_text("order_id", order_id)
    act = said.act(action)
    done = await repeated(parts, order_id, act, request, kind="order")
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
        state = f"the order is {status}"
        name, step = await run_in_threadpool(answer_to, parts, order_id, action, state, said.step)
        record = partial(signal, name=name, step=step)
    asking = await asking_of(parts, order_id, act, key, request)
    told = record(parts.codec, asking, actor=said.actor, reason=said.reason)
    return await instruct(parts, asking, told, kind="order")


def _status(parts: Parts, order_id: str) -> str | None:
    """Return the order's status as far as it is known here; None when there is no such order. Blocks."""
    row = parts.read_model.order(order_id)
    if row is not None:
        return str(row["status"])
    return None if parts.submissions.find(order_id, parts.now_ms()) is None else "RUNNING"
