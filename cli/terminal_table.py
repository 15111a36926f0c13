"""Draws a table for a terminal: with colours where it is wide enough, else a few lines for each row."""

from __future__ import annotations

from collections.abc import Sequence

from rich.table import Table
from rich.text import Text

_GAP = "  "
_LAST_COLUMN = 20
_COLOURS = {
    "COMPLETED": "green",
    "TRANSACTION_REVOKED": "yellow",
    "COMPENSATING": "yellow",
    "AWAITING_APPROVAL": "cyan",
    "MANUAL_INTERVENTION": "red",
}


def table_for(width: int, headings: Sequence[str], rows: Sequence[Sequence[str]], empty: str) -> Table | Text:
    """Return a table for a terminal of that width; `empty` is how a cell is written that has nothing to say."""
    named = [heading.upper() for heading in headings]
    return _columns(named, rows) if fits([named, *rows], width) else _blocks(headings, rows, width, empty)


def fits(rows: Sequence[Sequence[str]], width: int) -> bool:
    """Tell whether a table may be so wide; of its last column a part is enough, the rest goes to further lines."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return sum(widths[:-1]) + 2 * (len(widths) - 1) + min(widths[-1], _LAST_COLUMN) <= width


def _columns(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for number, heading in enumerate(headings, 1):
        table.add_column(heading, overflow="fold", no_wrap=number < len(headings))
    for row in rows:
        table.add_row(*(Text(shown, style=_COLOURS.get(shown, "")) for shown in row))
    return table


def _blocks(headings: Sequence[str], rows: Sequence[Sequence[str]], width: int, empty: str) -> Text:
    """Return each row as its first cell and, below it, what the others are, as many on a line as there is room for."""
    whole = Text(overflow="fold")
    for row in rows:
        whole.append(row[0], style="bold")
        left = 0
        for heading, shown in zip(headings[1:], row[1:], strict=True):
            if shown == empty:
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
