"""HTTP/1.1 on the wire: uvicorn's quick parser, with the bounds and the care for odd requests that it lacks."""

from __future__ import annotations

import asyncio
import logging
from typing import cast

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from services.gateway.joined_writes import JoinedWrites
from services.gateway.problems import Problem
from services.gateway.security.guard import MAX_URL_BYTES

_log = logging.getLogger(__name__)
MAX_UNFINISHED_BYTES = 65_536
"""Bytes of a request line and headers, or of what follows the chunks, that may wait for their end on a connection."""


PATIENCE_S = 30.0
"""Between one and two of these has a request to be there whole, and a new connection to send its first one."""


_REFUSAL = (
    b"HTTP/1.1 %d Refused\r\ncontent-type: application/problem+json\r\ncontent-length: %d\r\n"
    b"connection: close\r\n\r\n%s"
)
_OF_UPGRADES = frozenset({b"upgrade", b"http2-settings"})


def _problem(url: bytes, why: str) -> Problem:
    if len(url) > MAX_URL_BYTES:  # what is much longer is not even read
        return Problem("uri-too-long", f"an address may have at most {MAX_URL_BYTES} bytes")
    return Problem("invalid-http", f"this is no request of HTTP/1.1: {why}")


def _without(connection: bytes) -> bytes:
    """Return the options of a connection without those of an upgrade."""
    return b", ".join(one for one in connection.lower().split(b",") if one.strip() not in _OF_UPGRADES)


class BoundedHttp(HttpToolsProtocol):  # uvicorn takes a protocol as a class: what is added here has no other place
    """One connection; a head that goes on beyond the bound is answered with 400, and the connection closed.

    So is one whose request does not come to its end: whoever sends a byte now and then would hold it for ever. Another
    protocol that a client would rather speak is passed over, and what follows the chunks of a body is no header.
    """

    patience_s = PATIENCE_S
    _steps = 0
    _unfinished = 0
    _begun = 0
    _whole = 0
    _seen = -1
    _look: asyncio.TimerHandle | None = None
    _would_upgrade = False
    _wrong = ""
    url = b""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """Begin to look after the connection."""
        super().connection_made(cast("asyncio.Transport", JoinedWrites(transport, self.loop)))
        self._look = self.loop.call_later(self.patience_s, self._look_after)

    def connection_lost(self, exc: Exception | None) -> None:
        """Look after it no longer."""
        if self._look is not None:
            self._look.cancel()
        super().connection_lost(exc)

    def _look_after(self) -> None:
        """Close the connection where the request that it waits for is the same as at the last look."""
        if self._seen == self._begun and (self._begun == 0 or self._begun > self._whole):
            self.transport.close()
            return
        self._seen = self._begun
        self._look = self.loop.call_later(self.patience_s, self._look_after)

    def data_received(self, data: bytes) -> None:
        """Take bytes as they come."""
        self._unset_keepalive_if_required()
        before = self._steps
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            if self._would_upgrade:
                self._go_on(data[upgrade.args[0] :])
        except httptools.HttpParserCallbackError:
            self._refuse(self._wrong or "its address cannot be read")
            return
        except httptools.HttpParserError as error:
            self._refuse(str(error))
            return
        if self._steps != before:
            self._unfinished = 0
            return
        self._unfinished += len(data)
        if self._unfinished > MAX_UNFINISHED_BYTES and not self.transport.is_closing():
            self._refuse("its head, or what follows its chunks, does not end")

    def _go_on(self, rest: bytes) -> None:
        """Read a request anew as if it asked for no other protocol: the parser would leave its body out."""
        kept = [(name, _without(value) if name == b"connection" else value) for name, value in self.headers]
        lines = [name + b": " + value for name, value in kept if name not in _OF_UPGRADES]
        target = self.parser.get_method() + b" " + self.url + b" HTTP/1.1"
        self.parser = httptools.HttpRequestParser(self)
        self.data_received(b"\r\n".join((target, *lines, b"", rest)))

    def _refuse(self, why: str) -> None:
        """Answer what is no HTTP with a problem and close; a request before it that came whole has its answer first."""
        _log.warning("what came is no HTTP", extra={"why": why})
        if self.cycle is not None and not self.cycle.response_complete and not self.cycle.more_body:
            self.cycle.keep_alive = False
            self.flow.pause_reading()
            return
        answer = _problem(self.url, why).response()
        self.transport.write(_REFUSAL % (answer.status_code, len(answer.body), answer.body))
        self.transport.close()

    def on_message_begin(self) -> None:
        """Count a request that has begun."""
        self._begun += 1
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """Count a head that has come to its end. Raises ValueError where it does not name one host (RFC 9112, 3.2)."""
        self._steps += 1
        if [name for name, _ in self.headers].count(b"host") != 1 and self.parser.get_http_version() != "1.0":
            self._wrong = "it does not name its host, once"
            raise ValueError(self._wrong)
        self._would_upgrade = self.parser.should_upgrade() and self.parser.get_method() != b"CONNECT"
        if not self._would_upgrade:
            super().on_headers_complete()
            self.headers = []

    def on_body(self, body: bytes) -> None:
        """Count a part of a body: its sum is bounded by whoever reads it."""
        self._steps += 1
        super().on_body(body)

    def on_message_complete(self) -> None:
        """Count a request that has come to its end."""
        self._steps += 1
        self._whole += 1
        if not self._would_upgrade:
            super().on_message_complete()
