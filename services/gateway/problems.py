"""Problem details (RFC 9457): every error of the gateway, with a stable type."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import orjson
from fastapi import Request
from fastapi.responses import Response

from services.gateway.fields import FieldError

MEDIA_TYPE = "application/problem+json"
_UNAUTHORIZED = 401
_CHALLENGE = 'Bearer realm="sagaline"'
TITLES = {
    "invalid-http": (400, "The request is no HTTP"),
    "invalid-json": (400, "The body is not JSON"),
    "missing-idempotency-key": (400, "The Idempotency-Key header is missing or unusable"),
    "invalid-requirements": (400, "The requirements cannot be designed for"),
    "unauthenticated": (401, "The request has no good credentials"),
    "signature-refused": (401, "The request is not signed as it must be"),
    "forbidden": (403, "The credentials are not good for this"),
    "rate-limited": (429, "The client asks for too much at once"),
    "uri-too-long": (414, "The address is too long"),
    "headers-too-large": (431, "The headers are too large"),
    "too-many-designs": (503, "Too many requests wait for a design"),
    "invalid-request": (422, "Some fields are not as they should be"),
    "idempotency-key-reused": (422, "The Idempotency-Key came with another body before"),
    "idempotency-key-expired": (422, "The Idempotency-Key is too old to be used again"),
    "precondition-failed": (412, "The state is not the one that If-Match names"),
    "too-many-streams": (503, "Too many orders are watched"),
    "request-in-progress": (409, "The same request is being worked on"),
    "not-awaiting-approval": (409, "It does not wait for an approval"),
    "several-approvals": (409, "Several steps wait for an approval"),
    "already-ended": (409, "The order has ended"),
    "saga-ended": (409, "The saga has ended, is being undone, or only goes forward"),
    "dead-letter-closed": (409, "Somebody decided about that dead letter"),
    "behind-another": (409, "The saga waits for another record first"),
    "not-redrivable": (409, "That dead letter cannot be redriven"),
    "not-waiting": (409, "That waits for no person"),
    "unknown-order": (404, "There is no such order"),
    "unknown-saga": (404, "There is no such saga"),
    "unknown-dead-letter": (404, "There is no such dead letter"),
    "unknown-definition": (404, "There is no such definition, or no such version of it"),
    "invalid-definition": (422, "The definition cannot be deployed as it is"),
    "version-taken": (409, "Another document is deployed under that version"),
    "not-deployed": (503, "Kafka did not confirm the deployment in time"),
    "unknown-schema": (404, "There is no such schema"),
    "unknown-report": (404, "There is no report of that day"),
    "not-found": (404, "There is nothing here"),
    "method-not-allowed": (405, "The method is not allowed here"),
    "unsupported-media-type": (415, "The body is declared to be something else than is read here"),
    "too-large": (413, "The request is too large"),
    "kafka-unavailable": (503, "Kafka did not confirm the request in time"),
    "overloaded": (503, "Too many requests are waiting for Kafka"),
    "internal-error": (500, "The request met a bug"),
    "database-unavailable": (503, "The database did not answer"),
}
"""Status and title of every problem, by the last part of its type; docs/problems.md says what to do about each."""


class Problem(Exception):
    """A request that gets no result. `name` is the last part of the problem's type and one of the known ones."""

    def __init__(
        self,
        name: str,
        detail: str,
        errors: Sequence[FieldError] = (),
        retry_after_s: int | None = None,
        headers: Mapping[str, str] | None = None,
        **more: Any,
    ) -> None:
        super().__init__(detail)
        self.status, self.title = TITLES[name]
        self.name = name
        self.detail = detail
        self.errors = errors
        self.retry_after_s = retry_after_s
        self.headers = headers or {}
        self.more = more

    def response(self) -> Response:
        """Return the problem as an HTTP response."""
        body: dict[str, Any] = {
            "type": f"/problems/{self.name}",
            "title": self.title,
            "status": self.status,
            "detail": self.detail,
            "errors": [{"field": error.field, "message": error.message} for error in self.errors],
            **self.more,
        }
        headers = dict(self.headers)
        if self.retry_after_s is not None:
            headers["Retry-After"] = str(self.retry_after_s)
        if self.status == _UNAUTHORIZED:
            headers["WWW-Authenticate"] = _CHALLENGE
        return Response(orjson.dumps(body), self.status, headers, MEDIA_TYPE)


def invalid(errors: Sequence[FieldError]) -> Problem:
    """Return the problem of a form with faults; its detail names the first three."""
    return Problem("invalid-request", "; ".join(f"{e.field} {e.message}" for e in errors[:3]), errors)


def check_fields(errors: Sequence[FieldError]) -> None:
    """Raise Problem where a form has faults."""
    if errors:
        raise invalid(errors)


async def answer_problem(_request: Request, error: Exception) -> Response:
    """Answer a Problem that a route raised."""
    assert isinstance(error, Problem)
    return error.response()
