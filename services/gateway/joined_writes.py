"""A transport that sends the head and the body of an answer together, in one packet in place of two."""

from __future__ import annotations

import asyncio


class JoinedWrites:
    """Holds what is written until the next write, or until the event loop is idle again; then both go.

    The server writes head and body apart, and the loop's transport sends each at once. What streams is sent as before,
    a turn of the loop later.
    """

    __slots__ = (
        "_held", "_later", "_loop", "_transport", "get_extra_info", "is_closing", "pause_reading", "resume_reading",
    )  # fmt: skip

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport = transport
        self._loop = loop
        self._held = b""
        self._later: asyncio.Handle | None = None
        self.get_extra_info = transport.get_extra_info
        self.is_closing = transport.is_closing
        self.pause_reading = transport.pause_reading
        self.resume_reading = transport.resume_reading

    def write(self, data: bytes) -> None:
        """Send what was held with this, or hold this."""
        if self._later is None:
            self._held = data
            self._later = self._loop.call_soon(self._flush)
            return
        self._later.cancel()
        self._later = None
        self._transport.write(self._held + data)

    def _flush(self) -> None:
        self._later = None
        if not self._transport.is_closing():
            self._transport.write(self._held)

    def close(self) -> None:
        """Send what is held, and close."""
        if self._later is not None:
            self._later.cancel()
            self._flush()
        self._transport.close()
