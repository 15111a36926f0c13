"""Makes the packaged first stock: run `python -m campaigns.stock > services/inventory/stock.csv`."""

from __future__ import annotations

import csv
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import TextIO

from campaigns.retail import Invoice, read_invoices

WAREHOUSES: Mapping[str, int] = {"LDN": 5, "MAN": 3, "GLA": 2}
"""Warehouses, and how many times the demand of the packaged orders each keeps of a product."""

LEAST_UNITS = 2_000
"""Units each warehouse keeps of a product at least, times its share."""

SOLD_OUT = "22623"
"""A product that real orders ask for and no warehouse has."""

SPLIT = ("48187", "22914", "21672", "21169", "22962")
"""Products of which the warehouses have the demand of the packaged orders only together."""


def shelves(invoices: Sequence[Invoice]) -> Iterator[tuple[str, str, int]]:
    """Yield (warehouse, sku, units) for every product of the faultless invoices."""
    demand: Counter[str] = Counter()
    for invoice in invoices:
        if not invoice.faults:
            for item in invoice.items:
                demand[item.sku] += item.quantity
    for sku, units in sorted(demand.items()):
        for warehouse_id, share in WAREHOUSES.items():
            yield warehouse_id, sku, _units(sku, units, share)


def _units(sku: str, demand: int, share: int) -> int:
    if sku == SOLD_OUT:
        return 0
    if sku in SPLIT:
        return -(-demand // len(WAREHOUSES))
    return share * max(demand, LEAST_UNITS)


def write(out: TextIO) -> None:
    """Write the stock file."""
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(("warehouse_id", "sku", "on_hand"))
    writer.writerows(shelves(read_invoices()))


if __name__ == "__main__":
    write(sys.stdout)
