"""The projector as a process: keeps the read model, or with `rebuild` builds it anew beside the live one."""

from __future__ import annotations

import logging
import os
import signal
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from functools import partial

from schemas import topics
from schemas.codec import Codec
from services.feed import Feed, PositionLost, TopicUnavailable
from services.participant.database import Conflict, Database, Unmigrated, Unusable, Unwell
from services.participant.position_lag import position_lag
from services.projector.fold import Gap
from services.projector.following import Following
from services.projector.rebuilding import NotSwapped, beside, rebuild
from services.projector.tables import REVISION
from streams import logs
from streams.collector import spare_collector
from streams.kafka_security import SecurityUnusable
from streams.lag import Lag
from streams.metrics import BadMetricsSettings, MetricsAddress, metrics_address, serve_metrics
from streams.secret_files import SecretUnreadable, from_files

_log = logging.getLogger(__name__)
_WAIT_S = 0.2
_POSITIONS = "SELECT topic, partition, next_offset FROM projection"


class MissingSettings(ValueError):
    """The environment lacks something; the message names it."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What the environment says."""

    bootstrap: str
    database_url: str
    instance: str
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
    return Settings(
        bootstrap=environment["KAFKA_BOOTSTRAP_SERVERS"],
        database_url=environment["DATABASE_URL"],
        instance=environment.get("SAGA_INSTANCE") or "projector-0",
        log_level=level,
        metrics=metrics,
    )


def follow(settings: Settings, stopped: Callable[[], bool]) -> None:
    """Project until told to stop. Raises the errors that `main` names."""
    with _feeds(settings) as (events, letters), closing(Database(settings.database_url)) as database:
        following = Following(database, events, letters, Codec())
        spare_collector()
        if settings.metrics is not None:
            lag = Lag(settings.bootstrap, settings.instance)
            serve_metrics(settings.metrics, partial(position_lag, database, lag, _POSITIONS))
        _log.info("following", extra={"topic": topics.EVENTS.name, "instance": settings.instance})
        while not stopped():
            following.advance(_WAIT_S)


def build_again(settings: Settings, stopped: Callable[[], bool]) -> None:
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


@contextmanager
def _feeds(settings: Settings) -> Iterator[tuple[Feed, Feed]]:
    with (
        closing(Feed(settings.bootstrap, topics.EVENTS.name, settings.instance)) as events,
        closing(Feed(settings.bootstrap, topics.DEAD_LETTERS.name, settings.instance, whole=True)) as letters,
    ):
        yield events, letters


def main(arguments: Sequence[str], environment: Mapping[str, str]) -> int:
    """Run the process. Returns 0 after SIGTERM, 2 for unusable settings or arguments, 1 when it cannot go on."""
    stopping: list[int] = []
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda received, _frame: stopping.append(received))
    if list(arguments) not in ([], ["rebuild"]):
        sys.stderr.write("usage: python -m services.projector.app [rebuild]\n")
        return 2
    try:
        settings = read_settings(from_files(environment))
        logs.configure("projector", settings.log_level)
        (build_again if arguments else follow)(settings, lambda: bool(stopping))
    except (MissingSettings, SecretUnreadable, SecurityUnusable, Unusable, Unmigrated) as error:
        sys.stderr.write(f"projector: {error}\n")
        return 2
    except (Gap, Conflict, PositionLost, TopicUnavailable, Unwell, NotSwapped) as error:
        _log.error("cannot go on", extra={"why": str(error)})
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))
