"""Running a participant as a process: exit code 0 after SIGTERM, 2 for bad settings, 1 when it cannot go on."""

from __future__ import annotations

import logging
import signal
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import FrameType
from typing import Generic

from schemas.codec import MAX_MESSAGE_BYTES, Codec
from schemas.topics import here
from services.participant.breaker import Breaker
from services.participant.calls import Calls
from services.participant.client import Client
from services.participant.database import Conflict, Database, Unmigrated, Unusable, Unwell
from services.participant.handlers import L, Service
from services.participant.metering import call_metrics, loop_metrics
from services.participant.rounds import Rounds
from services.participant.settings import BadSettings, ProviderSettings, Settings, read_settings
from services.participant.shell import Shell
from services.participant.telemetry import Telemetry
from streams.collector import spare_collector
from streams.errors import Fatal
from streams.kafka_config import KafkaConfig
from streams.kafka_driver import KafkaDriver
from streams.kafka_security import SecurityUnusable
from streams.lag import Lag
from streams.logs import Log, configure
from streams.message_sizes import MessageSizes
from streams.metrics import serve_metrics
from streams.secret_files import SecretUnreadable, from_files
from streams.watchdog import Watchdog

_log = logging.getLogger(__name__)

WATCHDOG_S = 45.0


@dataclass(frozen=True, slots=True)
class Parts(Generic[L]):
    """What a participant's composition root hands over: its service and the clients of its calls."""

    service: Service[L]
    clients: Sequence[Client] = ()


Build = Callable[[Mapping[str, str], Database], Parts[L]]
"""Makes the parts from the environment and the database. Raises BadSettings."""


def now_ms() -> int:
    """Return the time in milliseconds since the epoch."""
    return time.time_ns() // 1_000_000


def steady_ms() -> int:
    """Return milliseconds of a clock that nobody sets."""
    return time.monotonic_ns() // 1_000_000


def client_of(settings: ProviderSettings) -> Client:
    """Return a client with its own circuit breaker."""
    breaker = Breaker(settings.breaker_failures, settings.breaker_open_ms, settings.breaker_probes)
    return Client(settings.url, settings.timeout_ms, settings.concurrency, breaker, steady_ms)


def run(name: str, environment: Mapping[str, str], build: Build[L]) -> int:
    """Run until SIGTERM or SIGINT and return the exit code."""
    try:
        environment = from_files(environment)
        settings = read_settings(environment, name)
        log = configure(settings.instance, settings.log_level)
        database = Database(settings.database_url)
        parts = build(environment, database)
        database.require(parts.service.revision)
    except (BadSettings, SecretUnreadable, Unusable) as error:
        print(f"{name}: {error}", file=sys.stderr)  # noqa: T201 - for the person who started it
        return 2
    except Unmigrated as error:
        print(f"{name}: {error}; run: python -m services.migrate {name}", file=sys.stderr)  # noqa: T201 - as above
        return 2
    spare_collector()
    try:
        return _serve(settings, database, parts, log)
    except SecurityUnusable as error:
        _log.critical("cannot go on: %s", error)
        return 2
    except (Fatal, Conflict, Unwell) as error:
        _log.critical("cannot go on: %s", error)
        return 1
    finally:
        database.close()


def _serve(settings: Settings, database: Database, parts: Parts[L], log: Log) -> int:
    service = parts.service
    joined = ending = False

    def end(_signal: int, _frame: FrameType | None) -> None:
        nonlocal ending
        ending = True
        if not joined:
            sys.exit(0)

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)
    driver = KafkaDriver(KafkaConfig(settings.bootstrap, here(service.name), here(settings.instance)))
    telemetry = Telemetry(log.process) if log.tells_info else None
    sizes = MessageSizes(MAX_MESSAGE_BYTES, time.monotonic)
    codec = Codec(on_large=sizes.note)
    rounds = Rounds(service, database, codec, now_ms, telemetry, log.output.write)
    shell = Shell(service, rounds, Calls(parts.clients), driver, now_ms=now_ms)
    if settings.metrics is not None:
        lag = Lag(settings.bootstrap, here(service.name))
        serve_metrics(
            settings.metrics,
            rounds.counts.read,
            log.read,
            sizes.read,
            lambda: loop_metrics(shell.standing()),
            lambda: call_metrics([client.watched for client in parts.clients]),
            lambda: lag.of_group([service.topic]),
        )
    watchdog = Watchdog(WATCHDOG_S)
    watchdog.start()
    try:
        shell.start()
        joined = True
        _log.info("started", extra={"database": database.engine.dialect.name})
        while not ending:
            shell.step()
            watchdog.beat()
        shell.finish()
    finally:
        shell.close()
        watchdog.stop()
    _log.info("ended")
    return 0
