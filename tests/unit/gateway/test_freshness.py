"""What is shown is as old as the newest moment whose events are all in it, while everything was at work."""

from __future__ import annotations

from services.gateway.reading.freshness import STALE_AFTER_MS, Samples

S = 1_000


def test_a_read_model_that_keeps_up_is_never_stale() -> None:
    samples = Samples(0)
    for second in range(1, 100):
        samples.take(second * S, {0: second * 10, 1: 5}, None)
        samples.reach({0: second * 10 + 3, 1: 5})
        now = samples.staleness(second * S + 700)
        assert (now.stale, now.age_ms, now.because) == (False, 700, None)


def test_one_that_falls_behind_is_as_old_as_the_last_end_it_reached() -> None:
    samples = Samples(0)
    for second in range(1, 21):
        samples.take(second * S, {0: second * 10}, None)
        samples.reach({0: 100})
    now = samples.staleness(20 * S)
    assert (now.stale, now.age_ms, now.because) == (True, 10 * S, "read-model")
    assert now.lags == ((0, 100, 200),)
    samples.reach({0: 200})
    assert not samples.staleness(20 * S).stale


def test_a_partition_alone_that_is_behind_counts() -> None:
    samples = Samples(0)
    samples.take(9 * S, {0: 10, 1: 10}, None)
    samples.reach({0: 10, 1: 9})
    assert samples.staleness(10 * S).stale


def test_while_something_is_wrong_the_age_grows_though_nothing_is_behind() -> None:
    samples = Samples(0)
    samples.take(S, {0: 10}, None)
    samples.reach({0: 10})
    for second, trouble in ((2, "orchestrator"), (5, "orchestrator"), (8, "kafka")):
        samples.take(second * S, {0: 10} if trouble == "orchestrator" else {}, trouble)
        samples.reach({0: 10})
    assert not samples.staleness(S + STALE_AFTER_MS).stale
    now = samples.staleness(8 * S)
    assert (now.stale, now.age_ms, now.because) == (True, 7 * S, "kafka")
    assert now.lags == ((0, 10, 10),)
    samples.take(9 * S, {0: 12}, None)
    samples.reach({0: 12})
    assert not samples.staleness(9 * S).stale


def test_days_of_lag_take_no_more_memory_than_minutes() -> None:
    samples = Samples(0)
    for second in range(1, 200_000):
        samples.take(second * S, {0: second}, None)
    samples.reach({0: 100_000})
    age_ms = samples.staleness(200_000 * S).age_ms
    assert 100_000 * S <= age_ms <= 200_000 * S
