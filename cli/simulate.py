"""Simulating many sagas in virtual time, and printing what came of it."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import IO, NamedTuple

import typer

from cli.explore import load
from cli.failure import ExitCode, Failure
from cli.options import OutputFormat
from cli.printing import written
from orchestrator.core.react import StartChild
from simulator.loading import Loaded, shipped_names
from simulator.running.run import Plan, simulate
from simulator.running.told import run_json, run_lines
from simulator.running.weather import PROFILES, Environment
from simulator.scenario import Scenario, scenario_of, scenarios

_DURATION = re.compile(r"(\d{1,9})(ms|s|m|h)?\Z")
_UNITS_MS = {None: 1_000, "ms": 1, "s": 1_000, "m": 60_000, "h": 3_600_000}


class Wanted(NamedTuple):
    """What is to be simulated: durations such as `5s`, and shares of 1."""

    seed: int
    sagas: int
    within: str
    latency: str
    drift: str
    dropouts: float
    duplicates: float
    faults: float


def run_simulation(references: Sequence[str], wanted: Wanted, trace: Path | None, *, output: OutputFormat) -> bool:
    """Simulate these definitions, or all that are shipped. Returns whether every invariant held. Raises Failure."""
    if wanted.latency not in PROFILES:
        names = ", ".join(PROFILES)
        raise Failure(f"There is no latency profile {wanted.latency}.", f"Name one of {names}.", ExitCode.USAGE)
    shares = (round(1_000 * share) for share in (wanted.dropouts, wanted.duplicates, wanted.faults))
    plan = Plan(wanted.seed, wanted.sagas, _ms(wanted.within), Environment(wanted.latency, _ms(wanted.drift), *shares))
    loaded = [load(reference) for reference in references or shipped_names()]
    runs = [one for each in loaded for one in scenarios(each.definition, each.document, each.parameters)]
    with _opened(trace) as file:
        result = simulate(plan, runs, _children(loaded), trace=file)
    typer.echo("\n".join(run_lines(result)) if output is OutputFormat.TABLE else written(run_json(result), output))
    return result.holds


def _children(loaded: Sequence[Loaded]) -> Callable[[StartChild], Scenario]:
    known = {one.pin: one for each in loaded for one in each.registry.versions()}

    def scenario(effect: StartChild) -> Scenario:
        name = effect.definition
        pins = [pin for pin in known if pin[0] == name and effect.version in {None, pin[1]}]
        if not pins:
            raise Failure(f"A saga starts {name}, which is not known.", "Ship or name it, too.", ExitCode.USAGE)
        found = known[max(pins)]
        parameters = loaded[0].registry.parameters(found.definition)
        return scenario_of(name, found.definition, found.document, parameters, effect.data)

    return scenario


def _ms(text: str) -> int:
    """Return a duration such as `500ms`, `5s` or `2m` in milliseconds. Raises Failure."""
    match = _DURATION.match(text)
    if match is None:
        raise Failure(f"{text} is no duration.", "Write 500ms, 5s, 2m or 1h.", ExitCode.USAGE)
    return int(match[1]) * _UNITS_MS[match[2]]


def _opened(path: Path | None) -> AbstractContextManager[IO[str] | None]:
    if path is None:
        return nullcontext()
    try:
        return path.open("w", encoding="utf-8")
    except OSError as error:
        raise Failure(f"{path} cannot be written: {error.strerror}.", "Name another file.", ExitCode.USAGE) from error
