"""A gateway in the test's process: its real application and databases, over an outlet that the test commands."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from orchestrator.definitions.deployed import Deployed
from schemas.cloudevents import Headers
from schemas.codec import MAX_MESSAGE_BYTES, Codec, Undecodable
from services.deployment import NotDeployed, Outcome, checked, deployed_of, plan, shipped
from services.gateway.application import guarded, unguarded
from services.gateway.catalogue import Catalogue
from services.gateway.dead_letters.decisions import SqlDecisions
from services.gateway.outlet import NotConfirmed, Overloaded
from services.gateway.parts import Parts
from services.gateway.read_model import SqlReadModel
from services.gateway.reading.freshness import Staleness
from services.gateway.reading.watch import Watch
from services.gateway.security.authentication import Authenticate
from services.gateway.security.edge import Security
from services.gateway.security.identity import OPEN
from services.gateway.security.limits import Limits
from services.gateway.security.seen_messages import SqlSeenMessages
from services.gateway.submissions import SqlSubmissions
from services.gateway.telemetry import Telemetry
from services.gateway.vault.keys import VaultAccess
from services.participant.database import Database
from streams.message_sizes import MessageSizes

CURRENCIES = frozenset({"GBP", "USD", "EUR"})
TRACE = "00-" + "a" * 32 + "-" + "b" * 16 + "-01"


class Sent(NamedTuple):
    """A record that reached the outlet."""

    topic: str
    key: str
    message: str
    fields: dict[str, Any]
    headers: dict[str, str]


class Answer(NamedTuple):
    """An HTTP answer; `body` is its JSON document, or its text where it is none; `raw` the bytes as they came."""

    status: int
    headers: dict[str, str]
    body: Any
    raw: bytes = b""


@dataclass
class StubOutlet:
    """Keeps records. `refuses`: it confirms none; `full`: it takes none; `gate` not set: it confirms none yet."""

    codec: Codec
    sent: list[Sent] = field(default_factory=list)
    arrived: asyncio.Event = field(default_factory=asyncio.Event)
    sizes: list[int] = field(default_factory=list)
    others: list[tuple[str, bytes | None, bytes | None, Headers]] = field(default_factory=list)
    """What is no message of ours, as it came."""
    refuses: bool = False
    full: bool = False
    gate: asyncio.Event | None = None

    async def send(self, topic: str, key: bytes | None, value: bytes | None, headers: Headers) -> None:
        """Keep the record."""
        if self.full:
            raise Overloaded("too many records wait for Kafka already")
        try:
            message = self.codec.decode(value)
        except Undecodable:
            self.others.append((topic, key, value, headers))
        else:
            texts = {name: text.decode() for name, text in headers}
            self.sent.append(Sent(topic, (key or b"").decode(), message.name, message.fields, texts))
            self.sizes.append(len(value or b""))
        self.arrived.set()
        if self.gate is not None:
            await self.gate.wait()
        if self.refuses:
            raise NotConfirmed("no broker answers")

    def check(self, topic: str) -> None:
        """Answer for Kafka."""
        if self.refuses:
            raise NotConfirmed(f"no broker answers for {topic}")


@dataclass
class StubDeployments:
    """Deploys into memory, by the rules of the real one. `refuses`: no broker answers."""

    codec: Codec
    deployed: dict[tuple[str, int], Deployed] = field(default_factory=lambda: dict(shipped()))
    refuses: bool = False
    missing: set[tuple[str, int | None]] = field(default_factory=set)
    """Definitions that nobody has: sagas of all others can be started."""

    def deploy(self, text: str, actor: str, reason: str) -> Outcome:
        """Deploy a definition as it was written."""
        wanted = deployed_of(checked(text), 1_700_000_000_000, actor, reason)
        known = self.versions()
        planned = plan(wanted, known, self.codec)
        if planned is None:
            return Outcome(known[wanted.name, wanted.version], is_new=False)
        self.deployed[wanted.name, wanted.version] = wanted
        return Outcome(wanted, is_new=True)

    def knows(self, name: str, version: int | None) -> bool:
        """Tell whether there is a definition: every one, but those of which it was said that there is none."""
        return (name, version) not in self.missing

    def versions(self) -> Mapping[tuple[str, int], Deployed]:
        """Return every version there is."""
        if self.refuses:
            raise NotDeployed("no broker answers")
        return self.deployed


@dataclass
class StubFreshness:
    """Says what the test wants of how fresh the read model is."""

    staleness: Staleness = field(default_factory=lambda: Staleness(stale=False, age_ms=0))

    def now(self) -> Staleness:
        """Return what the test said."""
        return self.staleness


class Gate:
    """A client of the application, and what the outlet got."""

    def __init__(
        self,
        parts: Parts,
        outlet: StubOutlet,
        deployments: StubDeployments,
        freshness: StubFreshness,
        telemetry: Telemetry,
        log_lines: bytearray,
    ) -> None:
        self.routes = unguarded(parts)
        self.app = guarded(parts, self.routes)
        self.freshness = freshness
        self.outlet = outlet
        self.deployments = deployments
        self.telemetry = telemetry
        self.log_lines = log_lines

    def logged(self) -> list[dict[str, Any]]:
        """Return what the log is told of requests."""
        self.telemetry.flush()
        return [json.loads(line) for line in self.log_lines.splitlines()]

    async def call(
        self,
        method: str,
        url: str,
        body: object = None,
        key: str | None = None,
        chunks: Sequence[bytes] = (),
        stay_for: int = 0,
        **headers: str,
    ) -> Answer:
        """Make one request; `chunks` are sent as they are, in place of a JSON body.

        From a stream of events the client goes away after `stay_for` further parts of it.
        """
        parts = urlsplit(url)
        given = dict(headers) if key is None else {**headers, "idempotency-key": key}
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": method,
            "path": parts.path,
            "raw_path": parts.path.encode(),
            "root_path": "",
            "scheme": "http",
            "query_string": parts.query.encode(),
            "headers": [(name.encode(), value.encode()) for name, value in given.items()],
        }
        incoming = list(chunks) or [b"" if body is None else json.dumps(body).encode()]
        messages = _messages(incoming)
        received: list[dict[str, Any]] = []
        is_stream = parts.path.endswith("/events")
        gone = asyncio.Event()

        async def receive() -> dict[str, Any]:
            await asyncio.sleep(0)
            message = next(messages)
            if is_stream and message["type"] == "http.disconnect":
                await gone.wait()
            return message

        async def send(message: dict[str, Any]) -> None:
            await asyncio.sleep(0)
            received.append(message)
            if len(received) > 1 + stay_for:
                gone.set()

        await self.app(scope, receive, send)  # type: ignore[arg-type]  # ASGI's types are wider mappings
        text = b"".join(message.get("body", b"") for message in received[1:])
        answered = {name.decode(): value.decode() for name, value in received[0]["headers"]}
        body = json.loads(text) if "json" in answered.get("content-type", "") else text.decode(errors="replace")
        return Answer(received[0]["status"], answered, body, text)


def _messages(chunks: Sequence[bytes]) -> Iterator[dict[str, Any]]:
    for number, chunk in enumerate(chunks, 1):
        yield {"type": "http.request", "body": chunk, "more_body": number < len(chunks)}
    while True:
        yield {"type": "http.disconnect"}


@asynccontextmanager
async def gateway(
    submissions_url: str,
    read_model_url: str,
    authenticate: Authenticate = lambda _header, _now_ms: OPEN,
    limits: Limits = Limits(None, None, lambda: 0.0),  # noqa: B008 - without limits it keeps nothing
    catalogue: Catalogue | None = None,
    vault: Callable[[Database], VaultAccess] | None = None,
    ids: str = "generated",
    now_ms: Callable[[], int] = lambda: 1_700_000_000_000,
) -> AsyncIterator[Gate]:
    """Run a gateway over two migrated databases; time stands still at 1,700,000,000,000 ms, unless it is given.

    Everybody may do everything, unless `authenticate` says otherwise.
    """
    sizes = MessageSizes(MAX_MESSAGE_BYTES, lambda: 0.0)
    codec = Codec(on_large=sizes.note)
    outlet = StubOutlet(codec)
    log_lines = bytearray()
    telemetry = Telemetry("gateway", log_lines.extend, now_ms)
    database = Database(submissions_url)
    submissions = SqlSubmissions(database)
    read_model = SqlReadModel(read_model_url)
    deployments = StubDeployments(codec)
    numbers = count(1)
    freshness = StubFreshness()
    parts = Parts(
        currencies=CURRENCIES,
        codec=codec,
        submissions=submissions,
        outlet=outlet,
        read_model=read_model,
        deployments=deployments,
        security=Security(authenticate, limits, SqlSeenMessages(database)),
        decisions=SqlDecisions(database),
        catalogue=catalogue,
        vault=None if vault is None else vault(database),
        now_ms=now_ms,
        new_id=lambda: f"{ids}-{next(numbers)}",
        new_traceparent=lambda: TRACE,
        freshness=freshness,
        watch=Watch(read_model),
        tell=telemetry.accepted,
    )
    parts.counts.others = (sizes.read,)
    submissions.start(asyncio.get_running_loop())
    try:
        yield Gate(parts, outlet, deployments, freshness, telemetry, log_lines)
    finally:
        submissions.stop()
        read_model.close()
        database.close()


Run = Callable[[Callable[[Gate], Awaitable[None]]], None]
"""Runs a scenario on a gateway made for it."""


def runner(make: Callable[[], AbstractAsyncContextManager[Gate]]) -> Run:
    """Return what runs a scenario, for at most a minute, on a gateway that `make` makes."""

    def run(scenario: Callable[[Gate], Awaitable[None]]) -> None:
        async def whole() -> None:
            async with make() as gate:
                await asyncio.wait_for(scenario(gate), 180)

        asyncio.run(whole())

    return run
