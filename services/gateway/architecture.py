"""POST /v1/architecture: requirements in, a design document out, or the refusal; nothing is stored or deployed."""

from __future__ import annotations

import asyncio
import logging

from fastapi import APIRouter, Request
from fastapi.responses import Response
from starlette.concurrency import run_in_threadpool

from architect.design import Design, Refused, design
from architect.faults import BadRequirements
from architect.reading import FORMS, LONGEST_TEXT
from services.gateway import documents
from services.gateway.fields import FieldError
from services.gateway.parts import Parts, read_json
from services.gateway.problems import MEDIA_TYPE, Problem

_log = logging.getLogger(__name__)
MOST_WAITING = 16
"""Requests that wait for their design; one more is sent away."""
_MARKDOWN = "text/markdown"
_JSON = "application/json"


def routes(_parts: Parts) -> APIRouter:
    """Return the route that designs."""
    router = APIRouter()
    desk = _Desk()

    async def architecture(request: Request) -> Response:
        document = await read_json(request)
        try:
            found = await desk.design(document)
        except BadRequirements as fault:
            wrong = FieldError(fault.field, f"{fault.problem}; {fault.remedy}")
            raise Problem("invalid-requirements", str(fault), [wrong]) from fault
        if isinstance(found, Refused):
            _log.info("requirements refused: %s", found.rule)
            return Response(found.body, 422, media_type=_JSON)
        if prefers_json(request.headers.get("accept", "")):
            return Response(found.json, media_type=_JSON)
        return Response(found.markdown, media_type=_MARKDOWN)

    router.add_api_route(
        "/v1/architecture",
        architecture,
        methods=["POST"],
        response_class=Response,
        summary="Design a saga from requirements",
        openapi_extra=_BODY,
        responses=documents.problem_answers() | _ANSWERS,
    )
    return router


class _Desk:
    """Makes one design at a time: a long text takes a second of a processor that takes orders, too."""

    def __init__(self) -> None:
        self._turn = asyncio.Semaphore(1)
        self._waiting = 0

    async def design(self, document: object) -> Design | Refused:
        """Return the answer to requirements. Raises BadRequirements, Problem."""
        if self._waiting >= MOST_WAITING:
            raise Problem("too-many-designs", "repeat the request later", retry_after_s=1)
        self._waiting += 1
        try:
            async with self._turn:
                return await run_in_threadpool(design, document)
        finally:
            self._waiting -= 1


def prefers_json(accept: str) -> bool:
    """Tell whether a client asks for JSON rather than Markdown, which everybody else gets."""
    return _rank(accept, _JSON) > _rank(accept, _MARKDOWN)


def _rank(accept: str, media_type: str) -> tuple[float, int]:
    """Return the weight of a media type in an Accept header, and how exactly it is named."""
    kind = media_type.split("/", 1)[0]
    best = (0.0, -1)
    for entry in accept.split(","):
        name, *parameters = (part.strip().lower() for part in entry.split(";"))
        exactness = {media_type: 2, f"{kind}/*": 1, "*/*": 0}.get(name)
        if exactness is None:
            continue
        best = max(best, (_weight(parameters), exactness))
    return best


def _weight(parameters: list[str]) -> float:
    for parameter in parameters:
        if parameter.startswith("q="):
            try:
                return float(parameter[2:])
            except ValueError:
                return 0.0
    return 1.0


def _texts(names: tuple[str, ...]) -> dict[str, object]:
    fields = {name: {"type": "string", "minLength": 1, "maxLength": LONGEST_TEXT} for name in names}
    return {"type": "object", "required": list(names), "properties": fields}


_STRUCTURED: dict[str, object] = {
    "type": "object",
    "required": ["steps"],
    "properties": {"steps": {"type": "array", "minItems": 1, "maxItems": 200}},
}
_BODY: dict[str, object] = {
    "requestBody": {
        "required": True,
        "content": {_JSON: {"schema": {"anyOf": [*(_texts(form) for form in FORMS), _STRUCTURED]}}},
    }
}
_PROBLEM: dict[str, object] = {"description": "Problem details", "content": {MEDIA_TYPE: {}}}
_ANSWERS: dict[int | str, dict[str, object]] = {
    200: {"description": "The design", "content": {_MARKDOWN: {}, _JSON: {}}},
    400: _PROBLEM,
    413: _PROBLEM,
    415: _PROBLEM,
    503: _PROBLEM,
    422: {"description": "The guarantees contradict each other", "content": {_JSON: {}}},
}
