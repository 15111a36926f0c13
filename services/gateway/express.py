"""The short way to the routes that are used most: straight to the handler, past a router made for all of them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import NamedTuple

from starlette.middleware.exceptions import ExceptionMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, ExceptionHandler, Receive, Scope, Send

Handler = Callable[[Request], Awaitable[Response]]


class Way(NamedTuple):
    """What a request matched; metrics name it by its `path`."""

    path: str


class Express:
    """The application behind its short ways; the application has the same routes, and describes them."""

    def __init__(
        self,
        app: ASGIApp,
        handlers: Mapping[tuple[str, str], Handler],
        exception_handlers: Mapping[type[Exception], ExceptionHandler],
    ) -> None:
        """Take handlers by method and path, and what answers to the exceptions they raise."""
        self._app = app
        self._ways = {
            (method, path): ExceptionMiddleware(_asgi(Way(path), handler), exception_handlers)
            for (method, path), handler in handlers.items()
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send a request its way."""
        way = self._ways.get((scope["method"], scope["path"])) if scope["type"] == "http" else None
        await (self._app if way is None else way)(scope, receive, send)


def _asgi(way: Way, handler: Handler) -> ASGIApp:
    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        scope["route"] = way
        response = await handler(Request(scope, receive, send))
        await response(scope, receive, send)

    return answer
