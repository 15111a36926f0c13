"""The arithmetic behind the figures of `scripts/bench`."""

from __future__ import annotations

import pytest

from benchmarks.figures import Spread, Threshold, per_saga, percentile, ratio, spread


@pytest.mark.parametrize(("share", "expected"), [(0.5, 50.0), (0.99, 99.0), (0.991, 100.0), (1.0, 100.0), (0.001, 1.0)])
def test_a_percentile_is_a_value_that_was_measured(share: float, expected: float) -> None:
    assert percentile([float(number) for number in range(1, 101)], share) == expected


def test_the_percentiles_of_one_value_are_that_value() -> None:
    assert spread([7.0]) == Spread(1, 7.0, 7.0, 7.0)


def test_a_spread_needs_no_order() -> None:
    assert spread([3.0, 1.0, 2.0]) == Spread(3, 2.0, 3.0, 3.0)


def test_nothing_measured_has_no_spread() -> None:
    assert spread([]) == Spread(0, None, None, None)


def test_cpu_is_divided_among_the_sagas_that_ended() -> None:
    assert per_saga({"broker": 500.0, "orchestrator": 250.0}, 1_000) == {"broker": 0.5, "orchestrator": 0.25}
    assert per_saga({"broker": 500.0}, 0) == {}


@pytest.mark.parametrize(("value", "base"), [(None, 1.0), (1.0, None), (1.0, 0.0)])
def test_a_ratio_needs_both_of_its_parts(value: float | None, base: float | None) -> None:
    assert ratio(value, base) is None


def test_a_ratio_is_a_multiple_of_the_base() -> None:
    assert ratio(1_125.0, 4_500.0) == 0.25


@pytest.mark.parametrize(
    ("measured", "at_most", "met"),
    [(199.9, True, True), (200.0, True, False), (200.0, False, True), (199.9, False, False), (None, True, None)],
)
def test_a_threshold_is_met_below_a_limit_above_or_from_a_limit_below(
    measured: float | None, at_most: bool, met: bool | None
) -> None:
    assert Threshold("any", 200.0, measured, at_most=at_most).met is met
