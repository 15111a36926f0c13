"""What three made-up carriers ask for a shipment: prices that follow from the request alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

CURRENCY = "GBP"
_HOME = "United Kingdom"


@dataclass(frozen=True, slots=True)
class Tariff:
    """Prices in pence; days from dispatch to delivery at home. Express and abroad are in per cent of the price."""

    base_minor: int
    parcel_minor: int
    express_percent: int
    abroad_percent: int
    days: int


TARIFFS: Mapping[str, Tariff] = {
    "albion": Tariff(390, 120, express_percent=180, abroad_percent=300, days=3),
    "harrier": Tariff(520, 90, express_percent=140, abroad_percent=240, days=2),
    "meridian": Tariff(450, 140, express_percent=160, abroad_percent=150, days=4),
}
"""Each is the cheapest for somebody: albion at home, harrier for many parcels or in a hurry, meridian abroad."""


def price_minor(tariff: Tariff, method: str, country: str, parcels: int) -> int:
    """Return the price in pence, rounded up."""
    percent = tariff.express_percent if method == "express" else 100
    percent *= 100 if country == _HOME else tariff.abroad_percent
    return -(-(tariff.base_minor + parcels * tariff.parcel_minor) * percent // 10_000)


def days_to(tariff: Tariff, method: str, country: str) -> int:
    """Return the days from dispatch to delivery."""
    days = tariff.days + (0 if country == _HOME else 3)
    return max(1, days - 2) if method == "express" else days
