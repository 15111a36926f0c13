"""/healthz: the process answers; /readyz: Kafka and both databases do."""

from __future__ import annotations

import orjson
from fastapi import APIRouter
from fastapi.responses import Response

from schemas import topics
from services.gateway.outlet import NotConfirmed
from services.gateway.parts import Parts
from services.gateway.read_model import ReadModelUnavailable
from services.gateway.submissions import Unavailable


def routes(parts: Parts) -> APIRouter:
    """Return the health routes."""
    router = APIRouter()

    async def healthz() -> Response:
        return Response(b'{"status":"ok"}', media_type="application/json")

    def readyz() -> Response:
        checks = {"kafka": _kafka(parts), "database": _database(parts), "read_model": _read_model(parts)}
        ready = all(state == "ok" for state in checks.values())
        body = orjson.dumps({"status": "ready" if ready else "not ready", "checks": checks})
        return Response(body, 200 if ready else 503, media_type="application/json")

    router.add_api_route("/healthz", healthz, methods=["GET"], response_class=Response, summary="The process answers")
    router.add_api_route("/readyz", readyz, methods=["GET"], response_class=Response, summary="Orders can be taken")
    return router


def _kafka(parts: Parts) -> str:
    try:
        parts.outlet.check(topics.INPUTS.name)
    except NotConfirmed as error:
        return str(error)
    return "ok"


def _database(parts: Parts) -> str:
    try:
        parts.submissions.check()
    except Unavailable as error:
        return str(error)
    return "ok"


def _read_model(parts: Parts) -> str:
    try:
        parts.read_model.check()
    except ReadModelUnavailable as error:
        return str(error)
    return "ok"
