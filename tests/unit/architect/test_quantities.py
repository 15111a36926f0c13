"""Numbers with units as people write them."""

from __future__ import annotations

import pytest

from architect.clauses import clean
from architect.quantities import Dimension, quantities


@pytest.mark.parametrize(
    ("text", "value", "dimension", "of"),
    [
        ("10,000 concurrent", 10_000, Dimension.COUNT, "concurrent"),
        ("10k concurrent", 10_000, Dimension.COUNT, "concurrent"),
        ("five insurers", 5, Dimension.COUNT, "insurers"),
        ("500 events/s", 500, Dimension.RATE, "events"),
        ("500 events per second", 500, Dimension.RATE, "events"),
        ("1,000,000 TPS", 1_000_000, Dimension.RATE, "transactions"),
        ("1M TPS", 1_000_000, Dimension.RATE, "transactions"),
        ("3,600 orders an hour", 3_600, Dimension.COUNT, "orders an hour"),
        ("3,600 orders per hour", 1, Dimension.RATE, "orders"),
        ("200 ms", 0.2, Dimension.TIME, ""),
        ("200ms", 0.2, Dimension.TIME, ""),
        ("5 seconds", 5, Dimension.TIME, ""),
        ("sub-5 s", 5, Dimension.TIME, ""),
        (".5 s", 0.5, Dimension.TIME, ""),
        ("72 hours", 259_200, Dimension.TIME, ""),
        ("three weeks", 1_814_400, Dimension.TIME, ""),
        ("100KB", 100_000, Dimension.SIZE, ""),
        ("100 KiB", 102_400, Dimension.SIZE, ""),
        ("99.99 %", 99.99, Dimension.SHARE, ""),
        ("99.99%", 99.99, Dimension.SHARE, ""),
        ("five nines", 99.999, Dimension.SHARE, "nines"),
        ("$200 per month", 200, Dimension.MONEY, "USD per month"),
        ("$1,500/month", 1_500, Dimension.MONEY, "USD per month"),
        ("200 dollars a month", 200, Dimension.MONEY, "USD per month"),
        ("€0.02 per order", 0.02, Dimension.MONEY, "EUR per order"),
        ("£3k", 3_000, Dimension.MONEY, "GBP"),
    ],
)
def test_a_number_is_read_with_its_unit(text: str, value: float, dimension: Dimension, of: str) -> None:
    (found,) = quantities(clean(text))

    assert found.value == pytest.approx(value)
    assert (found.dimension, found.of) == (dimension, of)


@pytest.mark.parametrize("text", ["us-east-1", "S3", "x86", "no figure here", "p99"])
def test_a_number_in_a_name_is_none(text: str) -> None:
    assert list(quantities(clean(text))) == []


def test_several_numbers_are_read_from_left_to_right() -> None:
    found = quantities(clean("at most 200 ms at 500 events/s with 10,000 in flight"))

    assert [one.dimension for one in found] == [Dimension.TIME, Dimension.RATE, Dimension.COUNT]


@pytest.mark.parametrize("text", ["9" * 400, f"{'9' * 310} orders per second", f"{'9' * 400} s", f"{'9' * 309} GB"])
def test_a_number_that_nothing_can_have_is_no_figure(text: str) -> None:
    assert list(quantities(clean(text))) == []
