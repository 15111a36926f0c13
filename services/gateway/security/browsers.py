"""Keeps web pages out of a gateway that asks nobody for a key: whoever browses on its machine would speak for them."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import urlsplit

from starlette.types import ASGIApp, Receive, Scope, Send

from services.gateway.problems import Problem

_HERE = frozenset({"127.0.0.1", "localhost", "::1"})
_REFUSED = "a gateway that asks for no key answers this machine alone, under the address that it listens on"


def for_this_machine(app: ASGIApp) -> ASGIApp:
    """Return the application for requests to a loopback name that no page of another site makes.

    A page may send a form to any address, and a name of its own may lead to 127.0.0.1: `Origin` tells of the one, and
    `Host` of the other.
    """

    async def call(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and not _is_from_here(scope["headers"]):
            await Problem("forbidden", _REFUSED).response()(scope, receive, send)
            return
        await app(scope, receive, send)

    return call


def _is_from_here(headers: Iterable[tuple[bytes, bytes]]) -> bool:
    for name, value in headers:
        if name == b"host" and _host(b"//" + value) not in _HERE:
            return False
        if name == b"origin" and _host(value) not in _HERE:
            return False
    return True


def _host(address: bytes) -> str | None:
    try:
        return urlsplit(address.decode("latin-1")).hostname
    except ValueError:
        return None
