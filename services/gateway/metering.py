"""What the gateway is asked and answers, counted by one middleware, and its metrics made of it at each scrape."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from fastapi import APIRouter
from fastapi.responses import Response
from prometheus_client import CONTENT_TYPE_PLAIN_0_0_4, generate_latest
from prometheus_client.core import Metric
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.gateway import documents
from streams.metrics import Histogram, Read, bounded, count, counter, gauge, histograms, registry_of

_UNMATCHED = "unmatched"
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


def routes(counts: RequestCounts) -> APIRouter:
    """Return the route of the metrics, the same as on the port of METRICS_PORT; it computes, so it runs on a thread."""
    router = APIRouter()
    registry = registry_of(counts.read)

    def show_metrics() -> Response:
        return Response(generate_latest(registry), media_type=CONTENT_TYPE_PLAIN_0_0_4)

    router.add_api_route(
        "/metrics",
        show_metrics,
        methods=["GET"],
        response_class=Response,
        summary="Show the metrics, for Prometheus",
        responses=documents.problem_answers(),
    )
    return router


@dataclass(slots=True)
class RequestCounts:
    """Counts since the start of the process; written on the event loop's thread."""

    took: dict[tuple[str, str, int], Histogram] = field(default_factory=lambda: defaultdict(Histogram))
    duplicates: int = 0
    in_hand: int = 0
    fill: Callable[[], Fill] | None = None
    """Tells how full the buffers are, where the composition root has some."""
    others: tuple[Read, ...] = ()
    """What other parts of the process tell of themselves."""

    def read(self) -> Iterator[Metric]:
        """Yield the metrics of requests."""
        yield histograms(
            "http_request_duration_seconds",
            "Time from a request to the first of its answer, by route and status",
            (
                ({"method": method, "route": route, "status": str(status)}, one)
                for (method, route, status), one in sorted(self.took.copy().items())
            ),
        )
        by_status: dict[tuple[str, str], int] = defaultdict(int)
        for (_, route, status), one in self.took.copy().items():
            by_status[route, str(status)] += one.observed
        requests = (({"route": route, "status": status}, value) for (route, status), value in sorted(by_status.items()))
        yield counter("http_requests", "Requests answered, by route and status", requests)
        yield gauge("http_requests_in_hand", "Requests that have no answer yet", self.in_hand)
        about = "Requests answered as before because their idempotency key was known: nothing was written for them"
        yield count("duplicates_filtered", about, self.duplicates)
        if self.fill is not None:
            yield from self.fill().read()
        for read in self.others:
            yield from read()


@dataclass(frozen=True, slots=True)
class Fill:
    """How full the gateway's buffers are, each beside its bound."""

    records: int
    records_limit: int
    submissions: int
    submissions_limit: int

    def read(self) -> Iterable[Metric]:
        """Yield the metrics of the buffers."""
        about = "Records that wait for Kafka's confirmation"
        yield from bounded("gateway_records_in_flight", about, self.records, self.records_limit)
        about = "Submissions that wait for the database"
        yield from bounded("gateway_submissions_waiting", about, self.submissions, self.submissions_limit)


class Meter:
    """The application behind its meter. `template_of` tells the route of a method and a path, None where none is."""

    def __init__(self, app: ASGIApp, counts: RequestCounts, template_of: Callable[[str, str], str | None]) -> None:
        self._app = app
        self._counts = counts
        self._template_of = template_of

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Count a request and the time until its answer begins."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        counts, began = self._counts, time.perf_counter()

        async def counted(message: Message) -> None:
            if message["type"] == "http.response.start":
                took_ms = (time.perf_counter() - began) * 1_000
                counts.took[_method(scope), self._route(scope), message["status"]].observe(took_ms)
            await send(message)

        counts.in_hand += 1
        try:
            await self._app(scope, receive, counted)
        finally:
            counts.in_hand -= 1

    def _route(self, scope: Scope) -> str:
        """Return the template of the route, never the address itself: those are without end.

        What is refused before it is routed counts as the route that it was meant for.
        """
        routed: str | None = getattr(scope.get("route"), "path", None)
        return routed or self._template_of(scope["method"], scope["path"]) or _UNMATCHED


def _method(scope: Scope) -> str:
    """Return the method; one that a client made up is none, or it could make metrics without end."""
    method: str = scope["method"]
    return method if method in _METHODS else _UNMATCHED
