"""Prints what a command found: tables for people, JSON for programs; data on stdout, words about it on stderr."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import typer

from cli.options import OutputFormat

Item = Mapping[str, Any]
Columns = Mapping[str, Callable[[Item], object]]
"""What a table shows: its headings, and what of an item stands below each."""

_NOTHING = "-"


def put_list(name: str, items: Sequence[Item], columns: Columns, output: OutputFormat) -> None:
    """Print a list: a table, one JSON object that holds it by its name, or one JSON object an item and line."""
    match output:
        case OutputFormat.JSON:
            typer.echo(written({name: items}, output))
        case OutputFormat.JSONL:
            for item in items:
                typer.echo(written(item, output))
        case OutputFormat.TABLE:
            put_table(list(columns), [[cell(show(item)) for show in columns.values()] for item in items])


def put_one(item: Item, output: OutputFormat) -> None:
    """Print one thing: a line a field for people, as JSON for programs."""
    if output is not OutputFormat.TABLE:
        typer.echo(written(item, output))
        return
    for name, value in item.items():
        if value not in (None, "", [], {}):
            typer.echo(f"{name + ':':18} {cell(value)}")


def put_answer(answer: Item, said: str, output: OutputFormat) -> None:
    """Print what came of a request: in a sentence for people, the gateway's answer for programs."""
    typer.echo(said if output is OutputFormat.TABLE else written(answer, output))


def put_table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a table: as the width of a terminal lets it be, in plain columns where stdout is none."""
    from rich.console import Console  # noqa: PLC0415 - `saga --help` must not pay for it

    console = Console()
    if not console.is_terminal:
        for line in aligned([[heading.upper() for heading in headings], *rows]):
            typer.echo(line)
        return
    from cli.terminal_table import table_for  # noqa: PLC0415 - as above

    # Captured: rich would end the process by itself where the reader went away, with another exit code than ours.
    with console.capture() as captured:
        console.print(table_for(console.width, headings, rows, _NOTHING))
    typer.echo(captured.get(), nl=False, color=True)


def aligned(rows: Iterable[Sequence[str]]) -> list[str]:
    """Return the lines of a table in plain columns."""
    all_rows = list(rows)
    widths = [max(map(len, column)) for column in zip(*all_rows, strict=True)]
    return ["  ".join(one.ljust(width) for one, width in zip(row, widths, strict=True)).rstrip() for row in all_rows]


def written(document: object, output: OutputFormat) -> str:
    """Return a document as JSON: on lines for people who look at it, or on one line."""
    return json.dumps(document, indent=None if output is OutputFormat.JSONL else 2, ensure_ascii=False)


def shaped(text: str, output: OutputFormat) -> str:
    """Return what a command says, JSON unless it is for people, in the shape that was asked for."""
    if output is not OutputFormat.JSONL:
        return text
    document = json.loads(text)
    return "\n".join(written(one, output) for one in (document if isinstance(document, list) else [document]))


def cell(value: object) -> str:
    """Return a value on one line; what would steer a terminal is shown, not sent."""
    if value is None or value in ("", [], {}):
        return _NOTHING
    if isinstance(value, list) and all(isinstance(one, str) for one in value):
        text = ", ".join(value)
    else:
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return "".join(one if one.isprintable() else "�" for one in " ".join(text.split()))


def counted(number: int, thing: str) -> str:
    """Return how many things there are, in words."""
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"


def note(text: str, output: OutputFormat = OutputFormat.TABLE) -> None:
    """Say something about what was done, on stderr; programs are told nothing that they did not ask for."""
    if output is OutputFormat.TABLE:
        typer.echo(text, err=True)
