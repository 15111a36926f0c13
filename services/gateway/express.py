"""The short way to the routes that are used most: straight to the handler, past a router made for all of them.

It knows no query: a request with one takes the long way, where what a route does not know is refused.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import NamedTuple

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

Handler = Callable[[Request], Awaitable[Response]]
Recovery = Callable[[Request, Exception], Awaitable[Response]]
"""Returns the answer that an exception of a handler stands for."""


class Way(NamedTuple):
    """What a request matched; metrics name it by its `path`."""

    path: str


class Express:
    """The application behind its short ways; the application has the same routes, and describes them."""

    def __init__(
        self,
        app: ASGIApp,
        handlers: Mapping[tuple[str, str], Handler],
        expected: Mapping[type[Exception], Recovery],
    ) -> None:
        """Take handlers by method and path, and what answers to the exceptions they are expected to raise."""
        self._app = app
        self._ways = {key: (Way(key[1]), handler) for key, handler in handlers.items()}
        self._expected = expected
        self._kinds = tuple(expected)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send a request its way."""
        found = self._ways.get((scope["method"], scope["path"])) if scope["type"] == "http" else None
        if found is None or scope["query_string"]:
            await self._app(scope, receive, send)
            return
        scope["route"], handler = found
        request = Request(scope, receive)
        try:
            response = await handler(request)
        except self._kinds as error:
            response = await next(self._expected[kind] for kind in self._kinds if isinstance(error, kind))(
                request, error
            )
        await response(scope, receive, send)
