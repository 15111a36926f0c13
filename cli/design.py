"""`workflow-orchestrator --mode design`: print the design of a process and write its three files."""

from __future__ import annotations

from pathlib import Path

import typer

from cli.definition_files import Written
from cli.definition_reports import design_of
from cli.failure import Failure
from orchestrator.design.files import files_of
from orchestrator.design.options import Options
from orchestrator.design.report import analysis_block, design_block, output_block, sections


def run_design(written: Written, options: Options, directory: Path) -> None:
    """Write the files of a design, over what is there, and print the report. Raises Failure."""
    design = design_of(written)
    paths: list[str] = []
    try:
        directory.mkdir(parents=True, exist_ok=True)
        for name, text in files_of(design, options).items():
            path = directory / name
            path.write_text(text, encoding="utf-8")
            paths.append(path.as_posix())
    except OSError as error:
        raise Failure(
            f"{error.filename} cannot be written: {error.strerror}.", "Name another directory by --out."
        ) from error
    for block in (analysis_block(design), design_block(design), output_block(paths), sections(design, options)):
        typer.echo("\n".join(block))
        typer.echo()
