"""A sandbox as a process: settings from the environment, one port, a clean end on SIGTERM."""

from __future__ import annotations

import asyncio
import signal
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import uvloop
from aiohttp import web

from services.environment import MissingSettings, log_level, metrics_address, require
from services.sandboxes.desk import BadRequest, Handler, Route, respond
from streams import logs
from streams.collector import spare_collector
from streams.metrics import MetricsAddress, serve_metrics

_MAX_BODY = 4 * 1024 * 1024
_SHUTDOWN_S = 0.5


@dataclass(frozen=True, slots=True)
class Settings:
    """Where a sandbox listens and keeps its ledger, and how long a shipment travels."""

    database: Path
    host: str
    port: int
    delivery_after_ms: int
    log_level: str
    metrics: MetricsAddress | None = None


def read_settings(environment: Mapping[str, str]) -> Settings:
    """Read the settings. Raises MissingSettings naming every missing or unusable variable."""
    require(environment, ("SANDBOX_DATABASE", "PORT"))
    numbers = {"PORT": environment["PORT"], "DELIVERY_AFTER_MS": environment.get("DELIVERY_AFTER_MS") or "1500"}
    unusable = [f"{name}={value!r}" for name, value in numbers.items() if not value.isdecimal()]
    if unusable:
        raise MissingSettings(f"settings that must be whole numbers: {', '.join(unusable)}")
    return Settings(
        database=Path(environment["SANDBOX_DATABASE"]),
        host=environment.get("HOST") or "127.0.0.1",
        port=int(numbers["PORT"]),
        delivery_after_ms=int(numbers["DELIVERY_AFTER_MS"]),
        log_level=log_level(environment),
        metrics=metrics_address(environment),
    )


def now_ms() -> int:
    """Return milliseconds since the epoch."""
    return time.time_ns() // 1_000_000


def _guarded(handler: Handler) -> Handler:
    """Return the handler with bad requests answered; cheaper per request than a middleware."""

    async def guarded(request: web.Request) -> web.StreamResponse:
        try:
            return await handler(request)
        except BadRequest as error:
            return respond(error.answer)

    return guarded


def application(routes: list[Route]) -> web.Application:
    """Return the application that serves the routes."""
    app = web.Application(client_max_size=_MAX_BODY)
    app.add_routes([web.route(method, path, _guarded(handler)) for method, path, handler in routes])
    return app


async def _serve(settings: Settings, build: Callable[[Settings], list[Route]]) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    runner = web.AppRunner(application(build(settings)), access_log=None, shutdown_timeout=_SHUTDOWN_S)
    await runner.setup()
    await web.TCPSite(runner, settings.host, settings.port, backlog=1024).start()
    spare_collector()
    await stop.wait()
    await runner.cleanup()


def run(name: str, environment: Mapping[str, str], build: Callable[[Settings], list[Route]]) -> int:
    """Serve until SIGTERM. Returns the exit code: 0 after a clean end, 2 when the environment is unusable."""
    try:
        settings = read_settings(environment)
    except MissingSettings as error:
        sys.stderr.write(f"{name}: {error}\n")
        return 2
    log = logs.configure(name, settings.log_level)
    serve_metrics(settings.metrics, log.read)
    uvloop.run(_serve(settings, build))
    return 0
