"""The HTTP client of one provider: bounded concurrency, time limits for queue and call, a circuit breaker."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import aiohttp
import orjson

from services.participant.breaker import Breaker
from services.participant.metering import CallCounts, Watched
from services.participant.outcome import CIRCUIT_OPEN, PROVIDER_BUSY
from services.participant.returns import Returns

IDEMPOTENCY_KEY = "Idempotency-Key"
MAX_ANSWER_BYTES = 1_000_000
UNSPECIFIED = "unspecified"
"""The code of a refusal that names none."""
REST_MS = 1_000
"""After this long without a call the provider has to earn its places anew."""
QUEUE_MS = 2_000
"""How long a call waits for its place: well within the shortest time that a step has for all its attempts, 4.8 s."""


@dataclass(frozen=True, slots=True)
class Answer:
    """The provider answered. `body` is decoded JSON, None if it was none."""

    status: int
    body: Any


@dataclass(frozen=True, slots=True)
class Trouble:
    """The provider says it is in trouble (5xx, 429), or nothing listens there: nothing was done."""

    detail: str


@dataclass(frozen=True, slots=True)
class NoAnswer:
    """The request went out and no answer came: what it asked for may have been done."""

    detail: str


@dataclass(frozen=True, slots=True)
class NotSent:
    """Nothing was done, for the circuit is open or the provider is busy (`code`); ask again after `retry_after_ms`."""

    retry_after_ms: int
    code: str = CIRCUIT_OPEN


Reply = Answer | Trouble | NoAnswer | NotSent
_RESULTS: Mapping[type, str] = {Answer: "answered", Trouble: "trouble", NoAnswer: "no_answer"}
"""How metrics name the ends of a call."""


class Client:
    """Belongs to the thread of the calls. `now_ms` is any steady clock in milliseconds."""

    def __init__(
        self,
        base_url: str,
        timeout_ms: int,
        concurrency: int,
        breaker: Breaker,
        now_ms: Callable[[], int],
        queue_ms: int = QUEUE_MS,
    ) -> None:
        self._base = base_url.rstrip("/")
        self._timeout_s = timeout_ms / 1000
        self._queue_s = queue_ms / 1000
        self._queue: deque[asyncio.Future[None]] = deque()
        self._ended_ms = 0
        self._returns = Returns()
        self._concurrency = concurrency
        self._breaker = breaker
        self._now_ms = now_ms
        self._counts = CallCounts()
        self._session: aiohttp.ClientSession | None = None

    @property
    def watched(self) -> Watched:
        """What the metrics show of this client."""
        return Watched(self._base, self._counts, self._breaker, self._concurrency)

    async def open(self) -> None:
        """Make the pool of connections that all calls share."""
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=self._concurrency, keepalive_timeout=30, ttl_dns_cache=60),
            timeout=aiohttp.ClientTimeout(total=None),
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
        )

    async def close(self) -> None:
        """Close the connections."""
        if self._session is not None:
            await self._session.close()

    async def call(self, method: str, path: str, key: str | None = None, body: Any = None) -> Reply:
        """Call the provider; the circuit is asked once a place is free, the time limit begins then."""
        has_place = await self._place()
        began_ms = self._now_ms()
        if not has_place:
            return self._not_sent(began_ms, 0, PROVIDER_BUSY)
        wait_ms = self._breaker.admit(began_ms)
        if wait_ms is not None:
            self._wake()
            return self._not_sent(began_ms, wait_ms, CIRCUIT_OPEN)
        is_probe = self._breaker.is_probing
        reply: Reply | None = None
        self._counts.in_flight += 1
        try:
            reply = await self._request(method, path, key, body)
        finally:
            self._counts.in_flight -= 1
            self._ended_ms = self._now_ms()
            self._report(reply, self._ended_ms - began_ms)
            self._wake()
        if is_probe and isinstance(reply, Trouble):
            # Whoever happens to be the probe is no worse off than those whose calls were not made.
            return NotSent(self._returns.after(self._ended_ms, self._breaker.rest_ms(self._ended_ms)))
        return reply

    def _free(self) -> int:
        earned = self._breaker.places
        return (self._concurrency if earned is None else min(self._concurrency, earned)) - self._counts.in_flight

    def _not_sent(self, now_ms: int, wait_ms: int, code: str) -> NotSent:
        self._counts.refused += 1
        return NotSent(self._returns.after(now_ms, wait_ms), code)

    async def _place(self) -> bool:
        """Wait until one more call may be under way; False where that takes too long."""
        if not self._counts.in_flight and self._now_ms() - self._ended_ms >= REST_MS:
            self._breaker.rested()
        if self._free() > 0:
            return True
        try:
            async with asyncio.timeout(self._queue_s):
                while self._free() <= 0:
                    await self._turn()
        except TimeoutError:
            return False
        return True

    async def _turn(self) -> None:
        turn = asyncio.get_running_loop().create_future()
        self._queue.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            self._wake()
            raise

    def _wake(self) -> None:
        """Let those go on that have waited longest; who finds no place after all waits again."""
        free = self._free()
        while free > 0 and self._queue:
            turn = self._queue.popleft()
            if not turn.done():
                turn.set_result(None)
                free -= 1

    def _report(self, reply: Reply | None, took_ms: int) -> None:
        self._counts.ended[_RESULTS.get(type(reply), "withdrawn")].observe(took_ms)
        match reply:
            case Answer():
                self._returns.answered(self._ended_ms, crowded=bool(self._queue))
                self._breaker.succeeded(crowded=bool(self._queue))
            case None:
                self._breaker.withdrawn()
            case _:
                self._breaker.failed(self._ended_ms)

    async def peek(self, path: str) -> Any:
        """GET, which the circuit learns nothing from; None for anything but 200, and while the circuit is open."""
        if self._breaker.rest_ms(self._now_ms()):
            return None
        match await self._request("GET", path, None, None):
            case Answer(200, body):
                return body
        return None

    async def _request(self, method: str, path: str, key: str | None, body: Any) -> Answer | Trouble | NoAnswer:
        if self._session is None:
            raise RuntimeError("the client is used before it is open")
        headers: Mapping[str, str] = {} if key is None else {IDEMPOTENCY_KEY: key}
        data = None
        if body is not None:
            data = orjson.dumps(body)
            headers = {**headers, "Content-Type": "application/json"}
        try:
            async with (
                asyncio.timeout(self._timeout_s),
                self._session.request(method, self._base + path, data=data, headers=headers) as response,
            ):
                raw = (
                    await response.content.read(MAX_ANSWER_BYTES)
                    if response.content_length is None
                    else await response.read()
                )
                return _judge(response.status, raw)
        except aiohttp.ClientConnectorError as error:
            return Trouble(f"{method} {path}: {error}")
        except TimeoutError:
            return NoAnswer(f"{method} {path}: no answer within {self._timeout_s:g} s")
        except (aiohttp.ClientError, OSError) as error:
            return NoAnswer(f"{method} {path}: {error!r}")


def _judge(status: int, raw: bytes) -> Answer | Trouble:
    if status >= 500 or status == 429:
        return Trouble(f"the provider answered {status}")
    try:
        return Answer(status, orjson.loads(raw))
    except orjson.JSONDecodeError:
        return Answer(status, None)


def error_of(body: Any) -> tuple[str, str]:
    """Return code and message of an error answer, within what a reply may hold."""
    error = body.get("error") if isinstance(body, dict) else None
    if isinstance(error, dict):
        return str(error.get("code") or UNSPECIFIED)[:100], str(error.get("message") or "")[:500]
    return UNSPECIFIED, str(error if error is not None else body)[:500]


def id_of(body: Any, name: str) -> str | None:
    """Return an id from an answer; None unless it is a text that can be stored anywhere."""
    value = body.get(name) if isinstance(body, dict) else None
    return value if isinstance(value, str) and 0 < len(value) <= 200 and value.isprintable() else None
