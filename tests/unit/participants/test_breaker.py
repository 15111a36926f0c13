"""The circuit breaker: closed, open, one probe."""

from __future__ import annotations

from services.participant.breaker import Breaker


def _opened(probes: int = 1) -> Breaker:
    breaker = Breaker(failures=5, open_ms=10_000, probes=probes)
    for _ in range(5):
        assert breaker.admit(0) is None
        breaker.failed(0)
    return breaker


def test_five_failures_in_a_row_open_it_for_its_time() -> None:
    breaker = _opened()
    assert breaker.admit(0) == 10_000
    assert breaker.admit(9_999) == 1


def test_an_answer_between_failures_starts_the_count_again() -> None:
    breaker = Breaker(failures=5, open_ms=10_000)
    for _ in range(4):
        breaker.failed(0)
    breaker.succeeded(crowded=True)
    for _ in range(4):
        breaker.failed(0)
    assert breaker.admit(0) is None


def test_after_its_time_one_probe_goes_and_everything_else_waits() -> None:
    breaker = _opened()
    assert breaker.admit(10_000) is None
    wait_ms = breaker.admit(10_000)
    assert wait_ms is not None
    assert wait_ms > 0


def test_a_probe_that_is_answered_closes_it() -> None:
    breaker = _opened()
    breaker.admit(10_000)
    breaker.succeeded(crowded=True)
    assert breaker.admit(10_001) is None
    assert breaker.admit(10_001) is None


def test_a_probe_that_fails_opens_it_again_for_the_whole_time() -> None:
    breaker = _opened()
    breaker.admit(10_000)
    breaker.failed(10_500)
    assert breaker.admit(10_500) == 10_000


def test_a_probe_that_is_given_up_leaves_its_place_to_the_next() -> None:
    breaker = _opened()
    breaker.admit(10_000)
    breaker.withdrawn()
    assert breaker.admit(10_100) is None


def test_calls_from_before_it_opened_change_nothing() -> None:
    breaker = _opened()
    breaker.succeeded(crowded=True)
    breaker.failed(5_000)
    assert breaker.admit(9_000) == 1_000


def test_as_many_probes_as_are_asked_for_have_to_be_answered() -> None:
    breaker = _opened(probes=2)
    assert [breaker.admit(10_000) for _ in range(3)] == [None, None, 1_000]
    breaker.succeeded(crowded=True)
    assert breaker.admit(10_001) == 1_000
    breaker.succeeded(crowded=True)
    assert breaker.admit(10_002) is None


def test_no_more_calls_than_may_fail_are_made_at_once_until_the_provider_answers() -> None:
    breaker = Breaker(failures=5, open_ms=10_000)
    assert breaker.places == 5
    breaker.failed(0)
    assert breaker.places == 4
    for _ in range(3):
        breaker.succeeded(crowded=True)
    assert breaker.places == 8
    breaker.succeeded(crowded=False)
    assert breaker.places == 8
    breaker.rested()
    assert breaker.places == 5
