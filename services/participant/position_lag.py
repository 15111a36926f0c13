"""How far a reader that keeps its positions in SQL is behind its topics: read from there at each scrape."""

from __future__ import annotations

import logging
from collections.abc import Iterable

from prometheus_client.core import Metric

from services.participant.database import Conflict, Database, Unwell, fetch
from streams.lag import Lag

_log = logging.getLogger(__name__)


def position_lag(database: Database, lag: Lag, positions: str) -> Iterable[Metric]:
    """Return the lags; `positions` is a query of topic, partition and next offset. None where SQL does not answer."""
    try:
        with database.apart() as connection:
            rows = fetch(connection, positions, ())
    except (Conflict, Unwell) as error:
        _log.warning("the positions are not known", extra={"why": str(error)})
        return []
    return lag.behind({(str(topic), int(partition)): int(offset) for topic, partition, offset in rows})
