"""`saga explore`, `simulate` and `replay`: their options; what they do is imported when they run."""

# Every body imports its command when it runs: `saga --help` must not pay for the compiler and Kafka clients.
# ruff: noqa: PLC0415 - see above

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from cli.failure import ExitCode
from cli.options import OutputFormat, OutputOption


class Depth(StrEnum):
    """How many faults one run may have."""

    SINGLE = "single"
    PAIRS = "pairs"


def explore(
    definition: Annotated[
        str | None, typer.Argument(help="A shipped definition's name, or the path of a document.")
    ] = None,
    depth: Annotated[Depth, typer.Option(help="Each fault alone, or all pairs of faults as well.")] = Depth.PAIRS,
    max_states: Annotated[int, typer.Option(min=1, help="Give up an input after so many moments.")] = 3_000_000,
    inputs: Annotated[
        Path | None, typer.Option("--input", dir_okay=False, help="Inputs, JSON or YAML: an object of them by name.")
    ] = None,
    trace: Annotated[
        Path | None, typer.Option(dir_okay=False, help="Write the shortest counter-example here, to be run again.")
    ] = None,
    picture: Annotated[
        Path | None, typer.Option(dir_okay=False, help="Draw it here, as a Mermaid sequence diagram.")
    ] = None,
    replay: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="Run this counter-example again, nothing else.")
    ] = None,
    output: OutputOption = OutputFormat.TABLE,
) -> None:
    """Explore every run of a definition with all failures to a bound, on the production core.

    Exit code 0: every property holds and nothing was left out; 1: not so; 2: the definition is refused.
    """
    from cli.explore import Options, run_explore, run_trace

    as_json = output is OutputFormat.JSON
    if replay is not None:
        holds = run_trace(replay, definition, picture, as_json=as_json)
    elif definition is None:
        raise typer.BadParameter("name a definition, or a counter-example with --replay")
    else:
        faults = 2 if depth is Depth.PAIRS else 1
        holds = run_explore(definition, Options(faults, max_states, inputs, trace, picture), as_json=as_json)
    if not holds:
        raise typer.Exit(ExitCode.CHECK_FAILED)
