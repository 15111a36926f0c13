"""GET /v1/stats/failures: how many orders failed at which step on a UTC day, and because of what."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Query
from fastapi.responses import Response
from pydantic import BeforeValidator

from services.gateway import documents
from services.gateway.answering import answer
from services.gateway.parts import Parts, known_text
from services.gateway.reading import queries, shapes
from services.gateway.reading.looking import freshness_fields

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")


def routes(parts: Parts) -> APIRouter:
    """Return the route; it blocks, so it runs on a thread."""
    router = APIRouter()

    def show_failures(
        step: Annotated[str | None, Query(max_length=255)] = None,
        day: Annotated[date | None, BeforeValidator(_written), Query(alias="date")] = None,
    ) -> Response:
        known_text("step", step)
        asked = day or datetime.fromtimestamp(parts.now_ms() / 1000, UTC).date()
        return answer(_statistics(parts, asked, step))

    router.add_api_route(
        "/v1/stats/failures",
        show_failures,
        methods=["GET"],
        response_class=Response,
        summary="Count the orders of which steps failed for good on a UTC day; today without a date",
        responses=documents.responses(200, shapes.FailureStatistics, 422, 503),
    )
    return router


def _written(value: str | None) -> str | None:
    """Return a date as it was written. Raises ValueError for a number, which would be taken for seconds since 1970."""
    if value is not None and not _DATE.fullmatch(value):
        raise ValueError("must be a date such as 2026-11-20")
    return value


def _statistics(parts: Parts, day: date, step: str | None) -> dict[str, Any]:
    start = datetime(day.year, day.month, day.day, tzinfo=UTC)
    start_ms = int(start.timestamp() * 1000)
    rows = queries.failures(parts.read_model, start_ms, start_ms + int(timedelta(days=1).total_seconds()) * 1000)
    orders: defaultdict[str, set[str]] = defaultdict(set)
    codes: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for row in rows:
        detail = orjson.loads(row["detail"])
        if not detail["final"] or detail["undo"] or step not in (None, row["step"]):
            continue
        orders[row["step"]].add(row["saga_id"])
        codes[row["step"]][detail["code"]] += 1
    return {
        "date": day.isoformat(),
        "zone": "UTC",
        "step": step,
        "orders": len(set().union(*orders.values())),
        "steps": {
            name: {"orders": len(ids), "failures": codes[name].total(), "codes": dict(codes[name])}
            for name, ids in sorted(orders.items())
        },
        **freshness_fields(parts.freshness.now()),
    }
