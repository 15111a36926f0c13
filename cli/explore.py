"""Running an exploration or a counter-example, and printing, writing and drawing what came of it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import typer

from cli.failure import ExitCode, Failure
from cli.options import OutputFormat
from cli.printing import written
from orchestrator.core.events import Json
from orchestrator.definitions.errors import DefinitionError
from orchestrator.definitions.positions import Unreadable, read
from simulator.engine import PRODUCTION
from simulator.exploration.explore import Bounds
from simulator.exploration.narration import picture, told
from simulator.exploration.report import Proof, proof_json, proof_lines
from simulator.exploration.side_by_side import explore_all
from simulator.exploration.traces import Retraced, moves_of, retrace, trace_of
from simulator.loading import Loaded, load_definition
from simulator.properties import PROPERTIES
from simulator.scenario import scenario_of


class Options(NamedTuple):
    """What to explore, and where to write a counter-example."""

    faults: int
    max_states: int
    inputs: Path | None
    trace: Path | None
    picture: Path | None


def run_explore(reference: str, options: Options, *, output: OutputFormat) -> bool:
    """Explore a definition from all its inputs. Returns whether every property is proved. Raises Failure."""
    loaded = load(reference)
    inputs = None if options.inputs is None else _inputs(options.inputs)
    bounds = Bounds(options.faults, options.max_states)
    proof = Proof(reference, explore_all(loaded, inputs, bounds))
    if output is not OutputFormat.TABLE:
        typer.echo(written(proof_json(proof), output))
    else:
        typer.echo("\n".join(proof_lines(proof)))
    keep_counter_example(proof, options)
    return proof.holds


def keep_counter_example(proof: Proof, options: Options) -> None:
    """Write and draw the shortest counter-example of all, where there is one. Raises Failure."""
    found = [pair for pair in map(proof.broken, PROPERTIES) if pair is not None]
    if not found:
        return
    one, broken = min(found, key=lambda pair: len(pair[1].moves))
    if options.trace is not None:
        trace = trace_of(one.scenario, proof.reference, one.bounds.faults, broken)
        _write(options.trace, json.dumps(trace, indent=2, ensure_ascii=False) + "\n")
    if options.picture is not None:
        _write(options.picture, picture(retrace(PRODUCTION, one.scenario, one.bounds.faults, broken.moves)))


def run_trace(path: Path, reference: str | None, drawing: Path | None, *, output: OutputFormat) -> bool:
    """Run a counter-example again, on its own definition or another one. Returns whether nothing is wrong any more."""
    try:
        trace = json.loads(path.read_text(encoding="utf-8"))
        run, expected = _again(trace, reference), trace["violation"]["property"]
    except (OSError, ValueError, KeyError) as error:
        remedy = "Give a file that `saga explore --trace` wrote, and the definition that it is about."
        raise Failure(f"{path} cannot be run again: {error}.", remedy, ExitCode.USAGE) from error
    shown = [one for one in run.wrong if one.property == expected]
    if output is not OutputFormat.TABLE:
        found = [one._asdict() for one in run.wrong]
        document = {"violations": found, "shows_the_same": bool(shown), "departs": run.departs}
        typer.echo(written(document, output))
    else:
        typer.echo("\n".join(told(run)))
        if run.departs is not None:
            typer.echo(f"from here on the run goes another way: {run.departs}")
        typer.echo(f"the same violation again: {expected}" if shown else f"{expected} is not violated any more")
    if drawing is not None:
        _write(drawing, picture(run))
    return not run.wrong


def _again(trace: Any, reference: str | None) -> Retraced:
    moves = moves_of(trace)
    loaded = load(reference or trace["definition"])
    data = trace["data"]
    scenario = scenario_of(trace["scenario"], loaded.definition, loaded.document, loaded.parameters, data)
    return retrace(PRODUCTION, scenario, trace["faults"], moves)


def load(reference: str) -> Loaded:
    """Load a definition by name or path. Raises Failure."""
    try:
        return load_definition(reference)
    except DefinitionError as error:
        remedy = "`saga definitions validate FILE` says what to write instead."
        raise Failure(f"The definition is refused: {error}.", remedy, ExitCode.USAGE) from error


def _inputs(path: Path) -> Mapping[str, Json]:
    try:
        document = read(path.read_text(encoding="utf-8")).document
    except (OSError, Unreadable, UnicodeDecodeError) as error:
        raise Failure(f"{path} cannot be read: {error}.", "Name a file of inputs.", ExitCode.USAGE) from error
    if not isinstance(document, dict) or not all(isinstance(data, dict) for data in document.values()):
        raise Failure(f"{path} holds no inputs.", "Write an object: a name, and the data, of each.", ExitCode.USAGE)
    return document


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise Failure(f"{path} cannot be written: {error.strerror}.", "Name another file.", ExitCode.USAGE) from error
    typer.echo(f"written: {path}", err=True)
