"""What a simulated run came to, as lines for the terminal and as JSON."""

from __future__ import annotations

from typing import Any

from simulator.running.run import Simulated

_DAY_MS = 86_400_000


def run_json(run: Simulated) -> dict[str, Any]:
    """Return a run as JSON."""
    return {
        "holds": run.holds,
        "seed": run.plan.seed,
        "sagas": run.plan.sagas,
        "environment": run.plan.environment._asdict(),
        "outcomes": dict(run.outcomes),
        "most_open_at_once": run.most_open,
        "virtual_ms": run.lasted_ms,
        "events": run.events,
        "records": run.records,
        "duplicates": run.doubled,
        "dropouts": run.dropouts,
        "lost_decisions": run.lost_decisions,
        "takeovers": run.takeovers,
        "timers_fired": run.timers,
        "earliest_timer_ms": run.earliest_ms,
        "timer_tolerance_ms": run.plan.environment.tolerance_ms,
        "trace_lines": run.trace_lines,
        "trace_sha256": run.sha256,
        "violations": run.broken,
        "findings": list(run.findings),
    }


def run_lines(run: Simulated) -> list[str]:
    """Return a run for the terminal."""
    plan, environment = run.plan, run.plan.environment
    ended = ", ".join(f"{count:,} {outcome}" for outcome, count in run.outcomes.items())
    lines = [
        f"{plan.sagas:,} sagas, seed {plan.seed}, latency {environment.profile}: {ended}",
        f"  {run.most_open:,} open at once; {run.lasted_ms / _DAY_MS:,.1f} days of virtual time; "
        f"{run.events:,} events, {run.records:,} records, {run.doubled:,} of them doubled",
        f"  {run.dropouts} dropouts, {run.takeovers} takeovers of a partition, {run.lost_decisions:,} decisions lost",
        f"  {run.timers:,} timers fired, the earliest {run.earliest_ms / 1_000:g} s too early: "
        f"clocks are wrong by at most {environment.drift_ms / 1_000:g} s, "
        f"so {environment.tolerance_ms / 1_000:g} s are tolerated",
        f"  trace: {run.trace_lines:,} lines, sha256 {run.sha256}",
        "every invariant held" if run.holds else f"{run.broken:,} violations, such as:",
    ]
    return lines + [f"  {finding}" for finding in run.findings]
