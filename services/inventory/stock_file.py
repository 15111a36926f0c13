"""Loading the first stock from a CSV file, once, into an empty database."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import func, insert, select

from services.inventory.service import STOCK
from services.participant.database import Conflict, Database

PACKAGED = Path(__file__).parent / "stock.csv"
_COLUMNS = ("warehouse_id", "sku", "on_hand")
_ROWS_AT_ONCE = 5_000


class BadStock(Exception):
    """The stock file cannot be used: the message names file and line."""


def read_stock(path: Path) -> Iterator[dict[str, str | int]]:
    """Yield a row of `stock` for each line of the file. Raises BadStock."""
    try:
        with path.open(newline="", encoding="utf-8") as file:
            lines = csv.DictReader(file)
            if lines.fieldnames is None or not set(_COLUMNS) <= set(lines.fieldnames):
                raise BadStock(f"{path}: the first line must name {', '.join(_COLUMNS)}")
            for number, line in enumerate(lines, start=2):
                count = line["on_hand"] or ""
                if not line["sku"] or not line["warehouse_id"] or not (count.isascii() and count.isdigit()):
                    raise BadStock(f"{path}, line {number}: a warehouse, a sku and a whole number are needed")
                yield {
                    "sku": line["sku"], "warehouse_id": line["warehouse_id"],
                    "on_hand": int(count), "reserved": 0, "initial": int(count),
                }  # fmt: skip
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise BadStock(f"{path}: {error}") from error


def load_stock(database: Database, path: Path) -> int:
    """Fill an empty table of stock and return the number of rows; a filled one stays as it is. Raises BadStock."""
    try:
        with database.begin() as connection:
            if connection.execute(select(func.count()).select_from(STOCK)).scalar_one() > 0:
                return 0
            rows = list(read_stock(path))
            for first in range(0, len(rows), _ROWS_AT_ONCE):
                connection.execute(insert(STOCK), rows[first : first + _ROWS_AT_ONCE])
            return len(rows)
    except Conflict:
        with database.begin() as connection:
            if connection.execute(select(func.count()).select_from(STOCK)).scalar_one() > 0:
                return 0
        raise BadStock(f"{path}: a warehouse and sku come twice") from None
