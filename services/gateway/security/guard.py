"""Stands before every route: sizes, credentials, scopes, limits, ownership and signatures, in this order."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.gateway import media
from services.gateway.parts import MAX_BODY_BYTES, header_values, known_text, read_body
from services.gateway.problems import Problem
from services.gateway.read_model import ReadModelUnavailable
from services.gateway.security import identity as identities
from services.gateway.security.access import AccessTable, Found, Kind, Rule
from services.gateway.security.edge import Security
from services.gateway.security.identity import NOBODY, Identity
from services.gateway.security.seen_messages import NotRemembered
from services.gateway.submissions import Unavailable
from services.signatures import NotSigned, read_headers, verify

MAX_URL_BYTES = 8_192
MAX_HEADER_BYTES = 16_384
_log = logging.getLogger(__name__)
_CLOSE = {"Connection": "close"}
"""Nobody waits for a body that is not wanted."""
_DECLARING = frozenset({b"content-type", b"content-encoding"})
_NO_RULE = Rule(frozenset({identities.Scope.ADMIN}))


class Guard:
    """The application behind its guard. `owner` returns the customer of an order, None without one; it blocks."""

    def __init__(
        self, app: ASGIApp, security: Security, now_ms: Callable[[], int], owner: Callable[[str], str | None]
    ) -> None:
        self._app = app
        self._security = security
        self._now_ms = now_ms
        self._owner = owner
        self._table = AccessTable()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through to the application, or answer it with a problem."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        try:
            await self._guarded(scope, receive, send)
        except Problem as problem:
            await problem.response()(scope, receive, send)

    async def _guarded(self, scope: Scope, receive: Receive, send: Send) -> None:
        _check_head(scope)
        found = self._table.find(scope["method"], scope["path"])
        if found is not None and found.rule is not None and found.rule.scopes is None:
            identities.mark(scope, NOBODY, acts=False)
            await self._app(scope, receive, send)
            return
        identity = self._authenticated(scope)
        wait_s = self._security.limits.enter(identity.client, identity.rate_per_s)
        if wait_s is not None:
            raise Problem("rate-limited", "this client asks for more than it may", retry_after_s=wait_s)
        try:
            receive = await self._admitted(scope, receive, identity, found)
            await self._app(scope, receive, send)
        finally:
            self._security.limits.leave(identity.client)

    def _authenticated(self, scope: Scope) -> Identity:
        given = header_values(scope, b"authorization")
        identity = self._security.authenticate(given[0] if len(given) == 1 else None, self._now_ms())
        if identity is None:
            detail = "the credentials are not good" if given else "send `Authorization: Bearer` and a key or a token"
            raise Problem("unauthenticated", detail)
        return identity

    async def _admitted(self, scope: Scope, receive: Receive, identity: Identity, found: Found | None) -> Receive:
        """Return where the route reads from, when the identity may use it. Raises Problem."""
        rule = _rule_of(found, identity)
        if not identity.scopes & (rule.scopes or frozenset()):
            raise Problem("forbidden", f"this takes the scope {' or '.join(sorted(rule.scopes or ()))}")
        identities.mark(scope, identity, acts=rule.kind is Kind.ACT)
        if found is not None and found.order_id is not None and identity.confined_to is not None:
            await self._check_owner(found.order_id, identity)
        if rule.kind is Kind.SUBMIT and identity.signing:
            return await self._signed(scope, receive, identity)
        return receive

    async def _check_owner(self, order_id: str, identity: Identity) -> None:
        """Raise the problem of an order that is not there for one that is somebody else's."""
        known_text("order_id", order_id)
        try:
            owner = await run_in_threadpool(self._owner, order_id)
        except (ReadModelUnavailable, Unavailable) as error:
            _log.error("a database did not answer", extra={"why": str(error)})
            raise Problem("database-unavailable", "repeat the request later", retry_after_s=1) from error
        if owner is None or not identity.may_see(owner):
            raise Problem("unknown-order", f"no order {order_id}")

    async def _signed(self, scope: Scope, receive: Receive, identity: Identity) -> Receive:
        """Return the body once more when it is signed as it must be and came for the first time. Raises Problem."""
        body = bytes(await read_body(receive))
        now_ms = self._now_ms()
        try:
            signed = read_headers(_texts(scope))
            verify(identity.signing, signed, body, now_ms / 1000)
        except NotSigned as error:
            raise Problem("signature-refused", str(error)) from error
        try:
            is_new = await run_in_threadpool(self._security.seen.claim, identity.client, signed.message_id, now_ms)
        except NotRemembered as error:
            raise Problem("database-unavailable", "repeat the request later", retry_after_s=1) from error
        if not is_new:
            raise Problem("signature-refused", "a message with this webhook-id came before; sign a repetition anew")
        return _again(body, receive)


def _rule_of(found: Found | None, identity: Identity) -> Rule:
    """Return the rule of a route; administrators alone are told by the application what is not in the table."""
    if found is not None and found.rule is not None:
        return found.rule
    if identities.Scope.ADMIN in identity.scopes:
        return _NO_RULE
    if found is not None:
        allowed = ", ".join(found.methods)
        raise Problem("method-not-allowed", f"the methods here are {allowed}", headers={"Allow": allowed})
    raise Problem("not-found", "Not Found")


def _check_head(scope: Scope) -> None:
    """Note what the body is declared to be. Raises Problem for addresses and headers longer than anybody needs."""
    if len(scope.get("raw_path") or b"") + len(scope["query_string"]) > MAX_URL_BYTES:
        raise Problem("uri-too-long", f"an address may have at most {MAX_URL_BYTES} bytes")
    received = 0
    for name, value in scope["headers"]:
        received += len(name) + len(value)
        if name == b"content-length" and value.isdigit() and int(value[:19]) > MAX_BODY_BYTES:
            raise Problem("too-large", f"a body may have at most {MAX_BODY_BYTES} bytes", headers=_CLOSE)
        if name in _DECLARING and value != media.PLAIN:
            media.note(scope, name, value)
    if received > MAX_HEADER_BYTES:
        raise Problem("headers-too-large", f"headers may have at most {MAX_HEADER_BYTES} bytes")


def _texts(scope: Scope) -> Mapping[str, str]:
    return {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}


def _again(body: bytes, receive: Receive) -> Receive:
    """Return a receiver that gives a body first, and then whatever else comes."""
    waiting: list[dict[str, Any]] = [{"type": "http.request", "body": body, "more_body": False}]

    async def give() -> Message:
        return waiting.pop() if waiting else await receive()

    return give
