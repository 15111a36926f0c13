"""GET /v1/reports/daily/{date}: what a day of orders added up to."""

from __future__ import annotations

import orjson
from fastapi import APIRouter
from fastapi.responses import Response

from schemas.cloudevents import rfc3339
from services.gateway import documents
from services.gateway.answering import answer
from services.gateway.parts import Parts, known_text
from services.gateway.problems import Problem
from services.gateway.reading import shapes
from services.gateway.reading.looking import freshness_fields


def routes(parts: Parts) -> APIRouter:
    """Return the route that shows reports; it blocks, so it runs on a thread."""
    router = APIRouter()

    def show_report(date: str) -> Response:
        known_text("date", date)
        row = parts.read_model.report(date)
        if row is None:
            raise Problem("unknown-report", f"no report of {date}: it is made after the end of the day, in UTC")
        fresh = freshness_fields(parts.freshness.now())
        about = {"saga_id": row["saga_id"], "made_at": rfc3339(row["at_ms"]), **fresh}
        return answer({**orjson.loads(row["report"]), **about})

    router.add_api_route(
        "/v1/reports/daily/{date}",
        show_report,
        methods=["GET"],
        response_class=Response,
        summary="Show the report of a UTC day",
        responses=documents.responses(200, shapes.DailyReport, 404, 422, 503),
    )
    return router
