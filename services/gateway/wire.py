"""HTTP/1.1 on the wire: uvicorn's quick parser, with the bound on unfinished heads that it lacks."""

from __future__ import annotations

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

MAX_UNFINISHED_BYTES = 65_536
"""Bytes of a request line and headers, or of what follows the chunks, that may wait for their end on a connection."""


class BoundedHttp(HttpToolsProtocol):  # uvicorn takes a protocol as a class: what is added here has no other place
    """One connection; a head that goes on beyond the bound is answered with 400, and the connection closed."""

    _steps = 0
    _unfinished = 0

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
        super().on_message_complete()
