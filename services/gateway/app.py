"""The gateway as a process: the composition root."""

from __future__ import annotations

import asyncio
import logging
import os
import random
import signal
import sys
import time
import uuid
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from functools import partial

import uvicorn
from fastapi import FastAPI
from starlette.types import ASGIApp

from orchestrator.definitions.errors import DefinitionError
from schemas.codec import MAX_MESSAGE_BYTES, Codec
from services.deployment import KafkaDeployments, local_pins
from services.environment import MissingSettings
from services.gateway.application import application
from services.gateway.catalogue import BadCatalogue, load
from services.gateway.dead_letters.decisions import SqlDecisions
from services.gateway.metering import Fill
from services.gateway.outlet import MAX_IN_FLIGHT, KafkaOutlet
from services.gateway.parts import Parts
from services.gateway.read_model import SqlReadModel
from services.gateway.reading.kafka_freshness import KafkaFreshness
from services.gateway.reading.lag_metrics import lag_metrics
from services.gateway.reading.watch import Watch
from services.gateway.security.authentication import authentication
from services.gateway.security.browsers import for_this_machine
from services.gateway.security.edge import Security
from services.gateway.security.limits import Limits
from services.gateway.security.seen_messages import SqlSeenMessages
from services.gateway.security.settings import SecuritySettings
from services.gateway.settings import Settings, read_settings
from services.gateway.submissions import MAX_WAITING, SqlSubmissions
from services.gateway.tables import REVISION
from services.gateway.telemetry import Telemetry, tell_nobody
from services.gateway.traces import trace_source
from services.gateway.vault.keys import SqlVault, VaultAccess
from services.gateway.vault.settings import VaultSettings
from services.gateway.wire import BoundedHttp
from services.participant.database import Database, Unmigrated, Unusable
from services.watched_file import Unreadable
from streams import logs
from streams.collector import spare_collector
from streams.kafka_security import SecurityUnusable
from streams.message_sizes import MessageSizes
from streams.metrics import serve_metrics

_log = logging.getLogger(__name__)
_GRACE_S = 5
_UNUSABLE = (
    MissingSettings, SecurityUnusable, Unmigrated, Unusable, Unreadable, BadCatalogue, DefinitionError,
)  # fmt: skip


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


class Lifeline:
    """Ends the server when a part of it cannot go on; a supervisor starts a new one."""

    def __init__(self) -> None:
        self.server: uvicorn.Server | None = None
        self.broken = False

    def cut(self, why: str) -> None:
        """End the process after the requests in hand."""
        _log.error("the producer cannot go on", extra={"why": why})
        self.broken = True
        if self.server is not None:
            self.server.should_exit = True


def _security(settings: SecuritySettings, database: Database) -> Security:
    """Return what the guard works with. Raises Unreadable."""
    limits = Limits(settings.rate_per_s, settings.max_concurrent, time.monotonic)
    return Security(authentication(settings), limits, SqlSeenMessages(database))


def _vault(settings: VaultSettings | None, database: Database) -> VaultAccess | None:
    if settings is None:
        return None
    return VaultAccess(SqlVault(database, settings.master, _now_ms, os.urandom), settings.reader)


def serve(settings: Settings, log: logs.Log) -> int:
    """Serve until SIGTERM. Returns the exit code.

    Raises Unmigrated, Unusable, Unreadable, BadCatalogue, DefinitionError.
    """
    lifeline = Lifeline()
    database = Database(settings.database_url)
    database.require(REVISION)
    submissions = SqlSubmissions(database)
    outlet = KafkaOutlet(settings.bootstrap, lifeline.cut)
    read_model = SqlReadModel(settings.read_model_url)
    freshness = KafkaFreshness(settings.bootstrap, read_model, _now_ms)
    telemetry = Telemetry(log.process, log.output.write, _now_ms)
    sizes = MessageSizes(MAX_MESSAGE_BYTES, time.monotonic)
    codec = Codec(on_large=sizes.note)
    if settings.definitions is not None:
        local_pins(settings.definitions)
    deployments = KafkaDeployments(settings.bootstrap, "gateway", codec, _now_ms, random.random, settings.definitions)
    parts = Parts(
        currencies=settings.currencies,
        codec=codec,
        submissions=submissions,
        outlet=outlet,
        read_model=read_model,
        deployments=deployments,
        security=_security(settings.security, database),
        decisions=SqlDecisions(database),
        catalogue=None if settings.catalogue is None else load(settings.catalogue),
        vault=_vault(settings.vault, database),
        now_ms=_now_ms,
        new_id=lambda: str(uuid.uuid4()),
        new_traceparent=trace_source(os.urandom(16)),
        freshness=freshness,
        watch=Watch(read_model),
        tell=telemetry.accepted if log.tells_info else tell_nobody,
    )
    parts.counts.others = (log.read, sizes.read, partial(lag_metrics, freshness))
    parts.counts.fill = lambda: Fill(outlet.in_flight, MAX_IN_FLIGHT, submissions.waiting, MAX_WAITING)
    serve_metrics(settings.metrics, parts.counts.read)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        loop = asyncio.get_running_loop()
        submissions.start(loop)
        outlet.start(loop)
        freshness.start()
        spare_collector()
        yield
        freshness.stop()
        outlet.stop()
        telemetry.flush()
        submissions.stop()
        read_model.close()
        deployments.close()

    app = application(parts, lifespan)
    server = _server(app if settings.security.required else for_this_machine(app), settings)
    lifeline.server = server

    def stop(_number: int, _frame: object) -> None:
        server.should_exit = True

    # Ends a server that is not up yet; and makes it a clean end when the server, done, raises the signal once more.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    server.run()
    return 1 if lifeline.broken or not server.started else 0


def _server(app: ASGIApp, settings: Settings) -> uvicorn.Server:
    return uvicorn.Server(
        uvicorn.Config(
            app,
            host=settings.host,
            port=settings.port,
            loop="uvloop",
            http=BoundedHttp,
            ws="none",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            timeout_graceful_shutdown=_GRACE_S,
        )
    )


def main(environment: Mapping[str, str]) -> int:
    """Run the process. Returns 0 after SIGTERM, 2 for unusable settings, 1 when it could not go on."""
    try:
        settings = read_settings(environment)
        return serve(settings, logs.configure("gateway", settings.log_level))
    except _UNUSABLE as error:
        sys.stderr.write(f"gateway: {error}\n")
        return 2


if __name__ == "__main__":
    sys.exit(main(os.environ))
