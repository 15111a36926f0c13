"""What the routes work with: the parts of a gateway, put together by the composition root."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

import orjson
from fastapi import Request
from starlette.types import Receive

from schemas import topics
from schemas.codec import Codec
from services.deployment import Deployments
from services.gateway.catalogue import Catalogue
from services.gateway.dead_letters.decisions import Decisions
from services.gateway.fields import FieldError
from services.gateway.inputs import Input
from services.gateway.media import JSON, check_declared
from services.gateway.metering import RequestCounts
from services.gateway.outlet import NotConfirmed, Outlet, Overloaded
from services.gateway.problems import Problem
from services.gateway.read_model import ReadModel
from services.gateway.reading.freshness import Freshness
from services.gateway.reading.last_known import LastKnown
from services.gateway.reading.watch import Watch
from services.gateway.security.edge import Security
from services.gateway.security.identity import stamped
from services.gateway.submissions import Submissions
from services.gateway.telemetry import tell_nobody
from services.gateway.vault.keys import VaultAccess

P = TypeVar("P")
SAGAS = "/sagas"
"""What the client's name ends with where it started a saga that is no order: their keys are apart."""
MAX_BODY_BYTES = 131_072
"""Bytes of a body before anything is parsed: a form is longer than the record it becomes."""
_MAX_KEY = 255
_RETRY_S = 1


@dataclass(frozen=True, slots=True)
class Parts:
    """The parts of one gateway. Clock, ids and trace ids are inputs. Without a `catalogue`, prices are the clients'."""

    currencies: frozenset[str]
    codec: Codec
    submissions: Submissions
    outlet: Outlet
    read_model: ReadModel
    deployments: Deployments
    security: Security
    decisions: Decisions
    now_ms: Callable[[], int]
    new_id: Callable[[], str]
    new_traceparent: Callable[[], str]
    freshness: Freshness
    watch: Watch
    catalogue: Catalogue | None = None
    vault: VaultAccess | None = None
    """Without one, personal data stays in the orders."""
    in_flight: set[str] = field(default_factory=set)
    counts: RequestCounts = field(default_factory=RequestCounts)
    last_known: LastKnown = field(default_factory=LastKnown)
    streams: list[str] = field(default_factory=list)
    """The orders whose events are streamed now, one entry for each stream."""
    tell: Callable[[Input], None] = tell_nobody
    """Tells the log of an input that Kafka has confirmed."""


async def read_body(receive: Receive) -> bytearray:
    """Return a body, counted as it comes. Raises Problem."""
    received = bytearray()
    while True:
        message = await receive()
        if message["type"] != "http.request":
            raise Problem("invalid-json", "the client went away before its body was here")
        received += message.get("body", b"")
        if len(received) > MAX_BODY_BYTES:
            raise Problem("too-large", f"a body may have at most {MAX_BODY_BYTES} bytes")
        if not message.get("more_body", False):
            return received


async def read_json(request: Request) -> object:
    """Return the JSON document of a body, `{}` without one; an actor that it names is who asks. Raises Problem."""
    received = await read_body(request.receive)
    if not received:
        return stamped(request.scope, {})
    check_declared(request.scope, JSON)
    try:
        document: object = orjson.loads(received)
    except orjson.JSONDecodeError as error:
        raise Problem("invalid-json", str(error)) from error
    return stamped(request.scope, document)


def header_values(scope: Mapping[str, Any], name: bytes) -> list[str]:
    """Return what was sent under the lower-case name of a header, past the mapping that costs as much as the rest."""
    return [value.decode("latin-1") for sent, value in scope["headers"] if sent == name]


def idempotency_key(request: Request) -> str | None:
    """Return the Idempotency-Key, None without one. Raises Problem for one that cannot be used."""
    keys = header_values(request.scope, b"idempotency-key")
    if not keys:
        return None
    if len(keys) > 1:
        raise Problem("missing-idempotency-key", "a request has one key, not several")
    [key] = keys
    if not 0 < len(key) <= _MAX_KEY or not key.isascii() or not key.isprintable() or not key.strip():
        raise Problem("missing-idempotency-key", f"a key must have 1 to {_MAX_KEY} printable ASCII characters")
    return key


def known_text(field: str, value: str | None) -> str | None:
    """Return a part of an address that may be looked for in a database. Raises Problem."""
    if value is None or (value.isprintable() and len(value) <= _MAX_KEY):
        return value
    message = f"must have at most {_MAX_KEY} printable characters"
    raise Problem("invalid-request", f"{field} {message}", [FieldError(field, message)])


def begins_after(cursor: str | None, read: Callable[[str], P | None]) -> P | None:
    """Return after which place a page begins, None for the first page. Raises Problem for a cursor of somebody else."""
    if cursor is None:
        return None
    place = read(cursor)
    if place is None:
        raise Problem("invalid-request", "the cursor is none of ours", [FieldError("cursor", "is none of ours")])
    return place


async def send(parts: Parts, record: Input) -> None:
    """Write to saga.inputs and wait for the brokers. Raises Problem when nothing can be claimed."""
    try:
        await parts.outlet.send(topics.INPUTS.name, record.key, record.value, record.headers)
    except NotConfirmed as error:
        raise Problem("kafka-unavailable", f"{error}; repeat the same request", retry_after_s=_RETRY_S) from error
    except Overloaded as error:
        raise Problem("overloaded", str(error), retry_after_s=_RETRY_S) from error
    parts.tell(record)
