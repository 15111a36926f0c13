"""The watchdog as a process: follows saga.events and raises alerts, whatever else is down."""

from __future__ import annotations

import logging
import os
import signal
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

from schemas import topics
from schemas.codec import Codec
from services.feed import Feed, PositionLost, TopicUnavailable
from services.participant.database import Conflict, Database, Unmigrated, Unusable, Unwell
from services.participant.position_lag import position_lag
from services.watchdog.pager import NotConfirmed, Pager
from services.watchdog.store import Store
from services.watchdog.vigil import Vigil
from services.watchdog.watch import Watch
from streams import logs
from streams.collector import spare_collector
from streams.kafka_security import SecurityUnusable
from streams.lag import Lag
from streams.metrics import BadMetricsSettings, MetricsAddress, metrics_address, serve_metrics
from streams.secret_files import SecretUnreadable, from_files

_log = logging.getLogger(__name__)
_WAIT_S = 0.2
_LINGER_S = 0.5
_POSITIONS = f"SELECT '{topics.EVENTS.name}', partition, next_offset FROM positions"  # noqa: S608 - our topic's name


class MissingSettings(ValueError):
    """The environment lacks something, or has something unusable; the message names it."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What the environment says."""

    bootstrap: str
    database_url: str
    instance: str
    alert_after_ms: int
    log_level: str
    metrics: MetricsAddress | None = None


def read_settings(environment: Mapping[str, str]) -> Settings:
    """Read the settings. Raises MissingSettings naming every one that is missing or unusable."""
    missing = [name for name in ("KAFKA_BOOTSTRAP_SERVERS", "DATABASE_URL") if not environment.get(name)]
    if missing:
        raise MissingSettings(f"missing settings: {', '.join(missing)}")
    level = environment.get("LOG_LEVEL") or "INFO"
    if level not in logs.LEVELS:
        raise MissingSettings(f"LOG_LEVEL must be one of {', '.join(sorted(logs.LEVELS))}")
    try:
        metrics = metrics_address(environment)
    except BadMetricsSettings as error:
        raise MissingSettings(str(error)) from error
    seconds = environment.get("LOCKED_ALERT_S") or "300"
    if not seconds.isdecimal() or int(seconds) == 0:
        raise MissingSettings(f"LOCKED_ALERT_S must be a whole number of seconds over zero, not {seconds!r}")
    return Settings(
        bootstrap=environment["KAFKA_BOOTSTRAP_SERVERS"],
        database_url=environment["DATABASE_URL"],
        instance=environment.get("SAGA_INSTANCE") or "watchdog-0",
        alert_after_ms=int(seconds) * 1000,
        log_level=level,
        metrics=metrics,
    )


def keep(settings: Settings, stopped: Callable[[], bool], now_ms: Callable[[], int]) -> None:
    """Keep watch until told to stop. Raises the errors that `main` names."""
    database = Database(settings.database_url)
    feed = Feed(settings.bootstrap, topics.EVENTS.name, settings.instance)
    try:
        store = Store(database)
        positions = store.open(feed.partitions())
        pager = Pager(settings.bootstrap, settings.instance)
        watch = Watch(settings.alert_after_ms, store.locked())
        vigil = Vigil(
            events=feed, store=store, pager=pager, watch=watch, codec=Codec(), positions=positions, now_ms=now_ms
        )
        vigil.recover()
        feed.start(positions)
        spare_collector()
        if settings.metrics is not None:
            lag = Lag(settings.bootstrap, settings.instance)
            serve_metrics(settings.metrics, partial(position_lag, database, lag, _POSITIONS))
        _log.info("following", extra={"topic": topics.EVENTS.name, "positions": list(positions.items())})
        while not stopped():
            vigil.turn(_WAIT_S, _LINGER_S)
    finally:
        feed.close()
        database.close()


def main(environment: Mapping[str, str]) -> int:
    """Run the process. Returns 0 after SIGTERM, 2 for unusable settings, 1 when it cannot go on."""
    stopping: list[int] = []
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda received, _frame: stopping.append(received))
    try:
        settings = read_settings(from_files(environment))
        logs.configure("watchdog", settings.log_level)
        keep(settings, lambda: bool(stopping), lambda: time.time_ns() // 1_000_000)
    except (MissingSettings, SecretUnreadable, SecurityUnusable, Unusable, Unmigrated) as error:
        sys.stderr.write(f"watchdog: {error}\n")
        return 2
    except (Conflict, PositionLost, TopicUnavailable, NotConfirmed, Unwell) as error:
        _log.error("cannot go on", extra={"why": str(error)})
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(os.environ))
