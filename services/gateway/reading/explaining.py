"""GET /v1/orders/{id}/explain, /v1/sagas/{id}/explain: why it is where it is, and what happens next."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import orjson
from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import Response

from schemas.cloudevents import rfc3339
from services.gateway import documents
from services.gateway.answering import answer
from services.gateway.dead_letters import reading as letters
from services.gateway.parts import Parts, known_text
from services.gateway.read_model import Row
from services.gateway.reading import shapes
from services.gateway.reading.freshness import Staleness
from services.gateway.reading.looking import Seen, caught_up, freshness_fields, look, look_at_any, token_of
from services.gateway.reading.waits import For, Wait, waits
from services.gateway.standing import Way, standing

_MOST_REFUSED = 5
_OF_A_REFUSAL = ("input", "actor", "reason", "expected", "meant_for")
_OPEN, _AGAIN = "open", "redriven"
_BLOCKED = {
    "orchestrator": "No orchestrator is at work: nothing moves until one is. ",
    "kafka": "Kafka does not answer: this is what was known before. ",
    "read-model": "The read model is behind: this is what it knows. ",
}


def routes(parts: Parts) -> APIRouter:
    """Return the routes that explain."""
    router = APIRouter()

    async def explain_order(order_id: str, request: Request) -> Response:
        return await _explain(parts, order_id, request, orders=True)

    async def explain_saga(saga_id: str, request: Request) -> Response:
        return await _explain(parts, saga_id, request, orders=False)

    for path, handler, what in (
        ("/v1/orders/{order_id}/explain", explain_order, "an order"),
        ("/v1/sagas/{saga_id}/explain", explain_saga, "a saga"),
    ):
        router.add_api_route(
            path,
            handler,
            methods=["GET"],
            response_class=Response,
            summary=f"Explain what {what} waits for, since when, and what happens next",
            openapi_extra=documents.reading(conditional=False),
            responses=documents.responses(200, shapes.Explanation, 404, 422, 503),
        )
    return router


async def _explain(parts: Parts, saga_id: str, request: Request, *, orders: bool) -> Response:
    known_text("order_id" if orders else "saga_id", saga_id)
    token = token_of(request, saga_id)
    missed = await caught_up(parts, token)
    rows = await run_in_threadpool(parts.read_model.events, saga_id)
    find = partial(look, token=None, orders=True) if orders else partial(look_at_any, token=None)
    seen = await run_in_threadpool(find, parts, saga_id)
    refused = None
    if not rows and seen.submission is not None:
        refused = await run_in_threadpool(_refusal, parts, saga_id)
    explained = explanation(saga_id, seen, rows, parts.now_ms(), missed or seen.staleness, refused)
    return answer(explained)


def _refusal(parts: Parts, saga_id: str) -> Row | None:
    """Return the newest dead letter of a saga that has not begun: its request could not be used. Blocks."""
    found = letters.page(parts.read_model, letters.Wanted(1, saga_id=saga_id))
    return found[0] if found and found[0]["state"] != _AGAIN else None


def explanation(
    saga_id: str,
    seen: Seen,
    rows: Sequence[Mapping[str, Any]],
    now_ms: int,
    staleness: Staleness,
    refused: Row | None = None,
) -> dict[str, Any]:
    """Return why a saga is where it is; `refused` is the dead letter of the request for one that has not begun."""
    way = standing(rows).way
    open_ = list(waits(rows).values())
    if refused is not None:
        way, open_ = (way, [_set_aside(refused)]) if refused["state"] == _OPEN else (Way.ENDED, [])
    elif not rows and seen.submission is not None:
        open_ = [_start(seen.submission.created_at_ms)]
    row = seen.row or {}
    return {
        "saga_id": saga_id,
        "state": {"lifecycle": row.get("lifecycle", "pending"), "status": row.get("status", "RUNNING")},
        "reason": row.get("reason"),
        "way": way.value,
        "summary": _BLOCKED.get(staleness.because or "", "") + _summary(way, open_),
        "waits": [_view(wait, now_ms) for wait in open_],
        "refused": _refused(rows),
        **freshness_fields(staleness),
    }


def _refused(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return what was asked of the saga and refused, the last few; a request that came again was not."""
    heard = {row["cause"] for row in rows if row["type"] != "InputIgnored"}
    refused = [row for row in rows if row["type"] == "InputIgnored" and row["cause"] not in heard]
    told = [(row, orjson.loads(row["detail"])) for row in refused[-_MOST_REFUSED:]]
    return [{"at": rfc3339(row["at_ms"])} | {name: detail.get(name) for name in _OF_A_REFUSAL} for row, detail in told]


def _start(since_ms: int) -> Wait:
    what = "an orchestrator to take it up"
    return Wait(For.START, "", False, 0, since_ms, None, None, what, "it begins as soon as one does")


def _set_aside(letter: Row) -> Wait:
    what = f"somebody to decide about dead letter {letter['id']}, its request, which no orchestrator could use"
    cause = f"{letter['code']}: {letter['detail']}"
    then = f"that is {cause}; redriven it is tried again, resolved it never begins"
    return Wait(For.RECORD, "", False, 0, letter["at_ms"], None, cause, what, then)


def _summary(way: Way, open_: Sequence[Wait]) -> str:
    if not open_:
        return "It has ended." if way is Way.ENDED else f"It {way} and waits for nothing: its next event is on its way."
    told = [f"{_named(wait)} waits since {rfc3339(wait.since_ms)} for {wait.what}; {wait.next}" for wait in open_]
    return f"It {way}. " + ". ".join(told) + "."


def _named(wait: Wait) -> str:
    if wait.kind in (For.RECORD, For.START):
        return "It"
    return f"The compensation of {wait.step}" if wait.undo else f"Step {wait.step}"


def _view(wait: Wait, now_ms: int) -> dict[str, Any]:
    return {
        "kind": wait.kind.value,
        "step": wait.step or None,
        "undo": wait.undo,
        "attempt": wait.attempt + 1,
        "since": rfc3339(wait.since_ms),
        "for_s": max(0, now_ms - wait.since_ms) / 1000,
        "until": None if wait.until_ms is None else rfc3339(wait.until_ms),
        "cause": wait.cause,
        "what": wait.what,
        "next": wait.next,
        "signals": wait.signals,
    }
