"""GET /v1/read-model: how far the read model is behind what happened."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from fastapi.responses import Response

from services.gateway import documents
from services.gateway.answering import answer
from services.gateway.parts import Parts
from services.gateway.reading import shapes
from services.gateway.reading.freshness import Lag, Staleness
from services.gateway.reading.looking import freshness_fields


def routes(parts: Parts) -> APIRouter:
    """Return the route."""
    router = APIRouter()

    async def show_read_model() -> Response:
        return answer(status(parts.freshness.now()))

    router.add_api_route(
        "/v1/read-model",
        show_read_model,
        methods=["GET"],
        response_class=Response,
        summary="Show how far the read model is behind",
        responses=documents.responses(200, shapes.ReadModelStatus),
    )
    return router


def status(staleness: Staleness) -> dict[str, Any]:
    """Return the lag, partition by partition and in all; null where Kafka does not say where a partition ends."""
    lags = {one.partition: _lag(one) for one in staleness.lags}
    return {
        "lag": {"records": records_behind(staleness), "seconds": staleness.age_ms / 1000},
        "partitions": [
            {"partition": one.partition, "position": one.position, "end": one.end, "lag": lags[one.partition]}
            for one in staleness.lags
        ],
        **freshness_fields(staleness),
    }


def records_behind(staleness: Staleness) -> int | None:
    """Return how many offsets of all partitions are not projected; None where one partition's end is not known."""
    lags = [_lag(one) for one in staleness.lags]
    known = [lag for lag in lags if lag is not None]
    return sum(known) if len(known) == len(lags) else None


def _lag(one: Lag) -> int | None:
    return None if one.end is None else max(0, one.end - one.position)
