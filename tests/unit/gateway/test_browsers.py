"""A gateway that asks for no key answers the programs of its machine, and no web page that somebody looks at there."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from services.gateway.security.browsers import for_this_machine


def status_of(**headers: str) -> int:
    """Return what a request with these headers is answered."""

    async def app(_scope: Any, _receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})

    found: list[int] = []

    async def send(message: Any) -> None:
        if message["type"] == "http.response.start":
            found.append(message["status"])

    async def receive() -> Any:
        return {"type": "http.request", "body": b"", "more_body": False}

    given = [(name.encode(), value.encode()) for name, value in headers.items()]
    scope = {"type": "http", "method": "POST", "path": "/v1/orders", "headers": given}

    async def ask() -> None:
        await for_this_machine(app)(scope, receive, send)

    asyncio.run(ask())
    return found[0]


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"host": "127.0.0.1:8080"},
        {"host": "localhost"},
        {"host": "LOCALHOST:8080", "origin": "http://localhost:8080"},
        {"host": "[::1]:8080", "origin": "http://127.0.0.1:3000"},
    ],
)
def test_programs_and_pages_of_this_machine_are_answered(headers: dict[str, str]) -> None:
    assert status_of(**headers) == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"host": "127.0.0.1:8080", "origin": "https://evil.example"},
        {"host": "127.0.0.1:8080", "origin": "null"},
        {"host": "127.0.0.1:8080", "origin": "http://localhost.evil.example"},
        {"host": "evil.example:8080"},
        {"host": "evil.example:8080", "origin": "http://evil.example:8080"},
        {"host": "127.0.0.1.evil.example"},
        {"host": "evil.example@127.0.0.2"},
        {"host": "[oops"},
        {"host": ""},
    ],
    ids=[
        "a form",
        "a sandboxed page",
        "a name alike",
        "a name that leads here",
        "both",
        "a longer name",
        "a user",
        "no name",
        "nothing",
    ],
)
def test_pages_of_other_sites_are_refused(headers: dict[str, str]) -> None:
    assert status_of(**headers) == 403
