"""POST /v1/sagas/{id}/signals and /cancel: what people and programs tell a saga of any definition."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import Response

from schemas.codec import TooLarge
from services.gateway import documents
from services.gateway.fields import FieldError, Fields
from services.gateway.inputs import Asking, cancel, send_signal
from services.gateway.instructing import add_route, asking_of, instruct, key_of, repeated
from services.gateway.parts import Parts, known_text, read_json
from services.gateway.problems import Problem, check_fields
from services.gateway.standing import Way, standing

_SIGNAL_FIELDS = frozenset({"name", "actor", "data", "step"})
_CANCEL_FIELDS = frozenset({"actor", "reason"})


def routes(parts: Parts) -> APIRouter:
    """Return the routes of what sagas are told."""
    router = APIRouter()

    async def signal_saga(saga_id: str, request: Request) -> Response:
        return await _signal(parts, saga_id, request)

    async def cancel_saga(saga_id: str, request: Request) -> Response:
        return await _cancel(parts, saga_id, request)

    for path, handler, summary, form in (
        ("signals", signal_saga, "Signal to a saga", documents.SignalForm),
        ("cancel", cancel_saga, "Ask a saga to stop and undo what it did", documents.Decision),
    ):
        add_route(router, f"/v1/sagas/{{saga_id}}/{path}", handler, summary, form)
    return router


async def _signal(parts: Parts, saga_id: str, request: Request) -> Response:
    errors: list[FieldError] = []
    document = await read_json(request)
    form = Fields(document, errors, "", _SIGNAL_FIELDS)
    name, actor = form.text("name", 128), form.text("actor", 128)
    data, step = form.data("data"), form.text("step", 512, required=False) or None
    act = f"signal:{name}" if step is None else f"signal@{step}:{name}"
    asking = await asking_of_saga(parts, saga_id, act, request, errors)
    if isinstance(asking, Response):
        return asking
    try:
        record = send_signal(parts.codec, asking, name, actor, data, step=step)
    except TooLarge as error:
        raise Problem("too-large", str(error)) from error
    return await instruct(parts, asking, record)


async def _cancel(parts: Parts, saga_id: str, request: Request) -> Response:
    errors: list[FieldError] = []
    form = Fields(await read_json(request), errors, "", _CANCEL_FIELDS)
    actor, reason = form.text("actor", 128), form.text("reason", 512, required=False)
    asking = await asking_of_saga(parts, saga_id, "cancel", request, errors)
    if isinstance(asking, Response):
        return asking
    way = standing(await run_in_threadpool(parts.read_model.events, saga_id)).way
    if way is not Way.FORWARD:
        raise Problem("saga-ended", f"{saga_id} {way}")
    return await instruct(parts, asking, cancel(parts.codec, asking, actor=actor, reason=reason))


async def asking_of_saga(
    parts: Parts, saga_id: str, act: str, request: Request, errors: list[FieldError]
) -> Asking | Response:
    """Return who asks for what of a saga, once the form has no faults and the saga is known here. Raises Problem.

    Of a request that came before and had its effect, it is the answer.
    """
    check_fields(errors)
    known_text("saga_id", saga_id)
    done = await repeated(parts, saga_id, act, request)
    if done is not None:
        return done
    key = key_of(request) or parts.new_id()
    if not await run_in_threadpool(_is_known, parts, saga_id):
        raise Problem("unknown-saga", f"no saga {saga_id}")
    return await asking_of(parts, saga_id, act, key, request)


def _is_known(parts: Parts, saga_id: str) -> bool:
    """Tell whether there is such a saga, as far as it is known here. Blocks."""
    model = parts.read_model
    if model.saga(saga_id) is not None or model.order(saga_id) is not None:
        return True
    return parts.submissions.find(saga_id, parts.now_ms()) is not None
