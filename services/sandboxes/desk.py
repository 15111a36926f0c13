"""The front desk every sandbox shares: reads requests, applies conduct, answers after the commit."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, assert_never

import orjson
from aiohttp import web

from services.sandboxes.calls import Call, CallLog
from services.sandboxes.conduct import Broken, Conduct, Late, Ordinary, Refused, Silent
from services.sandboxes.faults import Faults, InvalidRule
from services.sandboxes.ledger import Answer, Ledger, refusal

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
Route = tuple[str, str, Handler]
"""Method, path and handler."""

_SILENCE_S = 600.0
_SILENCE_CHECK_S = 0.25


class BadRequest(Exception):
    """The request cannot be served; carries the answer."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.answer = refusal(status, code, message)


def respond(answer: Answer) -> web.Response:
    """Return the answer as an HTTP response."""
    return web.Response(status=answer.status, body=answer.body, content_type="application/json")


def shown(document: object, status: int = 200) -> web.Response:
    """Return a document as an HTTP response."""
    return respond(Answer(status, orjson.dumps(document)))


def fingerprint(document: object) -> bytes:
    """Return 16 bytes that are equal for equal JSON documents, whatever the order of their fields."""
    return hashlib.blake2b(orjson.dumps(document, option=orjson.OPT_SORT_KEYS), digest_size=16).digest()


def number_from(key: str, digits: int) -> str:
    """Return decimal digits that follow from the key alone."""
    return str(int.from_bytes(hashlib.blake2b(key.encode(), digest_size=16).digest(), "big"))[:digits].zfill(digits)


async def read_object(request: web.Request) -> dict[str, Any]:
    """Return the JSON object in the body. Raises BadRequest."""
    try:
        document = orjson.loads(await request.read())
    except orjson.JSONDecodeError as error:
        raise BadRequest(400, "invalid_json", str(error)) from error
    if not isinstance(document, dict):
        raise BadRequest(400, "invalid_json", "the body must be a JSON object")
    return document


def text(document: Mapping[str, Any], name: str) -> str:
    """Return a field that must be a text with something in it. Raises BadRequest."""
    value = document.get(name)
    if not isinstance(value, str) or not value:
        raise BadRequest(422, "invalid_request", f"{name} must be a text")
    return value


def positive(document: Mapping[str, Any], name: str) -> int:
    """Return a field that must be a whole number over zero. Raises BadRequest."""
    value = document.get(name)
    if isinstance(value, bool) or not isinstance(value, int) or value <= 0:
        raise BadRequest(422, "invalid_request", f"{name} must be a whole number over zero")
    return value


def idempotency_key(request: web.Request) -> str:
    """Return the key of a request that acts. Raises BadRequest."""
    key = request.headers.get("Idempotency-Key", "")
    if not 0 < len(key) <= 255:
        raise BadRequest(400, "missing_key", "Idempotency-Key must have 1 to 255 characters")
    return key


def order_of(key: str) -> str:
    """Return the order an idempotency key speaks of: keys start with the saga id."""
    return key.partition(":")[0]


class Desk:
    """Applies conduct to requests of one sandbox; knows nothing of what the provider does."""

    def __init__(self, ledger: Ledger, operations: frozenset[str], now_ms: Callable[[], int]) -> None:
        self.ledger = ledger
        self.now_ms = now_ms
        self.calls = CallLog(ledger, now_ms)
        self.faults = Faults(ledger, operations)

    async def scripted(self, operation: str, subject: Mapping[str, str]) -> Conduct | None:
        """Return what a fault script demands for the request, having waited where it only demands a delay."""
        taken = self.faults.take(operation, [subject])
        if taken is None:
            return None
        conduct, _ = taken
        if isinstance(conduct, Late):
            await asyncio.sleep(conduct.delay_ms / 1000)
            return None
        return conduct

    async def serve(
        self,
        request: web.Request,
        call: Call,
        conduct: Conduct,
        act: Callable[[], Answer],
        refuse: Callable[[Refused], Answer],
    ) -> web.Response:
        """Let the request have its effect as the conduct says and answer it once the ledger is durable."""
        match conduct:
            case Ordinary():
                answer = act()
            case Late(delay_ms):
                await asyncio.sleep(delay_ms / 1000)
                answer = act()
            case Broken(status, code):
                answer = refusal(status, code, "the provider is in trouble")
            case Refused():
                answer = refuse(conduct)
            case Silent(acts):
                if acts:
                    act()
                    await self.ledger.durable()
                return await _silence(request)
            case _:
                assert_never(conduct)
        return await self.answer(call, answer)

    async def answer(self, call: Call, answer: Answer) -> web.Response:
        """Answer when everything the answer rests on is committed."""
        await self.ledger.durable()
        call.status = answer.status
        return respond(answer)

    def routes(self) -> list[Route]:
        """Return the routes every sandbox has: health, calls and fault scripts."""
        return [
            ("GET", "/healthz", self._health),
            ("GET", "/v1/calls", self._calls),
            ("GET", "/v1/faults", self._faults),
            ("POST", "/v1/faults", self._add_fault),
            ("DELETE", "/v1/faults", self._clear_faults),
        ]

    async def _health(self, _request: web.Request) -> web.Response:
        return shown({"status": "ok"})

    async def _calls(self, request: web.Request) -> web.Response:
        return shown(self.calls.shown(request.query.get("key")))

    async def _faults(self, _request: web.Request) -> web.Response:
        return shown({"faults": self.faults.all()})

    async def _add_fault(self, request: web.Request) -> web.Response:
        try:
            rule = self.faults.add(await read_object(request))
        except InvalidRule as error:
            raise BadRequest(422, "invalid_rule", str(error)) from error
        await self.ledger.durable()
        return shown(rule, 201)

    async def _clear_faults(self, _request: web.Request) -> web.Response:
        self.faults.clear()
        await self.ledger.durable()
        return shown({"faults": []})


async def _silence(request: web.Request) -> web.Response:
    """Answer nothing until the caller hangs up, or hang up on a caller that waits beyond all reason."""
    waited = 0.0
    while waited < _SILENCE_S and request.transport is not None and not request.transport.is_closing():
        await asyncio.sleep(_SILENCE_CHECK_S)
        waited += _SILENCE_CHECK_S
    if request.transport is not None:
        request.transport.abort()
    return web.Response(status=504)
