"""The webhooks as a process: follows saga.events and tells clients at their own addresses, at least once."""

from __future__ import annotations

import logging
import os
import signal
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from schemas import topics
from schemas.codec import Codec
from services.feed import Feed, PositionLost, TopicUnavailable
from services.participant.database import Conflict, Database, Unmigrated, Unusable, Unwell
from services.participant.position_lag import position_lag
from services.webhooks.courier import Courier
from services.webhooks.endpoints import BadEndpoints, load
from services.webhooks.sender import send
from services.webhooks.store import Store
from streams import logs
from streams.kafka_security import SecurityUnusable
from streams.lag import Lag
from streams.metrics import BadMetricsSettings, MetricsAddress, metrics_address, serve_metrics
from streams.secret_files import SecretUnreadable, from_files

_log = logging.getLogger(__name__)
_WAIT_S = 0.2
_LINGER_S = 0.1
_POSITIONS = f"SELECT '{topics.EVENTS.name}', partition, next_offset FROM positions"  # noqa: S608 - our topic's name
_REQUIRED = ("KAFKA_BOOTSTRAP_SERVERS", "DATABASE_URL", "WEBHOOKS_FILE")


class MissingSettings(ValueError):
    """The environment lacks something, or has something unusable; the message names it."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What the environment says."""

    bootstrap: str
    database_url: str
    endpoints: Path
    instance: str
    log_level: str
    metrics: MetricsAddress | None = None


def read_settings(environment: Mapping[str, str]) -> Settings:
    """Read the settings. Raises MissingSettings naming every one that is missing or unusable."""
    missing = [name for name in _REQUIRED if not environment.get(name)]
    if missing:
        raise MissingSettings(f"missing settings: {', '.join(missing)}")
    level = environment.get("LOG_LEVEL") or "INFO"
    if level not in logs.LEVELS:
        raise MissingSettings(f"LOG_LEVEL must be one of {', '.join(sorted(logs.LEVELS))}")
    try:
        metrics = metrics_address(environment)
    except BadMetricsSettings as error:
        raise MissingSettings(str(error)) from error
    return Settings(
        bootstrap=environment["KAFKA_BOOTSTRAP_SERVERS"],
        database_url=environment["DATABASE_URL"],
        endpoints=Path(environment["WEBHOOKS_FILE"]),
        instance=environment.get("SAGA_INSTANCE") or "webhooks-0",
        log_level=level,
        metrics=metrics,
    )


def tell(settings: Settings, stopped: Callable[[], bool], now_ms: Callable[[], int]) -> None:
    """Tell clients until told to stop. Raises the errors that `main` names."""
    endpoints = load(settings.endpoints)
    database = Database(settings.database_url)
    feed = Feed(settings.bootstrap, topics.EVENTS.name, settings.instance)
    courier = Courier(events=feed, store=Store(database), endpoints=endpoints, send=send, codec=Codec(), now_ms=now_ms)
    try:
        feed.start(courier.open(feed.partitions()))
        if settings.metrics is not None:
            lag = Lag(settings.bootstrap, settings.instance)
            serve_metrics(settings.metrics, partial(position_lag, database, lag, _POSITIONS))
        _log.info("telling", extra={"endpoints": sorted(endpoints)})
        while not stopped():
            courier.turn(_WAIT_S, _LINGER_S)
    finally:
        courier.close()
        feed.close()
        database.close()


def main(environment: Mapping[str, str]) -> int:
    """Run the process. Returns 0 after SIGTERM, 2 for unusable settings, 1 when it could not go on."""
    stopping: list[int] = []
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda received, _frame: stopping.append(received))
    try:
        settings = read_settings(from_files(environment))
        logs.configure("webhooks", settings.log_level)
        tell(settings, lambda: bool(stopping), lambda: time.time_ns() // 1_000_000)
    except (MissingSettings, BadEndpoints, SecretUnreadable, SecurityUnusable, Unusable, Unmigrated) as error:
        sys.stderr.write(f"webhooks: {error}\n")
        return 2
    except (Conflict, PositionLost, TopicUnavailable, Unwell) as error:
        _log.error("cannot go on", extra={"why": str(error)})
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(os.environ))
