"""When calls that were not made come back: spread out, at the provider's own pace, within a bound."""

from __future__ import annotations

from services.participant.returns import FIRST_PACE_MS, MOST_SPREAD_MS, Returns


def test_the_first_comes_back_when_it_may_and_the_others_follow_one_by_one() -> None:
    returns = Returns()
    waits = [returns.after(1_000, 4_000) for _ in range(200)]
    assert waits[:3] == [4_000, 4_000 + FIRST_PACE_MS, 4_000 + 2 * FIRST_PACE_MS]
    assert waits == sorted(set(waits))


def test_they_come_as_quickly_as_the_provider_answered_while_calls_waited() -> None:
    returns = Returns()
    for turn in range(200):
        returns.answered(turn * 20, crowded=True)
    first, second = returns.after(4_000, 100), returns.after(4_000, 100)
    assert (first, second) == (100, 120)


def test_answers_while_nobody_waits_say_nothing_of_how_quickly_the_provider_works() -> None:
    returns = Returns()
    for turn in range(200):
        returns.answered(turn * 1_000, crowded=turn % 2 == 0)
    first, second = returns.after(200_000, 100), returns.after(200_000, 100)
    assert second - first == FIRST_PACE_MS


def test_a_queue_of_old_puts_nobody_off() -> None:
    returns = Returns()
    for _ in range(100):
        returns.after(0, 0)
    assert returns.after(10_000, 50) == 50


def test_nobody_is_put_off_for_ever_however_many_there_are() -> None:
    returns = Returns()
    waits = [returns.after(0, 10_000) for _ in range(20_000)]
    assert max(waits) <= 10_000 + MOST_SPREAD_MS
