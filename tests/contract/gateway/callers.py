"""Who calls the gateway in the tests of who may do what, and a gateway that knows them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from services.gateway.security.authentication import Authenticate
from services.gateway.security.identity import Identity, Scope
from services.gateway.security.limits import Limits
from tests.contract.gateway.gate import Answer, Gate, gateway

SECRET = b"s" * 32
CALLERS: Mapping[str, Identity] = {
    "shop": Identity("shop", "shop", frozenset({Scope.CUSTOMER})),
    "ann": Identity("ann", "ann", frozenset({Scope.CUSTOMER}), frozenset({"17850"})),
    "bob": Identity("bob", "bob", frozenset({Scope.CUSTOMER}), frozenset({"13047"})),
    "olga": Identity("ops", "olga", frozenset({Scope.OPERATOR})),
    "adam": Identity("ops", "adam", frozenset({Scope.ADMIN})),
    "signer": Identity("signer", "signer", frozenset({Scope.CUSTOMER}), None, (SECRET,)),
}
"""By the word that each of them presents."""


def known(callers: Mapping[str, Identity]) -> Authenticate:
    """Return what knows callers by the word they present."""

    def authenticate(header: str | None, _now_ms: int) -> Identity | None:
        return callers.get((header or "").removeprefix("Bearer "))

    return authenticate


@asynccontextmanager
async def guarded(
    urls: tuple[str, str], callers: Mapping[str, Identity] = CALLERS, limits: Limits | None = None
) -> AsyncIterator[Gate]:
    """Run a gateway that lets in the callers alone."""
    async with gateway(*urls, known(callers), limits or Limits(None, None, lambda: 0.0)) as gate:
        yield gate


async def call(gate: Gate, caller: str, method: str, url: str, body: object = None, **more: Any) -> Answer:
    """Make one request as a caller."""
    return await gate.call(method, url, body, authorization=f"Bearer {caller}", **more)


def having(headers: dict[str, str]) -> dict[str, Any]:
    """Return headers as further arguments of a call: their names are no names of Python's."""
    return {**headers}
