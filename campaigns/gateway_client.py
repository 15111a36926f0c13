"""The gateway as its clients see it: orders go in over HTTP, again and again under one key until there is an answer."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import aiohttp

_FIRST_PAUSE_S = 0.1
_LONGEST_PAUSE_S = 1.0
_ATTEMPT_S = 15.0


class NoAnswer(Exception):
    """The gateway gave no usable answer for as long as the client had patience."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """The gateway has the order."""

    key: str
    order_id: str


@dataclass(frozen=True, slots=True)
class Refused:
    """The gateway does not want the order, and says why: (field, message) pairs."""

    key: str
    status: int
    errors: tuple[tuple[str, str], ...]


class GatewayClient:
    """Sends every request until it is answered or `patience_s` seconds are over; keys make that safe."""

    def __init__(
        self, session: aiohttp.ClientSession, url: str, patience_s: float = 90.0, api_key: str | None = None
    ) -> None:
        self._session = session
        self._credentials = {} if api_key is None else {"Authorization": f"Bearer {api_key}"}
        self._url = url.rstrip("/")
        self._patience_s = patience_s

    async def submit(self, key: str, document: Mapping[str, Any]) -> Accepted | Refused:
        """POST an order. Raises NoAnswer."""
        status, body = await self._insist("POST", "/v1/orders", document, {"Idempotency-Key": key})
        if status == 202:
            return Accepted(key, body["order_id"])
        errors = tuple((error["field"], error["message"]) for error in body.get("errors") or ())
        return Refused(key, status, errors or (("", str(body.get("detail") or body.get("title"))),))

    async def order(self, order_id: str) -> Mapping[str, Any] | None:
        """GET an order; None while the read model does not know it. Raises NoAnswer."""
        status, body = await self._insist("GET", f"/v1/orders/{order_id}", None, {})
        return body if status == 200 else None

    async def history(self, order_id: str) -> list[dict[str, Any]]:
        """GET an order's history; empty while the read model does not know it. Raises NoAnswer."""
        status, body = await self._insist("GET", f"/v1/orders/{order_id}/history", None, {})
        return list(body["events"]) if status == 200 else []

    async def act(self, order_id: str, action: str, reason: str) -> int:
        """POST approve, reject or cancel and return the status: 202, 404 or 409. Raises NoAnswer."""
        # With a key the gateway knows who acts.
        document = {"reason": reason} if self._credentials else {"actor": "campaign", "reason": reason}
        headers = {"Idempotency-Key": f"campaign-{action}"}
        status, _ = await self._insist("POST", f"/v1/orders/{order_id}/{action}", document, headers)
        return status

    async def _insist(
        self, method: str, path: str, document: Mapping[str, Any] | None, headers: Mapping[str, str]
    ) -> tuple[int, dict[str, Any]]:
        loop = asyncio.get_running_loop()
        deadline, pause = loop.time() + self._patience_s, _FIRST_PAUSE_S
        timeout = aiohttp.ClientTimeout(total=_ATTEMPT_S)
        while True:
            try:
                async with self._session.request(
                    method, self._url + path, json=document, headers={**self._credentials, **headers}, timeout=timeout
                ) as answer:
                    if answer.status < 500:
                        return answer.status, await answer.json(content_type=None)
                    trouble = f"status {answer.status}"
            except (aiohttp.ClientError, TimeoutError, ValueError) as error:
                trouble = repr(error)
            if loop.time() > deadline:
                raise NoAnswer(f"{method} {path}: {trouble}")
            await asyncio.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE_S)
