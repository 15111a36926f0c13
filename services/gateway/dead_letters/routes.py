"""GET /v1/dead-letters, and what a person decides about one: redrive, resolve."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import Response

from services.gateway import documents
from services.gateway.answering import answer
from services.gateway.dead_letters import forms, reading
from services.gateway.dead_letters.acting import REDRIVE, RESOLVE, Deed, Tell, carry_out, planned
from services.gateway.dead_letters.views import decoded, letter_view, whole_view
from services.gateway.fields import FieldError, Fields
from services.gateway.inputs import traceparent
from services.gateway.instructing import key_of
from services.gateway.parts import Parts, begins_after, known_text, read_json
from services.gateway.problems import Problem, check_fields
from services.gateway.reading import tokens

_PATH = "/v1/dead-letters"
_FIELDS = {REDRIVE: frozenset({"actor", "reason", "dry_run"}), RESOLVE: frozenset({"actor", "reason"})}
_PROBLEMS = (400, 404, 409, 413, 415, 422, 503)


def routes(parts: Parts) -> APIRouter:
    """Return the routes of dead letters; those that show block, so they run on threads."""
    router = APIRouter()

    def list_letters(
        saga_id: str | None = None,
        code: str | None = None,
        state: str | None = None,
        limit: Annotated[int, Query(ge=1, le=200)] = 50,
        cursor: str | None = None,
    ) -> Response:
        return answer(_page(parts, limit, saga_id, code, state, cursor))

    def show_letter(letter_id: str) -> Response:
        return answer(_shown(parts, letter_id))

    async def redrive_letter(letter_id: str, request: Request) -> Response:
        return await _decide(parts, letter_id, REDRIVE, request)

    async def resolve_letter(letter_id: str, request: Request) -> Response:
        return await _decide(parts, letter_id, RESOLVE, request)

    shown: tuple[tuple[str, Any, str, Any, tuple[int, ...]], ...] = (
        (_PATH, list_letters, "List dead letters, newest first", forms.DeadLetterPage, (422, 503)),
        (f"{_PATH}/{{letter_id}}", show_letter, "Show a dead letter", forms.WholeDeadLetter, (404, 422, 503)),
    )
    for path, handler, summary, shape, problems in shown:
        answers = documents.responses(200, shape, *problems)
        router.add_api_route(
            path, handler, methods=["GET"], response_class=Response, summary=summary, responses=answers
        )
    done: tuple[tuple[str, Any, str, Any], ...] = (
        (REDRIVE, redrive_letter, "Have what a dead letter is about tried again", forms.RedriveForm),
        (RESOLVE, resolve_letter, "Close a dead letter without what it is about", forms.ResolveForm),
    )
    for action, handler, summary, form in done:
        answers = documents.responses(202, forms.LetterTaken, *_PROBLEMS)
        if action == REDRIVE:
            answers |= documents.responses(200, forms.DryRun)
        router.add_api_route(
            f"{_PATH}/{{letter_id}}/{action}",
            handler,
            methods=["POST"],
            status_code=202,
            response_class=Response,
            summary=summary,
            openapi_extra=documents.body(form, key_required=False),
            responses=answers,
        )
    return router


def _page(
    parts: Parts, limit: int, saga_id: str | None, code: str | None, state: str | None, cursor: str | None
) -> dict[str, object]:
    before = begins_after(cursor, reading.read_cursor)
    if state is not None and state not in reading.STATES:
        message = f"must be one of {', '.join(sorted(reading.STATES))}"
        raise Problem("invalid-request", f"state {message}", [FieldError("state", message)])
    saga_id, code = known_text("saga_id", saga_id), known_text("code", code)
    rows = reading.page(parts.read_model, reading.Wanted(limit, saga_id, code, state, before))
    return {
        "dead_letters": [letter_view(row) for row in rows],
        "next_cursor": reading.cursor_of(rows[-1]) if len(rows) == limit else None,
    }


def _found(parts: Parts, letter_id: str) -> Mapping[str, Any]:
    """Return the row of a letter. Blocks; raises Problem."""
    known_text("letter_id", letter_id)
    row = reading.find(parts.read_model, letter_id)
    if row is None:
        raise Problem("unknown-dead-letter", f"no dead letter {letter_id}")
    return row


def _shown(parts: Parts, letter_id: str) -> dict[str, Any]:
    row = _found(parts, letter_id)
    saga_id = row["saga_id"]
    queue = [] if saga_id is None else reading.queue_of(parts.read_model.events(saga_id))
    return whole_view(parts.codec, row, queue, reading.of_saga(parts.read_model, saga_id) if queue else {})


async def _decide(parts: Parts, letter_id: str, action: str, request: Request) -> Response:
    errors: list[FieldError] = []
    document = await read_json(request)
    form = Fields(document, errors, "", _FIELDS[action])
    actor, reason = form.text("actor", 128), form.text("reason", 512, required=action == RESOLVE)
    dry_run = document.get("dry_run", False) if isinstance(document, dict) else False
    if not isinstance(dry_run, bool):
        form.wrong("dry_run", "must be true or false")
    check_fields(errors)
    key = key_of(request) or parts.new_id()
    deed = Deed(action, actor, reason, key, traceparent(request.headers.get("traceparent"), parts.new_traceparent()))
    row = await run_in_threadpool(_found, parts, letter_id)
    plan = await run_in_threadpool(planned, parts, row, deed)
    if dry_run:
        return answer(await run_in_threadpool(_dry_run, parts, row, plan.would))
    await carry_out(parts, row, deed, plan)
    url = f"{_PATH}/{letter_id}"
    taken = {"id": letter_id, "action": action, "would": plan.would, "status_url": url}
    headers = {"Location": url, "Retry-After": "1"}
    if isinstance(plan, Tell):
        headers[tokens.HEADER] = tokens.written(tokens.Token(*plan.asking[:3]))
    return answer(taken, 202, headers)


def _dry_run(parts: Parts, row: Mapping[str, Any], would: str) -> dict[str, Any]:
    """Return what a redrive would come to. Blocks."""
    message, why_not = decoded(parts.codec, row)
    saga_id, model = row["saga_id"], parts.read_model
    saga = None if saga_id is None else model.order(saga_id) or model.saga(saga_id)
    if row["parked"] and message is None:
        would = f"the record still cannot be read, so that it stays where it is: {why_not}"
    return {
        "id": row["id"],
        "action": REDRIVE,
        "dry_run": True,
        "would": would,
        "decodable": message is not None,
        "undecodable": why_not,
        "saga": None if saga is None else {"saga_id": saga_id, **{n: saga[n] for n in ("lifecycle", "status")}},
        "waiting": 0 if saga_id is None else len(reading.queue_of(model.events(saga_id))),
    }
