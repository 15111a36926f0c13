"""What processes that follow topics from positions they keep in SQL share: settings, lag, how they begin and end."""

from __future__ import annotations

import logging
import signal
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

from services.environment import MissingSettings, log_level, metrics_address, require
from services.feed import PositionLost, TopicUnavailable
from services.participant.database import Conflict, Database, Unmigrated, Unusable, Unwell
from services.participant.position_lag import position_lag
from streams.kafka_security import SecurityUnusable
from streams.lag import Lag
from streams.metrics import MetricsAddress, Read, serve_metrics
from streams.secret_files import SecretUnreadable, from_files

_log = logging.getLogger(__name__)
_REQUIRED = ("KAFKA_BOOTSTRAP_SERVERS", "DATABASE_URL")
_Errors = tuple[type[Exception], ...]

Stopped = Callable[[], bool]
"""Tells whether the process was asked to end."""


@dataclass(frozen=True, slots=True)
class FollowerSettings:
    """What the environment says to each of them."""

    bootstrap: str
    database_url: str
    instance: str
    log_level: str
    metrics: MetricsAddress | None = None


def follower_settings(environment: Mapping[str, str], name: str, *also: str) -> FollowerSettings:
    """Read what each of them needs; `also`: what this one requires besides.

    Raises MissingSettings naming every variable that is missing, or one that is unusable.
    """
    require(environment, (*_REQUIRED, *also))
    return FollowerSettings(
        bootstrap=environment["KAFKA_BOOTSTRAP_SERVERS"],
        database_url=environment["DATABASE_URL"],
        instance=environment.get("SAGA_INSTANCE") or f"{name}-0",
        log_level=log_level(environment),
        metrics=metrics_address(environment),
    )


def serve_lag(settings: FollowerSettings, database: Database, positions: str, *others: Read) -> None:
    """Serve how far behind the process is, and other metrics, where asked for; `positions` as in `position_lag`."""
    if settings.metrics is not None:
        lag = Lag(settings.bootstrap, settings.instance)
        serve_metrics(settings.metrics, partial(position_lag, database, lag, positions), *others)


def run(
    name: str,
    environment: Mapping[str, str],
    work: Callable[[Mapping[str, str], Stopped], None],
    *,
    unusable: _Errors = (),
    ends: _Errors = (),
) -> int:
    """Work until told to stop. Returns 0 after SIGTERM, 2 for unusable settings, 1 when it cannot go on.

    `work` is given the environment with secrets in place of the files they were in. `unusable` and `ends` are the
    errors of its own that mean 2 and 1.
    """
    refused: _Errors = (MissingSettings, SecretUnreadable, SecurityUnusable, Unusable, Unmigrated, *unusable)
    ended: _Errors = (Conflict, PositionLost, TopicUnavailable, Unwell, *ends)
    stopping: list[int] = []
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda received, _frame: stopping.append(received))
    try:
        work(from_files(environment), lambda: bool(stopping))
    except refused as error:
        sys.stderr.write(f"{name}: {error}\n")
        return 2
    except ended as error:
        _log.error("cannot go on", extra={"why": str(error)})
        return 1
    return 0
