"""The limits in figures that a sentence sets on latency, in seconds."""

from __future__ import annotations

from collections.abc import Iterator

from architect.quantities import Dimension, quantities
from architect.wording import any_of

_LATENCY = any_of(r"""
    latenc\w*|delays?|lag\w*|respon\w*|commit\w*|confirm\w*|visible|propagat\w*|round[- ]trip|transition\w*
    replicat\w*|answer\w*|agree\w*|overhead|cost|extra|added|complet\w*|finish\w*|done|ends?|ended|reads?|writes?
    real[- ]time
    end[- ]to[- ]end|within|under|below|sub|max\w*|at most|in|than|per|takes?|p\d\d+|after
""")
_OTHER = any_of(r"""
    rpo|data loss|retention|jitter|clocks?|skew|granularity|resolution|rto|recover\w*|fail-?over|retr\w+|back-?off
    cach\w+|ttl|validation|window|lose|losing|lost|uptime
""")


def limits(sentence: str) -> Iterator[float]:
    """Yield each time in a sentence that is about latency."""
    for quantity in quantities(sentence):
        if quantity.dimension is not Dimension.TIME:
            continue
        around = sentence[max(0, quantity.start - 60) : quantity.end + 40]
        beside = sentence[: quantity.start].rpartition(",")[2][-60:] + sentence[quantity.start :].partition(",")[0][:60]
        if (quantity.value == 0 or _LATENCY.search(around)) and not _OTHER.search(beside):
            yield quantity.value
