"""Sends one signed message to one endpoint, with a bound on time; of the answer the status alone is read."""

from __future__ import annotations

import contextlib
import http.client
import socket
import ssl
import threading
from collections.abc import Callable
from typing import NamedTuple
from urllib.parse import urlsplit

from services.signatures import headers_of
from services.webhooks.endpoints import Endpoint

TIMEOUT_S = 5.0
DEADLINE_S = 10.0


class Attempt(NamedTuple):
    """What an endpoint answered: the status, or None and what the trouble was."""

    status: int | None
    problem: str


Send = Callable[[Endpoint, str, bytes, int], Attempt]
"""Sends a message (endpoint, id, body, seconds since the epoch) and returns what came of it."""


def send(endpoint: Endpoint, message_id: str, body: bytes, at_s: int) -> Attempt:
    """Send a message. Redirects are not followed: an endpoint is where its owner said."""
    url = urlsplit(endpoint.url)
    assert url.hostname is not None
    path = (url.path or "/") + (f"?{url.query}" if url.query else "")
    headers = {"Content-Type": "application/json", **headers_of(endpoint.secrets, message_id, at_s, body)}
    connection = (
        http.client.HTTPSConnection(url.hostname, url.port, timeout=TIMEOUT_S, context=ssl.create_default_context())
        if url.scheme == "https"
        else http.client.HTTPConnection(url.hostname, url.port, timeout=TIMEOUT_S)
    )
    deadline = threading.Timer(DEADLINE_S, _cut, (connection,))
    deadline.start()
    try:
        connection.request("POST", path, body, headers)
        return Attempt(connection.getresponse().status, "")
    except (OSError, http.client.HTTPException, ValueError) as error:
        return Attempt(None, type(error).__name__)
    finally:
        deadline.cancel()
        connection.close()


def _cut(connection: http.client.HTTPConnection) -> None:
    """End a connection whose answer drips in: each drop is in time, the whole is not."""
    sock: socket.socket | None = connection.sock
    if sock is not None:
        with contextlib.suppress(OSError):
            sock.shutdown(socket.SHUT_RDWR)
