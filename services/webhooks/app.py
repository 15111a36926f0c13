"""The webhooks as a process: follows saga.events and tells clients at their own addresses, at least once."""

from __future__ import annotations

import logging
import os
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from schemas import topics
from schemas.codec import Codec
from services.feed import Feed
from services.follower_process import FollowerSettings, Stopped, follower_settings, run, serve_lag
from services.participant.database import Database
from services.watched_file import Unreadable, WatchedFile
from services.webhooks.courier import Courier
from services.webhooks.endpoints import parse
from services.webhooks.sender import send
from services.webhooks.store import Store
from streams import logs
from streams.collector import spare_collector

_log = logging.getLogger(__name__)
_WAIT_S = 0.2
_LINGER_S = 0.1
_POSITIONS = f"SELECT '{topics.EVENTS.name}', partition, next_offset FROM positions"  # noqa: S608 - our topic's name


@dataclass(frozen=True, slots=True)
class Settings:
    """What the environment says."""

    follower: FollowerSettings
    endpoints: Path


def read_settings(environment: Mapping[str, str]) -> Settings:
    """Read the settings. Raises MissingSettings."""
    follower = follower_settings(environment, "webhooks", "WEBHOOKS_FILE")
    return Settings(follower, Path(environment["WEBHOOKS_FILE"]))


def tell(settings: Settings, stopped: Stopped, now_ms: Callable[[], int], log: logs.Log) -> None:
    """Tell clients until told to stop. Raises the errors that `main` names."""
    own, endpoints = settings.follower, WatchedFile(settings.endpoints, parse)
    database = Database(own.database_url)
    feed = Feed(own.bootstrap, topics.EVENTS.name, own.instance)
    courier = Courier(
        events=feed, store=Store(database), endpoints=endpoints.current, send=send, codec=Codec(), now_ms=now_ms
    )
    try:
        feed.start(courier.open(feed.partitions()))
        spare_collector()
        serve_lag(own, database, _POSITIONS, log.read)
        _log.info("telling", extra={"endpoints": sorted(endpoints.current(now_ms()))})
        while not stopped():
            courier.turn(_WAIT_S, _LINGER_S)
    finally:
        courier.close()
        feed.close()
        database.close()


def _work(environment: Mapping[str, str], stopped: Stopped) -> None:
    settings = read_settings(environment)
    log = logs.configure("webhooks", settings.follower.log_level)
    tell(settings, stopped, lambda: time.time_ns() // 1_000_000, log)


def main(environment: Mapping[str, str]) -> int:
    """Run the process. Returns 0 after SIGTERM, 2 for unusable settings, 1 when it cannot go on."""
    return run("webhooks", environment, _work, unusable=(Unreadable,))


if __name__ == "__main__":
    sys.exit(main(os.environ))
