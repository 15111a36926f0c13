"""The figures of the gateway beside the bare route: tables, JSON, thresholds."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any

from benchmarks.cpu import MACHINE
from benchmarks.figures import Spread, Threshold, ratio
from benchmarks.gateway.plan import RATE, SATURATED, STEADY
from benchmarks.gateway.servers import BARE, GATEWAY
from benchmarks.wording import DISTURBED, disturbed, number, verdict

P99_MS = 50.0
SHARE = 0.5
RATE_SHARE = 0.99
"""Of the rate that is asked for, so much has to be accepted: the edges of the window cut off some."""
_HEAD = "{:<11}{:<10}{:>6}{:>11}{:>8}{:>8}{:>8}{:>12}{:>12}{:>12}"


@dataclass(frozen=True, slots=True)
class Figures:
    """One server under one load; times in milliseconds, CPU in milliseconds a request."""

    server: str
    load: str
    round: int
    accepted: int
    per_s: float
    took: Spread
    refused: Mapping[str, int]
    unanswered: int
    cpu_of_server: float | None
    cpu_of_broker: float | None
    cpu_of_generator: float | None
    strangers: float
    """The share of the machine's CPUs, from 0 to 1, that programs which have no part in this took meanwhile."""


def figures(server: str, load: str, number: int, answer: Mapping[str, Any]) -> Figures:
    """Return what the load generator's answer says."""
    cpu = dict(answer["cpu_ms"])
    busy = cpu.pop(MACHINE)
    window_ms = answer["window_s"] * 1_000
    return Figures(
        server=server,
        load=load,
        round=number,
        accepted=answer["accepted"],
        per_s=answer["accepted"] / answer["window_s"],
        took=Spread(**answer["took"]),
        refused=answer["refused"],
        unanswered=answer["unanswered"],
        cpu_of_server=ratio(cpu[server], answer["accepted"]),
        cpu_of_broker=ratio(cpu["broker"], answer["accepted"]),
        cpu_of_generator=ratio(cpu["bench.generator"], answer["accepted"]),
        strangers=max(0.0, busy - sum(cpu.values())) / window_ms / (os.cpu_count() or 1),
    )


def thresholds(found: Sequence[Figures]) -> list[Threshold]:
    """Return the demands and how they are met."""
    steady = next((one for one in found if (one.server, one.load) == (GATEWAY, STEADY)), None)
    accepted = None if steady is None else steady.per_s / RATE
    p99 = None if steady is None else steady.took.p99
    return [
        Threshold(f"gateway: accepted of {RATE:g} orders/s", RATE_SHARE, accepted, at_most=False),
        Threshold(f"gateway: p99 at {RATE:g} orders/s, ms", P99_MS, p99, at_most=True),
        Threshold("gateway / bare route, orders/s accepted at most", SHARE, share(found), at_most=False),
    ]


def share(found: Sequence[Figures]) -> float | None:
    """Return the gateway's highest rate as a part of the bare route's: the median of the rounds, each by itself."""
    rates = {(one.server, one.round): one.per_s for one in found if one.load == SATURATED}
    shares = [ratio(rate, rates.get((BARE, number))) for (server, number), rate in rates.items() if server == GATEWAY]
    known = [one for one in shares if one is not None]
    return median(known) if known else None


def as_text(found: Sequence[Figures]) -> str:
    """Return the tables."""
    lines = [
        "times in ms from when a request was due to its 202; CPU in ms a request, user and system",
        "",
        _HEAD.format("", "", "", "accepted", "", "", "", "CPU of", "CPU of", "CPU of"),
        _HEAD.format("load", "server", "round", "a second", "p50", "p99", "max", "server", "broker", "generator"),
    ]
    for one in found:
        times = [number(value, 1) for value in (one.took.p50, one.took.p99, one.took.max)]
        cpu = [number(value, 3) for value in (one.cpu_of_server, one.cpu_of_broker, one.cpu_of_generator)]
        lines.append(_HEAD.format(one.load, one.server, one.round, f"{one.per_s:.1f}", *times, *cpu))
        if one.refused or one.unanswered:
            lines.append(f"{'':<11}not accepted: {dict(one.refused)}; without an answer: {one.unanswered}")
        if one.strangers > DISTURBED:
            lines.append(f"{'':<11}{disturbed(one.strangers)}")
    return "\n".join([*lines, "", "thresholds:", *(verdict(threshold) for threshold in thresholds(found))])


def as_json(found: Sequence[Figures], machine: Mapping[str, object]) -> dict[str, object]:
    """Return everything as plain values."""
    demands = [{**asdict(threshold), "met": threshold.met} for threshold in thresholds(found)]
    return {"machine": machine, "measured": [asdict(one) for one in found], "thresholds": demands}
