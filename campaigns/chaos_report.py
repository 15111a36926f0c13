"""The figures of a chaos campaign as a Markdown page, and what did not hold."""

from __future__ import annotations

import os
import platform
import statistics
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from campaigns.kills import MEASURED_BY, Kill
from campaigns.load_run import Result
from verify.render import verdict
from verify.report import Report


@dataclass(frozen=True, slots=True)
class Campaign:
    """Everything one campaign brought out; the limit is in milliseconds."""

    kills: Sequence[Kill]
    result: Result
    books: Report
    seed: int
    rate: float
    orchestrators: int
    limit_ms: float

    def failures(self) -> list[str]:
        """Return what did not hold, one line each; empty means everything did."""
        failed = [f"{kill.name} was not at work again" for kill in self.kills if kill.recovery_ms is None]
        failed += [
            f"{kill.name} took {kill.recovery_ms / 1000:.2f} s; at most {self.limit_ms / 1000:.0f} s are allowed"
            for kill in self.kills
            if kill.kind == "orchestrator" and kill.recovery_ms is not None and kill.recovery_ms >= self.limit_ms
        ]
        if self.result.unfinished:
            failed.append(f"{len(self.result.unfinished)} accepted orders never ended")
        if not self.books.holds:
            failed.append(verdict(self.books))
        return failed


def markdown(campaign: Campaign) -> str:
    """Return the page."""
    failures = campaign.failures()
    lines = [
        "# Kill -9 of every process under load",
        "",
        f"Made by `scripts/chaos --seed {campaign.seed} --rate {campaign.rate:g} "
        f"--orchestrators {campaign.orchestrators} --kills {len(campaign.kills)} --report docs/measurements/chaos.md` "
        f"on {datetime.now(UTC):%Y-%m-%d}, {os.cpu_count()} cores, {platform.system()}, Python "
        f"{platform.python_version()}: broker, services, load and observer on one machine.",
        "",
        f"**{'Everything held.' if not failures else 'Not everything held: ' + '; '.join(failures)}**",
        "",
        f"{len(campaign.result.accepted)} orders accepted, {len(campaign.result.refused)} faulty ones refused, "
        f"{len(campaign.kills)} kills.",
        "",
        "| process | kills | recovery median (s) | longest (s) | recovered when |",
        "| --- | ---: | ---: | ---: | --- |",
        *_rows(campaign.kills),
        "",
        "Every time starts with the kill. The load goes on meanwhile; one process dies at a time.",
        "",
        "## Outcomes",
        "",
        "| outcome | reason | orders |",
        "| --- | --- | ---: |",
        *_outcomes(campaign.result),
        "",
        "## What `saga verify` compared",
        "",
        "| | one side | | other side | | |",
        "| --- | --- | ---: | --- | ---: | --- |",
        *(
            f"| {s.name} | {s.left_of} | {_figure(s.left, s.money)} | {s.right_of} | {_figure(s.right, s.money)} "
            f"| {'holds' if s.holds else '**differs**'} |"
            for s in campaign.books.sums
        ),
        "",
        verdict(campaign.books),
        "",
        "## Every kill",
        "",
        "| at (s) | process | recovery (s) |",
        "| ---: | --- | ---: |",
        *(f"| {kill.at_s:.1f} | {kill.name} | {_seconds(kill.recovery_ms)} |" for kill in campaign.kills),
    ]
    return "\n".join(lines) + "\n"


def _rows(kills: Sequence[Kill]) -> Sequence[str]:
    by_name: defaultdict[str, list[Kill]] = defaultdict(list)
    for kill in kills:
        by_name[kill.name].append(kill)
    rows = []
    for name, deaths in sorted(by_name.items()):
        times = [kill.recovery_ms for kill in deaths if kill.recovery_ms is not None]
        median = statistics.median(times) if times else None
        longest = max(times) if len(times) == len(deaths) else None
        told = f"{_seconds(median)} | {_seconds(longest)} | {MEASURED_BY[deaths[0].kind]}"
        rows.append(f"| {name} | {len(deaths)} | {told} |")
    return rows


def _outcomes(result: Result) -> Sequence[str]:
    ended = Counter((status.status, status.reason or "") for status in result.statuses.values())
    return [f"| {status} | {reason} | {count} |" for (status, reason), count in sorted(ended.items())]


def _seconds(milliseconds: float | None) -> str:
    return "never" if milliseconds is None else f"{milliseconds / 1000:.2f}"


def _figure(value: int, money: bool) -> str:
    return f"{value / 100:,.2f}" if money else f"{value:,}"
