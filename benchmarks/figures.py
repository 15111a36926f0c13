"""The arithmetic of the figures: percentiles, CPU a saga, ratios to the bare loop, thresholds."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Spread:
    """How a number of times is spread; all in milliseconds, None where nothing was measured."""

    count: int
    p50: float | None
    p99: float | None
    max: float | None


@dataclass(frozen=True, slots=True)
class Threshold:
    """One demand: `measured` against `limit`; `met` is None where it was not measured in this run."""

    name: str
    limit: float
    measured: float | None
    at_most: bool

    @property
    def met(self) -> bool | None:
        """Whether the demand is met."""
        if self.measured is None:
            return None
        return self.measured < self.limit if self.at_most else self.measured >= self.limit


def percentile(ordered: Sequence[float], share: float) -> float:
    """Return the smallest value that at least `share` (above 0, at most 1) of the values do not exceed.

    `ordered` is sorted and not empty.
    """
    return ordered[max(0, math.ceil(len(ordered) * share) - 1)]


def spread(times_ms: Sequence[float]) -> Spread:
    """Return the spread of times in any order."""
    if not times_ms:
        return Spread(0, None, None, None)
    ordered = sorted(times_ms)
    return Spread(len(ordered), percentile(ordered, 0.5), percentile(ordered, 0.99), ordered[-1])


def per_saga(cpu_ms: Mapping[str, float], sagas: int) -> dict[str, float]:
    """Return CPU-milliseconds a saga by process; empty where no saga was completed."""
    return {name: spent / sagas for name, spent in cpu_ms.items()} if sagas else {}


def ratio(value: float | None, base: float | None) -> float | None:
    """Return value / base; None where either is missing or the base is 0."""
    return None if value is None or not base else value / base
