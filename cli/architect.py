"""`saga architect`: reads requirements from a file or from options, prints the design or the refusal."""

# The body imports what it runs: `saga --help` must not pay for it.
# ruff: noqa: PLC0415 - see above

from __future__ import annotations

import sys
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from cli.failure import ExitCode, Failure

LARGEST_FILE_BYTES = 1_000_000

Text = Annotated[str | None, typer.Option(help="One of the three free texts of its form; all three are required.")]


class DesignFormat(StrEnum):
    """How the design is written."""

    MARKDOWN = "markdown"
    JSON = "json"


def architect(
    *,
    requirements: Annotated[
        Path | None, typer.Option(help="YAML or JSON file with requirements; `-` reads standard input.")
    ] = None,
    output: Annotated[Path | None, typer.Option(help="Write the design to this file instead of stdout.")] = None,
    output_format: Annotated[DesignFormat, typer.Option("--format", help="How the design is written.")] = (
        DesignFormat.MARKDOWN
    ),
    explain: Annotated[
        bool, typer.Option("--explain", help="On a refusal, name the two demands that clash, on stderr.")
    ] = False,
    workflow_requirements: Text = None,
    scale_and_throughput: Text = None,
    durability_and_latency_sla: Text = None,
    business_workflow: Text = None,
    event_sources: Text = None,
    constraints_and_slas: Text = None,
    orchestrator: Annotated[str | None, typer.Option(help="`custom` is built; others are refused by name.")] = None,
    state_persistence: Annotated[
        str | None, typer.Option(help="`event-log` is built; others are refused by name.")
    ] = None,
) -> None:
    """Design a saga from requirements: a document with the pattern, every compensation and a computed capacity plan.

    The same requirements give the same bytes. Guarantees that contradict distributed consistency are answered with one
    line of JSON and exit code 2; then no file is written.
    """
    texts = {
        "workflow_requirements": workflow_requirements,
        "scale_and_throughput": scale_and_throughput,
        "durability_and_latency_sla": durability_and_latency_sla,
        "business_workflow": business_workflow,
        "event_sources": event_sources,
        "constraints_and_slas": constraints_and_slas,
        "orchestrator": orchestrator,
        "state_persistence": state_persistence,
    }
    given: dict[str, object] = {name: text for name, text in texts.items() if text is not None}
    from architect.design import Design, Refused, design
    from architect.faults import BadRequirements

    try:
        found = design(_document(requirements, given))
    except BadRequirements as fault:
        remedy = f"{fault.remedy[:1].upper()}{fault.remedy[1:]}."
        raise Failure(f"{fault.field} {fault.problem}.", remedy, ExitCode.USAGE) from fault
    match found:
        case Refused(body, why):
            if explain:
                sys.stderr.write(f"{why}\n")
            _print(body)
            raise typer.Exit(ExitCode.USAGE)
        case Design():
            _put(found.json if output_format is DesignFormat.JSON else found.markdown, output)


def _document(path: Path | None, given: Mapping[str, object]) -> object:
    if path is None:
        return given
    from_file = _loaded(_text(path), path)
    if not given:
        return from_file
    if not isinstance(from_file, Mapping):
        raise Failure(f"{path} holds no object.", "Write fields with names.", ExitCode.USAGE)
    twice = sorted(set(given) & set(from_file))
    if twice:
        remedy = "Give it in one place."
        raise Failure(f"{', '.join(twice)} is in {path} and on the command line.", remedy, ExitCode.USAGE)
    return {**from_file, **given}


def _text(path: Path) -> str:
    try:
        raw = sys.stdin.buffer.read(LARGEST_FILE_BYTES + 1) if str(path) == "-" else path.read_bytes()
        if len(raw) > LARGEST_FILE_BYTES:
            remedy = f"Requirements have at most {LARGEST_FILE_BYTES:,} bytes."
            raise Failure(f"{path} is too large.", remedy, ExitCode.USAGE)
        return raw.decode("utf-8")
    except OSError as error:
        remedy = "Name a file that can be read."
        raise Failure(f"{path} cannot be read: {error.strerror}.", remedy, ExitCode.USAGE) from error
    except UnicodeDecodeError as error:
        raise Failure(f"{path} is not UTF-8.", "Save it as UTF-8.", ExitCode.USAGE) from error


def _loaded(text: str, path: Path) -> object:
    import yaml

    try:
        document: object = yaml.safe_load(text)
    except yaml.YAMLError as error:
        problem = " ".join(str(error).split())
        raise Failure(f"{path} is neither YAML nor JSON: {problem}.", "Mend it there.", ExitCode.USAGE) from error
    return document


def _put(document: bytes, output: Path | None) -> None:
    if output is None:
        _print(document)
        return
    try:
        output.write_bytes(document)
    except OSError as error:
        remedy = "Name a file that can be written."
        raise Failure(f"{output} cannot be written: {error.strerror}.", remedy, ExitCode.USAGE) from error


def _print(document: bytes) -> None:
    sys.stdout.buffer.write(document)
    sys.stdout.buffer.flush()
