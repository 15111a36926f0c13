"""The shop's own prices: what an order says a product costs is compared with them, never believed."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from services.gateway.fields import FieldError, Fields, money_text

_COLUMNS = ["sku", "currency", "unit_price"]
_ROW = frozenset(_COLUMNS)


class BadCatalogue(ValueError):
    """The file holds no catalogue; the message names the line."""


class Catalogue(NamedTuple):
    """Unit prices in minor units by product and currency."""

    prices: Mapping[tuple[str, str], int]

    def faults(self, currency: str, lines: Sequence[Mapping[str, Any]]) -> list[FieldError]:
        """Return every line whose product is not sold in this currency, or not at this price."""
        faults = []
        for number, line in enumerate(lines):
            price = self.prices.get((line["sku"], currency))
            if price is None:
                faults.append(FieldError(f"lines[{number}].sku", f"is not sold in {currency}"))
            elif price != line["unit_price_minor"]:
                faults.append(
                    FieldError(f"lines[{number}].unit_price", f"is not the price, which is {money_text(price)}")
                )
        return faults


def load(path: Path) -> Catalogue:
    """Read a CSV file with the columns sku, currency, unit_price. Raises BadCatalogue."""
    try:
        with path.open(encoding="utf-8", newline="") as file:
            return read(file)
    except (OSError, UnicodeDecodeError) as error:
        raise BadCatalogue(f"{path} cannot be read: {error}") from error


def read(text: Iterable[str]) -> Catalogue:
    """Read the rows of a catalogue. Raises BadCatalogue."""
    rows = csv.DictReader(text)
    if rows.fieldnames != _COLUMNS:
        raise BadCatalogue(f"the first line must be {','.join(_COLUMNS)}")
    prices: dict[tuple[str, str], int] = {}
    for row in rows:
        errors: list[FieldError] = []
        fields = Fields(row if None not in row else None, errors, "", _ROW)
        key = fields.text("sku", 64), fields.text("currency", 3)
        price = fields.money("unit_price")
        if errors or key in prices:
            told = f"{errors[0].field} {errors[0].message}" if errors else "the product is there already"
            raise BadCatalogue(f"line {rows.line_num}: {told}")
        prices[key] = price
    if not prices:
        raise BadCatalogue("there is no product in it")
    return Catalogue(prices)
