"""Errors: raised, caught, retried with any backoff, and answered by the strategy of the step."""

from __future__ import annotations

from typing import Any

import pytest

from tests.pattern_story import Task, hold, story
from tests.saga_story import (
    NOON,
    REJECTED,
    SECOND,
    TRANSIENT,
    UNKNOWN,
    Story,
    after,
    done,
    fails,
    the_next_timer,
    undo_fails,
    undone,
)


def attempt(*tasks: dict[str, Task], **catch: Any) -> Task:
    """Return a try over these tasks."""
    return {"try": list(tasks), "catch": catch}


def test_given_a_raise_then_the_saga_is_turned_round_with_its_reason() -> None:
    refuse = {"raise": {"error": {"type": "too_heavy", "title": "Nobody carries it"}}}
    saga = story({"a": hold()}, {"refuse": refuse}).when(done("a")).sends("a:undo").when(undone("a")).ended("REVOKED")
    assert (saga.state.code, saga.state.message) == ("too_heavy", "Nobody carries it")


def test_given_a_try_when_it_fails_then_what_it_did_is_undone_before_the_handler_begins() -> None:
    saga = story({"try": attempt({"a": hold()}, {"b": hold()}, do=[{"plan-b": hold()}])}, {"last": hold()})
    saga = saga.sends("try/0/a").when(done("try/0/a"), fails("try/0/b", REJECTED))
    assert saga.sent[-1] == "try/0/a:undo"
    saga = saga.when(undone("try/0/a")).sends("try/catch/plan-b")
    saga.when(done("try/catch/plan-b")).sends("last").when(done("last")).ended("COMPLETED")


def test_given_a_try_when_a_step_has_an_unknown_outcome_then_it_is_undone_too_before_the_handler() -> None:
    saga = story({"try": attempt({"a": hold(error_strategy="compensate")}, do=[{"plan-b": hold()}])})
    saga = saga.when(fails("try/0/a", UNKNOWN)).sends("try/0/a:undo")
    saga.when(undone("try/0/a")).sends("try/catch/plan-b")


def test_given_a_try_when_it_succeeds_then_its_handler_is_left_out() -> None:
    saga = story({"try": attempt({"a": hold()}, do=[{"plan-b": hold()}])}, {"last": hold()}).when(done("try/0/a"))
    saga.sends("last")


def test_given_a_catch_of_certain_errors_when_another_comes_then_the_saga_is_turned_round() -> None:
    catch = {"errors": {"with": {"type": "out_of_stock"}}, "do": [{"plan-b": hold()}]}
    caught = story({"try": attempt({"a": hold()}, **catch)}).when(fails("try/0/a", REJECTED, "out_of_stock"))
    caught.sends("try/catch/plan-b")
    story({"try": attempt({"a": hold()}, **catch)}).when(fails("try/0/a", REJECTED, "declined")).ended("REVOKED")


def test_given_a_catch_with_a_condition_then_only_errors_for_which_it_holds_are_caught() -> None:
    catch = {"as": "why", "when": '${ $why.type == "busy" }', "do": [{"plan-b": hold("${ $why.type }")}]}
    caught = story({"try": attempt({"a": hold()}, **catch)}).when(fails("try/0/a", REJECTED, "busy"))
    assert caught.commands[-1].arguments["resource"] == "busy"
    story({"try": attempt({"a": hold()}, **catch)}).when(fails("try/0/a", REJECTED, "other")).ended("REVOKED")


def _trying(policy: Any) -> Story:
    return story({"try": attempt({"a": hold(error_strategy="compensate")}, retry=policy)})


@pytest.mark.parametrize(
    ("backoff", "waits"),
    [
        ({}, [1, 1, 1]),
        ({"backoff": {"constant": {}}}, [1, 1, 1]),
        ({"backoff": {"linear": {}}}, [1, 2, 3]),
        ({"backoff": {"exponential": {}}}, [1, 2, 4]),
    ],
)
def test_given_a_try_with_a_retry_then_it_is_tried_anew_after_its_backoff(backoff: Any, waits: list[int]) -> None:
    saga = _trying({"delay": {"seconds": 1}, "limit": {"attempt": {"count": 3}}, **backoff})
    for number, wait in enumerate(waits):
        saga = saga.when(fails(f"try/{number}/a", REJECTED)).sends()
        saga = saga.when(after(wait * SECOND - 1)).sends().when(after(1)).sends(f"try/{number + 1}/a")
    saga.when(fails("try/3/a", REJECTED)).ended("REVOKED")


