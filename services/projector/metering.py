"""The projector's own metric: how old the newest event is that the read model has."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from prometheus_client.core import Metric

from services.projector.following import Following
from streams.metrics import gauge


def event_age(following: Following, now_ms: Callable[[], int]) -> Iterator[Metric]:
    """Yield the age of the newest projected event; nothing while there is none."""
    newest = following.newest_at_ms
    if newest is not None:
        about = "Seconds since the newest projected event was decided: it grows while nothing happens, too"
        yield gauge("read_model_newest_event_age_seconds", about, max(0, now_ms() - newest) / 1_000)
