"""Prints what a command found: tables for people, JSON for programs; data on stdout, words about it on stderr."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import typer

from cli.options import OutputFormat

if TYPE_CHECKING:
    from rich.table import Table
    from rich.text import Text

Item = Mapping[str, Any]
Columns = Mapping[str, Callable[[Item], object]]
"""What a table shows: its headings, and what of an item stands below each."""

_NOTHING = "-"
_GAP = "  "
_LAST_COLUMN = 20
_COLOURS = {
    "COMPLETED": "green",
    "TRANSACTION_REVOKED": "yellow",
    "COMPENSATING": "yellow",
    "AWAITING_APPROVAL": "cyan",
    "MANUAL_INTERVENTION": "red",
}


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
    """Print a table: with colours where stdout is a terminal that is wide enough, else a few lines for each row.

    Where stdout is no terminal it has plain columns.
    """
    from rich.console import Console  # noqa: PLC0415 - `saga --help` must not pay for it

    console = Console()
    named = [heading.upper() for heading in headings]
    if not console.is_terminal:
        for line in aligned([named, *rows]):
            typer.echo(line)
        return
    shown = _columns(named, rows) if fits([named, *rows], console.width) else _blocks(headings, rows, console.width)
    # Captured: rich would end the process by itself where the reader went away, with another exit code than ours.
    with console.capture() as captured:
        console.print(shown)
    typer.echo(captured.get(), nl=False, color=True)


def fits(rows: Sequence[Sequence[str]], width: int) -> bool:
    """Tell whether a table may be so wide; of its last column a part is enough, the rest goes to further lines."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return sum(widths[:-1]) + 2 * (len(widths) - 1) + min(widths[-1], _LAST_COLUMN) <= width


def _columns(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> Table:
    from rich.table import Table  # noqa: PLC0415 - as above
    from rich.text import Text  # noqa: PLC0415 - as above

    table = Table(box=None, pad_edge=False, header_style="bold")
    for number, heading in enumerate(headings, 1):
        table.add_column(heading, overflow="fold", no_wrap=number < len(headings))
    for row in rows:
        table.add_row(*(Text(shown, style=_COLOURS.get(shown, "")) for shown in row))
    return table


def _blocks(headings: Sequence[str], rows: Sequence[Sequence[str]], width: int) -> Text:
    """Return each row as its first cell and, below it, what the others are, as many on a line as there is room for."""
    from rich.text import Text  # noqa: PLC0415 - as above

    whole = Text(overflow="fold")
    for row in rows:
        whole.append(row[0], style="bold")
        left = 0
        for heading, shown in zip(headings[1:], row[1:], strict=True):
            if shown == _NOTHING:
                continue
            needed = len(_GAP) + len(heading) + 1 + len(shown)
            if needed > left:
                whole.append("\n")
                left = width
            whole.append(f"{_GAP}{heading} ").append(shown, style=_COLOURS.get(shown, ""))
            left -= needed
        whole.append("\n")
    whole.rstrip()
    return whole


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


def note(text: str, output: OutputFormat = OutputFormat.TABLE) -> None:
    """Say something about what was done, on stderr; programs are told nothing that they did not ask for."""
    if output is OutputFormat.TABLE:
        typer.echo(text, err=True)
