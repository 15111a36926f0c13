"""The projector as a process: follows saga.events and keeps the read model; `rebuild` forgets it first."""

from __future__ import annotations

import logging
import os
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from schemas import topics
from schemas.codec import Codec
from services.feed import Feed, PositionLost, TopicUnavailable
from services.participant.database import Conflict, Database, Unmigrated, Unusable, Unwell
from services.projector.fold import Gap
from services.projector.letter_store import LetterStore
from services.projector.projection import Projection
from services.projector.store import Store
from streams import logs
from streams.collector import spare_collector

_log = logging.getLogger(__name__)
_BATCH = 2000
_LETTERS = 20
_WAIT_S = 0.2
_LINGER_S = 0.05


class MissingSettings(ValueError):
    """The environment lacks something; the message names it."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What the environment says."""

    bootstrap: str
    database_url: str
    instance: str
    log_level: str


def read_settings(environment: Mapping[str, str]) -> Settings:
    """Read the settings. Raises MissingSettings naming every one that is missing or unusable."""
    missing = [name for name in ("KAFKA_BOOTSTRAP_SERVERS", "DATABASE_URL") if not environment.get(name)]
    if missing:
        raise MissingSettings(f"missing settings: {', '.join(missing)}")
    level = environment.get("LOG_LEVEL") or "INFO"
    if level not in logs.LEVELS:
        raise MissingSettings(f"LOG_LEVEL must be one of {', '.join(sorted(logs.LEVELS))}")
    return Settings(
        bootstrap=environment["KAFKA_BOOTSTRAP_SERVERS"],
        database_url=environment["DATABASE_URL"],
        instance=environment.get("SAGA_INSTANCE") or "projector-0",
        log_level=level,
    )


def follow(settings: Settings, stopped: Callable[[], bool], rebuild: bool) -> None:
    """Project until told to stop. Raises the errors that `main` names."""
    database = Database(settings.database_url)
    feed = Feed(settings.bootstrap, topics.EVENTS.name, settings.instance)
    letter_feed = Feed(settings.bootstrap, topics.DEAD_LETTERS.name, settings.instance, whole=True)
    try:
        store = Store(database, topics.EVENTS.name)
        if rebuild:
            store.clear()
        positions = store.open(feed.partitions())
        feed.start(positions)
        letters = _letters(database, letter_feed)
        spare_collector()
        _log.info("following", extra={"topic": topics.EVENTS.name, "positions": list(positions.items())})
        projection = Projection(store, Codec(), positions)
        while not stopped():
            entries = feed.take(_BATCH, _WAIT_S, _LINGER_S)
            if entries:
                projection.project(entries)
            dead = letter_feed.take(_LETTERS, 0.0, 0.0)
            if dead:
                letters.take(dead)
    finally:
        feed.close()
        letter_feed.close()
        database.close()


def _letters(database: Database, feed: Feed) -> LetterStore:
    """Have the feed begin where the dead letters of the read model end."""
    topic = topics.DEAD_LETTERS.name
    positions = Store(database, topic).open(feed.partitions())
    feed.start(positions)
    return LetterStore(database, topic, positions)


def main(arguments: Sequence[str], environment: Mapping[str, str]) -> int:
    """Run the process. Returns 0 after SIGTERM, 2 for unusable settings or arguments, 1 when it cannot go on."""
    stopping: list[int] = []
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda received, _frame: stopping.append(received))
    if list(arguments) not in ([], ["rebuild"]):
        sys.stderr.write("usage: python -m services.projector.app [rebuild]\n")
        return 2
    try:
        settings = read_settings(environment)
        logs.configure("projector", settings.log_level)
        follow(settings, lambda: bool(stopping), rebuild=bool(arguments))
    except (MissingSettings, Unusable, Unmigrated) as error:
        sys.stderr.write(f"projector: {error}\n")
        return 2
    except (Gap, Conflict, PositionLost, TopicUnavailable, Unwell) as error:
        _log.error("cannot go on", extra={"why": str(error)})
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))
