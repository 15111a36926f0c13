"""What is measured at the gateway: the loads, and the order for the load generator as JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass

RATE = 1_000.0
CONNECTIONS = 128
STEADY = "steady"
SATURATED = "saturated"
ROUNDS = 3


@dataclass(frozen=True, slots=True)
class Load:
    """Requests by the clock, `rate` a second whatever comes back; 0: as many as `connections` carry one by one."""

    name: str
    rate: float
    warm_up_s: float
    window_s: float
    connections: int = CONNECTIONS


def steady(*, quick: bool) -> Load:
    """Return the load of 1,000 orders a second."""
    return Load(STEADY, RATE, 2.0, 6.0 if quick else 20.0)


def saturated(*, quick: bool) -> Load:
    """Return the load that finds out how many orders a second are taken at most."""
    return Load(SATURATED, 0.0, 1.0, 3.0 if quick else 5.0)


@dataclass(frozen=True, slots=True)
class Order:
    """What the load generator needs. In `request`, `placeholder` stands for the idempotency key, one for each request.

    `pids`: the processes whose CPU is read at the edges of the window.
    """

    port: int
    request: str
    placeholder: str
    prefix: str
    load: Load
    pids: Mapping[str, int]


def written(order: Order) -> str:
    """Return an order as JSON."""
    return json.dumps(asdict(order))


def read(text: str) -> Order:
    """Read what `written` wrote."""
    fields = json.loads(text)
    return Order(**{**fields, "load": Load(**fields["load"])})
