"""`saga explore`, `simulate` and `replay`: their options; what they do is imported when they run."""

# Every body imports its command when it runs: `saga --help` must not pay for the compiler and Kafka clients.
# ruff: noqa: PLC0415 - see above

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from cli.failure import ExitCode
from cli.options import DEFAULT_DATA, BootstrapOption, DataOption, OutputFormat, OutputOption, bootstrap_of


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

    if replay is not None:
        holds = run_trace(replay, definition, picture, output=output)
    elif definition is None:
        raise typer.BadParameter("name a definition, or a counter-example with --replay")
    else:
        faults = 2 if depth is Depth.PAIRS else 1
        holds = run_explore(definition, Options(faults, max_states, inputs, trace, picture), output=output)
    if not holds:
        raise typer.Exit(ExitCode.CHECK_FAILED)


def simulate(
    definitions: Annotated[
        list[str] | None,
        typer.Argument(help="Shipped definitions' names, or paths of documents.", metavar="DEFINITION"),
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="Simulate every shipped definition.")] = False,
    seed: Annotated[int, typer.Option(min=0, help="The same seed gives the same trace, byte for byte.")] = 1,
    sagas: Annotated[int, typer.Option(min=1, max=1_000_000, help="How many sagas.")] = 10_000,
    within: Annotated[str, typer.Option(help="The time within which all of them are started.")] = "500ms",
    latency: Annotated[str, typer.Option(help="lan, typical, wan or slow.")] = "typical",
    drift: Annotated[str, typer.Option(help="By how much each node's clock may be wrong, either way.")] = "5s",
    dropouts: Annotated[float, typer.Option(min=0, max=1, help="Share of nodes that drop out in a period.")] = 0.05,
    duplicates: Annotated[float, typer.Option(min=0, max=1, help="Share of records that come twice.")] = 0.02,
    faults: Annotated[float, typer.Option(min=0, max=1, help="Share of commands that do not simply work.")] = 0.02,
    trace: Annotated[Path | None, typer.Option(dir_okay=False, help="Write the trace here.")] = None,
    output: OutputOption = OutputFormat.TABLE,
) -> None:
    """Run many sagas in virtual time on several nodes whose clocks differ and which drop out; seeded.

    Exit code 0: every invariant held; 1: not so.
    """
    from cli.simulate import Wanted, run_simulation

    if bool(definitions) == every:
        raise typer.BadParameter("name definitions, or give --all")
    wanted = Wanted(seed, sagas, within, latency, drift, dropouts, duplicates, faults)
    if not run_simulation(definitions or [], wanted, trace, output=output):
        raise typer.Exit(ExitCode.CHECK_FAILED)


def replay(
    file: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="Read this dump, not the topics.")
    ] = None,
    definition: Annotated[str | None, typer.Option(help="Only sagas of this definition.")] = None,
    saga: Annotated[list[str] | None, typer.Option(help="Only the saga of this id; may be given again.")] = None,
    definitions: Annotated[
        Path | None, typer.Option(exists=True, file_okay=False, help="A directory of further definitions.")
    ] = None,
    export: Annotated[Path | None, typer.Option(dir_okay=False, help="Write what was read here, as a dump.")] = None,
    bootstrap: BootstrapOption = None,
    data: DataOption = DEFAULT_DATA,
    output: OutputOption = OutputFormat.TABLE,
) -> None:
    """Decide every recorded saga again with the code as it is; nothing is sent, and no participant is asked.

    Exit code 0: the same events, ids, tokens and jitter; 1: the first saga and event that differ are named.
    """
    from cli.replay import Wanted, run_replay

    source = file if file is not None else bootstrap_of(bootstrap, data)
    wanted = Wanted(definition, frozenset(saga or ()))
    if not run_replay(source, wanted, definitions, export, output=output):
        raise typer.Exit(ExitCode.CHECK_FAILED)
