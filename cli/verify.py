"""`saga verify`: prove from outside that every order ended right, or name those that did not."""

from __future__ import annotations

import os
from pathlib import Path

import typer
from rich.console import Console

from cli.data_directory import STATE_FILE
from cli.failure import ExitCode, Failure
from cli.options import DEFAULT_DATA, OutputFormat, require_credentials
from cli.printing import shaped
from verify.collect import collect
from verify.proof import prove
from verify.render import json_of, print_report
from verify.sources import Sources, Unreachable, from_data, from_settings


def run_verify(
    data: Path | None, accepted: Path | None, wait_s: float, *, must_end: bool, output: OutputFormat
) -> bool:
    """Print the verdict as tables or as JSON and return whether the books hold. Raises Failure."""
    ids = _ids(accepted)
    try:
        sources = _sources(data)
        evidence = collect(sources, ids, wait_s, lambda line: typer.echo(line, err=True), must_end=must_end)
    except Unreachable as error:
        raise Failure(
            f"The evidence is incomplete: {error}.",
            "Start what is missing, or name it: --data DIR of a `saga dev`, or the settings in docs/protocol.md.",
            ExitCode.CLUSTER_UNREACHABLE,
        ) from error
    report = prove(evidence, must_end=must_end)
    if output is OutputFormat.TABLE:
        console = Console()
        # Captured: rich would end the process by itself where the reader went away, with another exit code than ours.
        with console.capture() as captured:
            print_report(report, console)
        typer.echo(captured.get(), nl=False, color=True)
    else:
        typer.echo(shaped(json_of(report), output))
    return report.holds


def _sources(data: Path | None) -> Sources:
    if data is None and os.environ.get("KAFKA_BOOTSTRAP_SERVERS"):
        return from_settings(os.environ)
    directory = data or DEFAULT_DATA
    if (directory / STATE_FILE).exists():
        require_credentials(directory)
    return from_data(directory)


def _ids(path: Path | None) -> frozenset[str]:
    if path is None:
        return frozenset()
    try:
        return frozenset(path.read_text(encoding="utf-8").split())
    except (OSError, UnicodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is no text"
        remedy = "Name the file of accepted order ids."
        raise Failure(f"{path} cannot be read: {why}.", remedy, ExitCode.USAGE) from error
