"""The figures as a table for people and as JSON for programs, with the ratios and the thresholds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict

from benchmarks.figures import Threshold, ratio
from benchmarks.measuring import Figures
from benchmarks.plan import EVENTS_PER_S, IN_FLIGHT, SATURATED, STEADY
from benchmarks.wording import DISTURBED, disturbed, number, verdict

STEP_P99_MS = 200.0
FOUR_STEPS_SHARE = 0.25
ORDERS_SHARE = 0.08
CPU_TIMES = 4.0
_HEAD = "{:<12}{:<14}{:>9}{:>8}{:>8}{:>8}{:>9}{:>9}{:>10}{:>8}{:>8}"

Found = Mapping[tuple[str, str], Figures]


def by_subject_and_load(figures: Sequence[Figures]) -> Found:
    """Return the figures by subject and load."""
    return {(one.subject, one.load): one for one in figures}


def thresholds(found: Found) -> list[Threshold]:
    """Return the demands and how they are met."""

    def p99(subject: str) -> float | None:
        figures = found.get((subject, STEADY))
        return None if figures is None else figures.steps.p99

    def share(subject: str) -> float | None:
        return ratios(found, subject, SATURATED)[0]

    return [
        Threshold("4-step saga: step p99 at 500 events/s, ms", STEP_P99_MS, p99("four-steps"), at_most=True),
        Threshold("order fulfilment: step p99 at 500 events/s, ms", STEP_P99_MS, p99("orders"), at_most=True),
        Threshold("4-step saga / bare loop, sagas/s", FOUR_STEPS_SHARE, share("four-steps"), at_most=False),
        Threshold("order fulfilment / bare loop, sagas/s", ORDERS_SHARE, share("orders"), at_most=False),
        Threshold(
            "4-step saga / bare loop, CPU a saga", CPU_TIMES, ratios(found, "four-steps", SATURATED)[1], at_most=True
        ),
    ]


def ratios(found: Found, subject: str, load: str) -> tuple[float | None, float | None]:
    """Return sagas/s and CPU a saga of a subject as multiples of the bare loop's under the same load."""
    mine, bare = found.get((subject, load)), found.get(("bare", load))
    if mine is None or bare is None or not mine.completed:
        return None, None
    return ratio(mine.sagas_per_s, bare.sagas_per_s), ratio(mine.cpu_total, bare.cpu_total)


def as_text(figures: Sequence[Figures]) -> str:
    """Return the tables."""
    found = by_subject_and_load(figures)
    lines = [
        "times in ms; CPU in ms a saga, all processes of the subject and the broker, not the measuring itself",
        f"low: 1 saga in flight; steady: {EVENTS_PER_S:.0f} records a second for the orchestrator; "
        f"saturated: {IN_FLIGHT} sagas in flight",
        "sagas are started on saga.inputs: the gateway's HTTP is no part of the figures",
        "",
        _HEAD.format("", "", "", "step", "step", "step", "end-end", "end-end", "CPU", "x bare", "x bare"),
        _HEAD.format("subject", "load", "sagas/s", "p50", "p99", "max", "p50", "p99", "a saga", "sagas/s", "CPU"),
    ]
    for one in figures:
        share, cost = ratios(found, one.subject, one.load)
        lines.append(
            _HEAD.format(
                one.subject,
                one.load,
                f"{one.sagas_per_s:.1f}",
                *(number(value, 0) for value in (one.steps.p50, one.steps.p99, one.steps.max)),
                *(number(value, 0) for value in (one.end_to_end.p50, one.end_to_end.p99)),
                f"{one.cpu_total:.2f}",
                number(share, 2),
                number(cost, 2),
            )
        )
        if one.strangers > DISTURBED:
            lines.append(f"{'':<12}{disturbed(one.strangers)}")
        if one.failed or one.unfinished:
            reasons = ", ".join(f"{count} ({reason})" for reason, count in one.failed.items())
            lines.append(f"{'':<12}sagas that failed: {reasons or 'none'}; that did not end: {one.unfinished}")
    lines += ["", "CPU in ms a saga by process, saturated:"]
    lines += [_cpu(one) for one in figures if one.load == SATURATED]
    lines += ["", "thresholds:", *(verdict(threshold) for threshold in thresholds(found))]
    return "\n".join(lines)


def as_json(figures: Sequence[Figures], machine: Mapping[str, object]) -> dict[str, object]:
    """Return everything as plain values."""
    found = by_subject_and_load(figures)
    measured = []
    for one in figures:
        share, cost = ratios(found, one.subject, one.load)
        measured.append({**asdict(one), "cpu_total": one.cpu_total, "sagas_x_bare": share, "cpu_x_bare": cost})
    demands = [{**asdict(threshold), "met": threshold.met} for threshold in thresholds(found)]
    return {"machine": machine, "measured": measured, "thresholds": demands}


def _cpu(one: Figures) -> str:
    parts = [f"{name} {spent:.3f}" for name, spent in sorted(one.cpu.items(), key=lambda part: -part[1])]
    own = [f"{name} {spent:.3f}" for name, spent in one.cpu_of_bench.items()]
    return f"  {one.subject}: {', '.join(parts)}  (measuring: {', '.join(own)})"
