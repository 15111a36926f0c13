"""HTTP/1.1 on the wire: uvicorn's quick parser, with the bound on unfinished heads that it lacks."""

from __future__ import annotations

import asyncio

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

MAX_UNFINISHED_BYTES = 65_536
"""Bytes of a request line and headers, or of what follows the chunks, that may wait for their end on a connection."""


PATIENCE_S = 30.0
"""Between one and two of these has a request to be there whole, and a new connection to send its first one."""


class BoundedHttp(HttpToolsProtocol):  # uvicorn takes a protocol as a class: what is added here has no other place
    """One connection; a head that goes on beyond the bound is answered with 400, and the connection closed.

    So is one whose request does not come to its end: whoever sends a byte now and then would hold it for ever.
    """

    patience_s = PATIENCE_S
    _steps = 0
    _unfinished = 0
    _begun = 0
    _whole = 0
    _seen = -1
    _look: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """Begin to look after the connection."""
        super().connection_made(transport)
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
        before = self._steps
        super().data_received(data)
        if self._steps != before:
            self._unfinished = 0
            return
        self._unfinished += len(data)
        if self._unfinished > MAX_UNFINISHED_BYTES and not self.transport.is_closing():
            self.send_400_response("Invalid HTTP request received.")

    def on_message_begin(self) -> None:
        """Count a request that has begun."""
        self._begun += 1
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """Count a head that has come to its end."""
        self._steps += 1
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Count a part of a body: its sum is bounded by whoever reads it."""
        self._steps += 1
        super().on_body(body)

    def on_message_complete(self) -> None:
        """Count a request that has come to its end."""
        self._steps += 1
        self._whole += 1
        super().on_message_complete()
