"""What is no HTTP, or never comes to its end, is refused by the server itself."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
import uvicorn

from cli.ports import LOOPBACK, free_ports
from services.gateway.wire import MAX_UNFINISHED_BYTES, BoundedHttp

_DEADLINE_S = 90.0
CUT = b""
"""The server closed the connection while bytes were under way, which takes its answer with it."""


_Receive = Callable[[], Awaitable[dict[str, object]]]
_App = Callable[[dict[str, object], _Receive, object], Awaitable[None]]


async def _echo(_scope: dict[str, object], receive: _Receive, send: object) -> None:
    """Answer with the size of the body."""
    assert callable(send)
    size, more = 0, True
    while more:
        message = await receive()
        body = message.get("body", b"")
        assert isinstance(body, bytes)
        size, more = size + len(body), bool(message.get("more_body"))
    text = str(size).encode()
    length = (b"content-length", str(len(text)).encode())
    await send({"type": "http.response.start", "status": 200, "headers": [length]})
    await send({"type": "http.response.body", "body": text})


class _Impatient(BoundedHttp):
    """Looks after its connections all the time."""

    patience_s = 0.05


def _answers(*parts: bytes, http: type[BoundedHttp] = BoundedHttp, app: _App = _echo) -> bytes:
    """Return what the server answers to bytes that come part by part, until it closes the connection."""

    async def whole() -> bytes:
        port = free_ports(1)[0]
        config = uvicorn.Config(
            app, host=LOOPBACK, port=port, http=http, lifespan="off", log_config=None, access_log=False
        )
        server = uvicorn.Server(config)
        serving = asyncio.create_task(server._serve())  # noqa: SLF001 - the public way takes over the signals of the tests
        while not server.started:  # noqa: ASYNC110 - uvicorn tells it in no other way
            await asyncio.sleep(0.01)
        reader, writer = await asyncio.open_connection(LOOPBACK, port)
        try:
            for part in parts:
                writer.write(part)
                await writer.drain()
            return await reader.read()
        except ConnectionError:
            return CUT
        finally:
            writer.close()
            server.should_exit = True
            await serving

    return asyncio.run(asyncio.wait_for(whole(), _DEADLINE_S))


def test_a_request_and_its_body_are_taken_whatever_the_size_of_the_body() -> None:
    body = b"x" * (4 * MAX_UNFINISHED_BYTES)
    head = b"POST / HTTP/1.1\r\nhost: a\r\nconnection: close\r\ncontent-length: %d\r\n\r\n" % len(body)

    answer = _answers(head, body)

    assert answer.startswith(b"HTTP/1.1 200")
    assert answer.endswith(b"\r\n\r\n%d" % len(body))


def test_a_body_in_chunks_is_taken_whatever_its_size() -> None:
    chunk = b"4000\r\n" + b"x" * 0x4000 + b"\r\n"

    answer = _answers(
        b"POST / HTTP/1.1\r\nhost: a\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\n",
        *[chunk] * 20,
        b"0\r\n\r\n",
    )

    assert answer.startswith(b"HTTP/1.1 200")
    assert answer.endswith(b"\r\n\r\n%d" % (20 * 0x4000))


def test_headers_without_end_are_refused() -> None:
    one = b"x-more: " + b"y" * 8_000 + b"\r\n"

    answer = _answers(b"GET / HTTP/1.1\r\nhost: a\r\n", *[one] * 64)

    assert answer == CUT or answer.startswith(b"HTTP/1.1 400")


def test_one_header_without_end_is_refused() -> None:
    answer = _answers(b"GET / HTTP/1.1\r\nhost: a\r\nx-long: ", *[b"y" * 8_192] * 64)

    assert answer == CUT or answer.startswith(b"HTTP/1.1 400")


@pytest.mark.parametrize(
    "sent",
    [
        b"HELO there\r\n\r\n",
        b"\x16\x03\x01\x02\x00",
        b"GET / HTTP/1.1\r\nhost : a\r\n\r\n",
        b"GET / HTTP/1.1\r\naccept: */*\r\n\r\n",
        b"GET / HTTP/1.1\r\nhost: a\r\nHost: b\r\n\r\n",
        b"POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
        b"POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\nno size\r\n",
    ],
)
def test_what_is_no_http_is_refused_with_a_problem(sent: bytes) -> None:
    head, _, body = _answers(sent).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 400")
    assert b"content-type: application/problem+json" in head
    assert b"content-length: %d\r\n" % len(body) in head
    assert json.loads(body)["type"] == "/problems/invalid-http"


def test_a_request_of_http_1_0_needs_no_host() -> None:
    assert _answers(b"GET / HTTP/1.0\r\n\r\n").startswith(b"HTTP/1.1 200")


@pytest.mark.parametrize(("size", "status", "kind"), [(70_000, 414, "uri-too-long"), (1, 400, "invalid-http")])
def test_an_address_that_cannot_be_read_is_refused_by_its_name(size: int, status: int, kind: str) -> None:
    head, _, body = _answers(b"GET http://[::1" + b"a" * size + b" HTTP/1.1\r\nhost: a\r\n\r\n").partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 %d " % status)
    assert json.loads(body)["type"] == f"/problems/{kind}"


def test_a_request_before_what_is_no_http_has_its_answer() -> None:
    answer = _answers(b"POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 2\r\n\r\n{}no http\r\n\r\n")

    assert answer.startswith(b"HTTP/1.1 200")
    assert answer.endswith(b"\r\n\r\n2")


@pytest.mark.parametrize("upgrade", [b"h2c", b"websocket", b"TLS/1.0"])
@pytest.mark.parametrize("connection", [b"Upgrade, HTTP2-Settings", b"close, upgrade"])
def test_a_client_that_would_rather_speak_another_protocol_loses_no_body(upgrade: bytes, connection: bytes) -> None:
    """Java's HttpClient asks for HTTP/2 with every first request."""
    head = b"POST /a?b=c HTTP/1.1\r\nhost: a\r\nconnection: %s\r\nupgrade: %s\r\nhttp2-settings: AAMA\r\nx-more: 1\r\n"
    whole = head % (connection, upgrade) + b"content-length: 7\r\n\r\n1234567"
    last = b"GET /last HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n"
    seen: list[dict[str, Any]] = []

    async def noted(scope: dict[str, Any], receive: _Receive, send: object) -> None:
        seen.append(scope)
        await _echo(scope, receive, send)

    for parts in ((whole + last,), (whole[:-3], whole[-3:] + last), tuple(bytes([one]) for one in whole + last)):
        seen.clear()
        assert _answers(*parts, app=noted).split(b"\r\n\r\n", 1)[1][:1] == b"7"
        first = seen[0]
        assert (first["method"], first["path"], first["query_string"]) == ("POST", "/a", b"b=c")
        assert (b"x-more", b"1") in first["headers"]
        assert [one["path"] for one in seen] == (["/a"] if b"close" in connection else ["/a", "/last"])


