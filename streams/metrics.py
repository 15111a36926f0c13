"""GET /metrics of a process: Prometheus text made at each scrape from numbers that the process keeps anyway."""

from __future__ import annotations

import logging
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from prometheus_client import CollectorRegistry, GCCollector, ProcessCollector, start_http_server
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

_log = logging.getLogger(__name__)

Read = Callable[[], Iterable[Metric]]
"""Returns metrics as they are now; called on the thread of a scrape, beside the thread that counts."""

LATENCY_MS = (1.0, 2.5, 5.0, 10.0, 25.0, 50.0, 100.0, 250.0, 500.0, 1_000.0, 2_500.0, 5_000.0, 10_000.0, 60_000.0)
"""Upper bounds of the buckets of every histogram of durations, in milliseconds."""


class BadMetricsSettings(ValueError):
    """METRICS_PORT is no port; the message says so."""


@dataclass(frozen=True, slots=True)
class MetricsAddress:
    """Where a process serves its metrics."""

    host: str
    port: int


def metrics_address(environment: Mapping[str, str]) -> MetricsAddress | None:
    """Return what METRICS_HOST and METRICS_PORT say, None without a port. Raises BadMetricsSettings."""
    port = environment.get("METRICS_PORT")
    if not port:
        return None
    if not port.isdecimal() or not 0 < int(port) < 65_536:
        raise BadMetricsSettings(f"METRICS_PORT must be the number of a port, not {port!r}")
    return MetricsAddress(environment.get("METRICS_HOST") or "127.0.0.1", int(port))


class Histogram:
    """Durations counted by bucket. One thread observes, any may read: a count can be one ahead of the sum."""

    __slots__ = ("_counts", "_sum_ms")

    def __init__(self) -> None:
        self._counts = [0] * (len(LATENCY_MS) + 1)
        self._sum_ms = 0.0

    def observe(self, took_ms: float) -> None:
        """Count a duration in milliseconds."""
        self._counts[bisect_left(LATENCY_MS, took_ms)] += 1
        self._sum_ms += took_ms

    @property
    def observed(self) -> int:
        """How many durations were counted."""
        return sum(self._counts)

    def buckets(self) -> tuple[list[tuple[str, float]], float]:
        """Return cumulative counts by upper bound in seconds, as Prometheus has them, and the sum in seconds."""
        counted, total = [], 0
        for bound, count in zip((*LATENCY_MS, None), self._counts.copy(), strict=True):
            total += count
            counted.append(("+Inf" if bound is None else f"{bound / 1_000:g}", float(total)))
        return counted, self._sum_ms / 1_000


Labels = Mapping[str, str]
_NO_LABELS: Labels = {}


def counter(name: str, about: str, values: Iterable[tuple[Labels, float]]) -> Metric:
    """Return a counter; `name` has no `_total` at its end."""
    found = list(values)
    family = CounterMetricFamily(name, about, labels=_names(found))
    for labels, value in found:
        family.add_metric(list(labels.values()), value)
    return family


def count(name: str, about: str, value: float) -> Metric:
    """Return a counter without labels."""
    return counter(name, about, [(_NO_LABELS, value)])


def gauges(name: str, about: str, values: Iterable[tuple[Labels, float]]) -> Metric:
    """Return a gauge with labels."""
    found = list(values)
    family = GaugeMetricFamily(name, about, labels=_names(found))
    for labels, value in found:
        family.add_metric(list(labels.values()), value)
    return family


def gauge(name: str, about: str, value: float) -> Metric:
    """Return a gauge without labels."""
    return gauges(name, about, [(_NO_LABELS, value)])


def bounded(name: str, about: str, value: float, limit: float) -> Iterator[Metric]:
    """Yield how much of something bounded is used, and beside it the bound."""
    yield gauge(name, about, value)
    yield gauge(f"{name}_limit", f"The bound of {name}", limit)


def histograms(name: str, about: str, values: Iterable[tuple[Labels, Histogram]]) -> Metric:
    """Return a histogram in seconds with labels."""
    found = list(values)
    family = HistogramMetricFamily(name, about, labels=_names(found))
    for labels, histogram in found:
        buckets, total = histogram.buckets()
        family.add_metric(list(labels.values()), buckets, total)
    return family


def histogram(name: str, about: str, value: Histogram) -> Metric:
    """Return a histogram in seconds without labels."""
    return histograms(name, about, [(_NO_LABELS, value)])


def _names(values: Sequence[tuple[Labels, object]]) -> list[str]:
    return list(values[0][0]) if values else []


class _Reading(Collector):
    """Makes the registry ask again at each scrape."""

    def __init__(self, read: Read) -> None:
        self._read = read

    def collect(self) -> Iterable[Metric]:
        return self._read()

    def describe(self) -> Iterable[Metric]:
        # Without this the registry would ask for all values at once to learn the names.
        return ()


def registry_of(*reads: Read) -> CollectorRegistry:
    """Return a registry of what is read, and of the process itself."""
    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    GCCollector(registry=registry)
    for read in reads:
        registry.register(_Reading(read))
    return registry


def serve_metrics(address: MetricsAddress | None, *reads: Read) -> None:
    """Serve on a thread that ends with the process; without an address nothing is served.

    A port that is taken is logged and not fatal: a process that works matters more than one that is watched.
    """
    if address is None:
        return
    try:
        start_http_server(address.port, address.host, registry_of(*reads))
    except OSError as error:
        _log.error("metrics are not served", extra={"port": address.port, "why": str(error)})