def test_given_a_try_with_a_retry_then_each_attempt_is_undone_before_the_next() -> None:
    policy = {"delay": {"seconds": 1}, "limit": {"attempt": {"count": 1}}}
    saga = story({"try": attempt({"a": hold()}, {"b": hold()}, retry=policy)})
    saga = saga.when(done("try/0/a"), fails("try/0/b", REJECTED))
    assert saga.sent[-1] == "try/0/a:undo"
    saga = saga.when(undone("try/0/a"), the_next_timer)
    assert saga.sent[-1] == "try/1/a"
    saga.when(done("try/1/a"), done("try/1/b")).ended("COMPLETED")


def test_given_jitter_then_every_wait_is_within_its_bounds_and_the_same_in_every_replay() -> None:
    policy = {"delay": {"seconds": 1}, "jitter": {"from": {}, "to": {"milliseconds": 500}}}
    first, again = (story({"a": hold(retry=policy)}).when(fails("a", TRANSIENT)) for _ in range(2))
    [wait], [same] = first.retries("a"), again.retries("a")
    assert NOON + 1_000 <= wait.due_at <= NOON + 1_500
    assert wait == same


def test_given_a_retry_that_is_said_nothing_of_then_there_are_three_after_the_first() -> None:
    saga = story({"a": hold()})
    for _ in range(3):
        saga = saga.when(fails("a", TRANSIENT), the_next_timer)
    assert saga.sent == ["a"] * 4
    saga.when(fails("a", TRANSIENT)).ended("REVOKED")


def _failing(strategy: str | None, **top: Any) -> Story:
    step = hold() if strategy is None else hold(error_strategy=strategy)
    saga = story({"first": hold()}, {"a": step}, **top).when(done("first"))
    for _ in range(10):
        if saga.state.steps["a"].status not in ("SCHEDULED", "RETRYING"):
            break
        saga = (
            saga.when(fails("a", TRANSIENT))
            if saga.state.steps["a"].status == "SCHEDULED"
            else saga.when(the_next_timer)
        )
    return saga


@pytest.mark.parametrize(
    ("strategy", "sendings", "undoes"),
    [
        (None, 4, True),
        ("retry-then-compensate", 4, True),
        ("retry", 4, False),
        ("compensate", 1, True),
        ("dead-letter", 1, False),
    ],
)
def test_given_an_error_strategy_then_the_same_fault_is_retried_undone_or_held(
    strategy: str | None, sendings: int, undoes: bool
) -> None:
    saga = _failing(strategy)
    assert saga.sent.count("a") == sendings
    assert ("first:undo" in saga.sent) == undoes
    assert (saga.state.status == "MANUAL_INTERVENTION") == (not undoes)
    assert bool(saga.reports) == (not undoes)


def test_given_a_strategy_for_the_whole_saga_then_a_step_that_says_another_is_the_exception() -> None:
    assert _failing(None, defaults={"error_strategy": "compensate"}).sent.count("a") == 1
    assert _failing("retry-then-compensate", defaults={"error_strategy": "compensate"}).sent.count("a") == 4
    assert _failing(None, defaults={"max_retries": 1}).sent.count("a") == 2


def test_given_a_compensation_that_fails_for_good_then_the_others_still_run_and_a_person_is_told() -> None:
    saga = story({"a": hold()}, {"b": hold()}, {"c": hold()}).when(done("a"), done("b"), fails("c", REJECTED))
    saga = saga.when(undo_fails("b", REJECTED, "gone"))
    assert saga.sent[-1] == "a:undo"
    saga = saga.when(undone("a"))
    assert saga.state.status == "MANUAL_INTERVENTION"
    assert [report.step for report in saga.reports] == ["b"]
