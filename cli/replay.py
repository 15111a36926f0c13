"""Deciding recorded histories again, from the topics or from a dump, and exporting them."""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from pathlib import Path
from typing import NamedTuple

import typer

from cli.failure import ExitCode, Failure
from cli.options import OutputFormat
from cli.printing import written
from orchestrator.definitions.errors import DefinitionError
from orchestrator.definitions.registry import load as load_registry
from schemas.codec import Codec
from simulator.vetting.history import TOPICS, Line, UnreadableHistory, decoded, dumped, histories, undumped
from simulator.vetting.redecide import vet
from simulator.vetting.told import vetted_json, vetted_lines
from verify.sources import Unreachable
from verify.topics import Reader

_NAMED = 5
"""How many records that cannot be read are named; dozens of the same kind say no more."""


class Wanted(NamedTuple):
    """Which sagas are decided again: of one definition, where it is named, and of these ids, where some are."""

    definition: str | None
    sagas: AbstractSet[str]


def run_replay(
    source: str | Path, wanted: Wanted, definitions: Path | None, export: Path | None, *, output: OutputFormat
) -> bool:
    """Decide histories again; `source` is Kafka's address or the path of a dump. Returns whether none diverges.

    Raises Failure.
    """
    try:
        registry = load_registry(definitions, {})
        lines = _dump(source) if isinstance(source, Path) else _topics(source)
        if export is not None:
            _write(export, lines)
        found = histories(lines, registry, wanted.definition, wanted.sagas)
        missing = wanted.sagas - {one.saga_id for one in found}
        if missing:
            raise Failure(
                f"Nothing is recorded of {', '.join(sorted(missing))}.",
                "`saga saga list` names sagas.",
                ExitCode.USAGE,
            )
        vetted = vet(found, registry)
    except DefinitionError as error:
        remedy = "`saga definitions validate FILE` says what to write instead."
        raise Failure(f"A definition is refused: {error}.", remedy, ExitCode.USAGE) from error
    except UnreadableHistory as error:
        raise Failure(f"The history cannot be read: {error}.", "Export it again.", ExitCode.USAGE) from error
    except Unreachable as error:
        remedy = "Start one with `saga dev`, name its address with --bootstrap, or give a dump with --file."
        raise Failure(f"The history cannot be read: {error}.", remedy, ExitCode.CLUSTER_UNREACHABLE) from error
    as_table = output is OutputFormat.TABLE
    typer.echo("\n".join(vetted_lines(vetted)) if as_table else written(vetted_json(vetted), output))
    return vetted.first is None


def _topics(bootstrap: str) -> list[Line]:
    """Return what the topics hold; a poison record is named on stderr: it is parked, and no saga took it in."""
    codec = Codec()
    lines: list[Line] = []
    unreadable: list[str] = []
    with Reader(bootstrap) as reader:
        for raw in reader.read(TOPICS):
            try:
                line = decoded(codec, raw.topic, raw.key, raw.value)
            except UnreadableHistory as error:
                unreadable.append(f"{raw.topic}-{raw.partition} at offset {raw.offset}: {error}")
                continue
            if line is not None:
                lines.append(line)
    if unreadable:
        named = "\n  ".join(unreadable[:_NAMED])
        typer.echo(f"{len(unreadable):,} records cannot be read and are left out, the first:\n  {named}", err=True)
    return lines


def _dump(path: Path) -> list[Line]:
    try:
        with path.open(encoding="utf-8") as file:
            return list(undumped(file))
    except OSError as error:
        raise Failure(f"{path} cannot be read: {error.strerror}.", "Name a dump.", ExitCode.USAGE) from error


def _write(path: Path, lines: Iterable[Line]) -> None:
    try:
        with path.open("w", encoding="utf-8") as file:
            file.writelines(f"{line}\n" for line in dumped(lines))
    except OSError as error:
        raise Failure(f"{path} cannot be written: {error.strerror}.", "Name another file.", ExitCode.USAGE) from error
