"""The watchdog as a process: follows saga.events and raises alerts, whatever else is down."""

from __future__ import annotations

import logging
import os
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from schemas import topics
from schemas.codec import Codec
from services.environment import MissingSettings
from services.feed import Feed
from services.follower_process import FollowerSettings, Stopped, follower_settings, run, serve_lag
from services.participant.database import Database
from services.watchdog.pager import NotConfirmed, Pager
from services.watchdog.store import Store
from services.watchdog.vigil import Vigil
from services.watchdog.watch import Watch
from streams import logs
from streams.collector import spare_collector

_log = logging.getLogger(__name__)
_WAIT_S = 0.2
_LINGER_S = 0.5
_POSITIONS = f"SELECT '{topics.EVENTS.name}', partition, next_offset FROM positions"  # noqa: S608 - our topic's name


@dataclass(frozen=True, slots=True)
class Settings:
    """What the environment says."""

    follower: FollowerSettings
    alert_after_ms: int


def read_settings(environment: Mapping[str, str]) -> Settings:
    """Read the settings. Raises MissingSettings."""
    follower = follower_settings(environment, "watchdog")
    seconds = environment.get("LOCKED_ALERT_S") or "300"
    if not seconds.isdecimal() or int(seconds) == 0:
        raise MissingSettings(f"LOCKED_ALERT_S must be a whole number of seconds over zero, not {seconds!r}")
    return Settings(follower, int(seconds) * 1000)


def keep(settings: Settings, stopped: Stopped, now_ms: Callable[[], int], log: logs.Log) -> None:
    """Keep watch until told to stop. Raises the errors that `main` names."""
    own = settings.follower
    database = Database(own.database_url)
    feed = Feed(own.bootstrap, topics.EVENTS.name, own.instance)
    try:
        store = Store(database)
        positions = store.open(feed.partitions())
        pager = Pager(own.bootstrap, own.instance)
        watch = Watch(settings.alert_after_ms, store.locked())
        vigil = Vigil(
            events=feed, store=store, pager=pager, watch=watch, codec=Codec(), positions=positions, now_ms=now_ms
        )
        vigil.recover()
        feed.start(positions)
        spare_collector()
        serve_lag(own, database, _POSITIONS, log.read)
        _log.info("following", extra={"topic": topics.EVENTS.name, "positions": list(positions.items())})
        while not stopped():
            vigil.turn(_WAIT_S, _LINGER_S)
    finally:
        feed.close()
        database.close()


def _work(environment: Mapping[str, str], stopped: Stopped) -> None:
    settings = read_settings(environment)
    log = logs.configure("watchdog", settings.follower.log_level)
    keep(settings, stopped, lambda: time.time_ns() // 1_000_000, log)


def main(environment: Mapping[str, str]) -> int:
    """Run the process. Returns 0 after SIGTERM, 2 for unusable settings, 1 when it cannot go on."""
    return run("watchdog", environment, _work, ends=(NotConfirmed,))


if __name__ == "__main__":
    sys.exit(main(os.environ))
