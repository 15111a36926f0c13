"""What is measured: the loads, how long each lasts, and the orders for generator and observer as JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass

EVENTS_PER_S = 500.0
IN_FLIGHT = 2_000
LOW = "low"
STEADY = "steady"
"""500 records a second that the orchestrator has to consume."""
SATURATED = "saturated"


@dataclass(frozen=True, slots=True)
class Load:
    """How sagas are started: `in_flight` at any time, or `rate` a second whatever comes back (0: not so).

    Measuring begins once `warm_up_sagas` have ended and `warm_up_s` have passed, and ends after `window_s` seconds or,
    where that is 0, after `sagas` more have ended.
    """

    name: str
    in_flight: int = 0
    rate: float = 0.0
    warm_up_sagas: int = 0
    warm_up_s: float = 0.0
    ramp_s: float = 0.0
    """`in_flight` grows from 0 over so many seconds: two thousand sagas that start together stay together, in waves."""
    window_s: float = 0.0
    sagas: int = 0
    sampled_partitions: int = 4
    """Of the four partitions, so many are watched step by step."""

    @property
    def limit_s(self) -> float:
        """After so many seconds the load is over, whatever has come back."""
        return self.warm_up_s + (self.window_s or 30.0) + 15.0


def loads(events_per_saga: int, low_sagas: int, *, quick: bool) -> list[Load]:
    """Return the three loads of a subject; `events_per_saga` are the records its orchestrator consumes for one saga."""
    shorter = 3.0 if quick else 1.0
    return [
        Load(LOW, in_flight=1, warm_up_sagas=10, sagas=int(low_sagas / shorter)),
        Load(
            STEADY, rate=EVENTS_PER_S / events_per_saga, warm_up_sagas=1, warm_up_s=3 / shorter, window_s=20 / shorter
        ),
        Load(
            SATURATED,
            in_flight=IN_FLIGHT,
            warm_up_sagas=1,
            ramp_s=4 / shorter,
            warm_up_s=8 / shorter,
            window_s=18 / shorter,
            sampled_partitions=1,
        ),
    ]


def warming(*, quick: bool) -> Load:
    """Return the load that has the broker's hot code compiled before anything is measured, whatever comes first."""
    return Load("warming", in_flight=IN_FLIGHT, warm_up_sagas=1, window_s=5.0 if quick else 12.0, sampled_partitions=1)


@dataclass(frozen=True, slots=True)
class GeneratorOrder:
    """What the load generator needs. In `value` (hex) and its key, `placeholder` stands for the saga id."""

    bootstrap: str
    start_topic: str
    end_topic: str
    completed: str
    """What the value of a saga's last record holds; empty: every record of `end_topic` is a last one."""
    failed: tuple[str, ...]
    value: str
    placeholder: str
    saga_prefix: str
    load: Load
    pids: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class ObserverOrder:
    """What the observer of steps needs. Cause and effect are matched by header or, in the bare loop, by the step."""

    bootstrap: str
    input_topics: tuple[str, ...]
    output_topics: tuple[str, ...]
    partitions: int


def written(order: GeneratorOrder | ObserverOrder) -> str:
    """Return an order as JSON."""
    return json.dumps(asdict(order))


def generator_order(text: str) -> GeneratorOrder:
    """Read what `written` wrote."""
    fields = json.loads(text)
    return GeneratorOrder(**{**fields, "failed": tuple(fields["failed"]), "load": Load(**fields["load"])})


def observer_order(text: str) -> ObserverOrder:
    """Read what `written` wrote."""
    fields = json.loads(text)
    topics = {name: tuple(fields[name]) for name in ("input_topics", "output_topics")}
    return ObserverOrder(**{**fields, **topics})
