"""How far the read model is behind, as metrics: what GET /v1/read-model tells."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client.core import Metric

from services.gateway.reading.freshness import Freshness
from services.gateway.reading.status import records_behind
from streams.metrics import gauge


def lag_metrics(freshness: Freshness) -> Iterator[Metric]:
    """Yield the age of what is shown, whether that is called stale, and the records behind where they are known."""
    now = freshness.now()
    about = "Seconds since the read model had all there was, every process at work: about 1 where it keeps up"
    yield gauge("read_model_age_seconds", about, now.age_ms / 1_000)
    yield gauge("read_model_stale", "1 while answers say that they are stale", now.stale)
    records = records_behind(now)
    if records is not None:
        yield gauge("read_model_lag_records", "Offsets of saga.events that are not projected", records)
