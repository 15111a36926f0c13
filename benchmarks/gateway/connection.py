"""One keep-alive connection of the load generator: a request goes out, its answer is counted, the next may go."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

_HEAD_END = b"\r\n\r\n"
_LENGTH = b"content-length: "
CUT = 0
"""Stands for the status of a request whose connection was closed before its answer."""


class Connection(asyncio.Protocol):
    """Speaks just enough HTTP/1.1 for a server that gives the length of every answer in lower-case headers."""

    def __init__(self, answered: Callable[[Connection, int], None]) -> None:
        """Take whom to tell the status of each answer."""
        self._answered = answered
        self._transport: asyncio.Transport | None = None
        self._received = b""
        self.due = 0.0
        """When the request under way was to be sent, by the loop's clock; who asks may keep it here."""
        self.busy = False

    def connection_made(self, transport: Any) -> None:  # uvloop's transports are none of asyncio's classes
        """Remember where to write."""
        self._transport = transport

    def connection_lost(self, _error: Exception | None) -> None:
        """Count a request that gets no answer."""
        self._transport = None
        if self.busy:
            self.busy = False
            self._answered(self, CUT)

    @property
    def is_open(self) -> bool:
        """Whether the server has not closed it."""
        return self._transport is not None

    def ask(self, request: bytes, due: float) -> None:
        """Send a request."""
        assert self._transport is not None
        self.busy, self.due = True, due
        self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        """Take bytes of the answer; with the last of them it is told."""
        received = self._received + data if self._received else data
        head_end = received.find(_HEAD_END)
        at = received.find(_LENGTH, 0, head_end)
        if head_end < 0 or at < 0:
            self._received = received
            return
        length = int(received[at + len(_LENGTH) : received.index(b"\r\n", at)])
        if len(received) < head_end + len(_HEAD_END) + length:
            self._received = received
            return
        self._received = b""
        self.busy = False
        self._answered(self, int(received[9:12]))

    def close(self) -> None:
        """Close it."""
        if self._transport is not None:
            self._transport.close()
