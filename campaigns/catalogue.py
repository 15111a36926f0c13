"""Prints the catalogue of the packaged orders, for CATALOGUE_FILE: of every product the price it had most often."""

from __future__ import annotations

import csv
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from decimal import Decimal

from campaigns.retail import read_invoices

_PENNY = Decimal("0.01")


def prices() -> Iterator[tuple[str, str, str]]:
    """Yield (sku, currency, unit price), products in their order; of prices as frequent the highest."""
    seen: dict[str, Counter[Decimal]] = defaultdict(Counter)
    for invoice in read_invoices():
        if not invoice.faults:
            for item in invoice.items:
                seen[item.sku][item.unit_price] += 1
    for sku, counted in sorted(seen.items()):
        price = max(counted, key=lambda price: (counted[price], price))
        yield sku, "GBP", str(price.quantize(_PENNY))


if __name__ == "__main__":
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerows([("sku", "currency", "unit_price"), *prices()])
