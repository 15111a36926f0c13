"""The projector as a process: keeps the read model, or with `rebuild` builds it anew beside the live one."""

from __future__ import annotations

import logging
import os
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from functools import partial

from schemas import topics
from schemas.codec import Codec
from services.feed import Feed
from services.follower_process import FollowerSettings, Stopped, follower_settings, run, serve_lag
from services.participant.database import Database
from services.projector.fold import Gap
from services.projector.following import Following
from services.projector.metering import event_age
from services.projector.rebuilding import NotSwapped, beside, rebuild
from services.projector.tables import REVISION
from streams import logs
from streams.collector import spare_collector

_log = logging.getLogger(__name__)
_WAIT_S = 0.2
_POSITIONS = "SELECT topic, partition, next_offset FROM projection"


def read_settings(environment: Mapping[str, str]) -> FollowerSettings:
    """Read the settings. Raises MissingSettings."""
    return follower_settings(environment, "projector")


def follow(settings: FollowerSettings, stopped: Stopped, log: logs.Log) -> None:
    """Project until told to stop. Raises the errors that `main` names."""
    with _feeds(settings) as (events, letters), closing(Database(settings.database_url)) as database:
        following = Following(database, events, letters, Codec())
        spare_collector()
        serve_lag(settings, database, _POSITIONS, partial(event_age, following, _now_ms), log.read)
        _log.info("following", extra={"topic": topics.EVENTS.name, "instance": settings.instance})
        while not stopped():
            following.advance(_WAIT_S)


def build_again(settings: FollowerSettings, stopped: Stopped) -> None:
    """Build the read model beside the live one and swap them. Raises the errors that `main` names."""
    with (
        _feeds(replace(settings, instance=f"{settings.instance}-rebuild")) as (events, letters),
        closing(Database(settings.database_url)) as live,
    ):
        live.require(REVISION)
        with beside(settings.database_url) as built:
            following = Following(built, events, letters, Codec())
            swapped = rebuild(live, built, following, stopped)
    _log.info("the rebuilt read model is the live one" if swapped else "stopped before the read model was rebuilt")


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


@contextmanager
def _feeds(settings: FollowerSettings) -> Iterator[tuple[Feed, Feed]]:
    with (
        closing(Feed(settings.bootstrap, topics.EVENTS.name, settings.instance)) as events,
        closing(Feed(settings.bootstrap, topics.DEAD_LETTERS.name, settings.instance, whole=True)) as letters,
    ):
        yield events, letters


def main(arguments: Sequence[str], environment: Mapping[str, str]) -> int:
    """Run the process. Returns 0 after SIGTERM, 2 for unusable settings or arguments, 1 when it cannot go on."""
    if list(arguments) not in ([], ["rebuild"]):
        sys.stderr.write("usage: python -m services.projector.app [rebuild]\n")
        return 2

    def work(environment: Mapping[str, str], stopped: Stopped) -> None:
        settings = read_settings(environment)
        log = logs.configure("projector", settings.log_level)
        if arguments:
            build_again(settings, stopped)
        else:
            follow(settings, stopped, log)

    return run("projector", environment, work, ends=(Gap, NotSwapped))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))