def test_what_follows_the_chunks_is_no_header() -> None:
    seen: list[list[bytes]] = []

    async def reading(scope: dict[str, Any], receive: _Receive, send: object) -> None:
        while (await receive()).get("more_body"):
            pass
        seen.append([name for name, _ in scope["headers"]])
        await _echo({}, _ended, send)

    async def _ended() -> dict[str, object]:
        return {"body": b""}

    head = b"POST / HTTP/1.1\r\nhost: a\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\n"
    chunks = b"2\r\n{}\r\n0\r\nauthorization: Bearer x\r\nidempotency-key: 2\r\n\r\n"
    for parts in ((head + chunks,), (head, chunks)):
        assert _answers(*parts, app=reading).startswith(b"HTTP/1.1 200")
    assert seen == [[b"host", b"connection", b"transfer-encoding"]] * 2


def test_a_connection_that_asks_for_nothing_is_closed() -> None:
    assert _answers(http=_Impatient) == b""


@pytest.mark.parametrize(
    "begun",
    [
        b"POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 9\r\n\r\nhalf",
        b"POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n4\r\nhalf\r\n",
        b"GET / HTTP/1.1\r\nhost: a\r\n",
    ],
    ids=["a body", "chunks", "headers"],
)
def test_a_request_that_does_not_come_to_its_end_is_given_up(begun: bytes) -> None:
    assert _answers(begun, http=_Impatient) == b""


def test_an_answer_may_take_its_time() -> None:
    """What waits is the client, not the gateway: streams and `Prefer: wait` go on."""
    looked: list[None] = []
    whole = b"GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n"

    class Looking(_Impatient):
        def _look_after(self) -> None:
            looked.append(None)
            super()._look_after()

    async def patiently(scope: dict[str, object], receive: _Receive, send: object) -> None:
        while len(looked) < 4:  # noqa: ASYNC110 - the server tells it in no other way
            await asyncio.sleep(0.01)
        await _echo(scope, receive, send)

    assert _answers(whole, http=Looking, app=patiently).startswith(b"HTTP/1.1 200")
