"""What waits for a person: compensations that failed for good, steps held by strategy or past the pivot."""

from __future__ import annotations

from typing import Any

import pytest

from orchestrator.core.inputs import Action, Resolve
from tests.saga_documents import ACT, told
from tests.saga_story import (
    REJECTED,
    TRANSIENT,
    Moment,
    Story,
    cancels,
    done,
    fails,
    the_next_timer,
    undo_fails,
    undone,
)


def resolves(action: Action, step: str | None = None, reason: str = "looked at it") -> Moment:
    return lambda story: (Resolve("in_9", action, step, "ann", reason), story.now)


def suspended() -> Story:
    """Two steps are done, the third is refused, and neither of the two can be undone."""
    story = told({"a": ACT}, {"b": ACT}, {"c": ACT}).when(done("a"), done("b"), fails("c", REJECTED))
    story = story.when(undo_fails("b", REJECTED), undo_fails("a", REJECTED))
    return story.ended("SUSPENDED").is_now("running", "MANUAL_INTERVENTION")


def test_the_remaining_compensations_run_though_one_failed_for_good() -> None:
    story = suspended()

    assert story.sent[-2:] == ["b:undo", "a:undo"]
    assert [report.step for report in story.reports] == ["b", "a"]


def test_a_person_has_everything_undone_again_in_reverse() -> None:
    story = suspended().when(resolves(Action.RESUME))
    story.then("resume b:undo, a:undo", "send b:undo").is_now("running", "COMPENSATING")

    story.when(undone("b"), undone("a")).ended("REVOKED").is_now("revoked", "TRANSACTION_REVOKED")


def test_a_person_has_one_compensation_tried_again_and_the_other_skipped_with_a_reason() -> None:
    story = suspended().when(resolves(Action.RETRY, "b"), undone("b"))
    story.ended("SUSPENDED")

    story = story.when(resolves(Action.SKIP, "a", reason=""))
    story.then("ignored skip")
    story.when(resolves(Action.SKIP, "a")).then("skip a:undo", "revoked broken").ended("REVOKED")


def test_a_compensation_that_fails_again_waits_for_a_person_again() -> None:
    story = suspended().when(resolves(Action.RETRY, "b"), undo_fails("b", REJECTED))

    story.ended("SUSPENDED")


def test_nothing_that_waits_is_nothing_to_deal_with() -> None:
    story = told({"a": ACT}).when(resolves(Action.RETRY))

    story.then("ignored retry")


@pytest.mark.parametrize(
    ("strategy", "sent", "end"),
    [
        ("retry-then-compensate", 4, "revoked broken"),
        ("compensate", 1, "revoked broken"),
        ("retry", 4, "held a broken"),
        ("dead-letter", 1, "held a broken"),
    ],
)
def test_the_same_fault_under_each_strategy(strategy: str, sent: int, end: str) -> None:
    story = told({"a": {**ACT, "error_strategy": strategy}})
    while story.state.steps["a"].status in ("SCHEDULED", "RETRYING"):
        story = story.when(fails("a", TRANSIENT) if story.state.steps["a"].status == "SCHEDULED" else the_next_timer)

    assert len(story.scheduled("a")) == sent
    assert story.history[-1] == end
    assert [report.kind for report in story.reports] == (["step_held"] if end.startswith("held") else [])


def test_the_strategy_of_the_saga_holds_where_a_step_has_none() -> None:
    story = told({"a": ACT}, {"b": ACT}, defaults={"error_strategy": "dead-letter"}).when(fails("a", TRANSIENT))

    story.then("failed a TRANSIENT broken for good", "held a broken").is_now("running", "MANUAL_INTERVENTION")


def test_a_held_step_goes_out_again_with_all_its_attempts() -> None:
    story = told({"a": {**ACT, "error_strategy": "dead-letter"}}, {"b": ACT}).when(fails("a", TRANSIENT))
    story = story.when(resolves(Action.RETRY, "a")).then("retry a", "send a")

    story.when(done("a")).then("done a", "send b").is_now("running", "RUNNING")


def test_a_held_step_is_skipped() -> None:
    story = told({"a": {**ACT, "error_strategy": "dead-letter"}}, {"b": ACT}).when(fails("a", TRANSIENT))

    story.when(resolves(Action.SKIP, "a")).then("skip a", "send b")


def test_a_saga_with_a_held_step_can_be_cancelled() -> None:
    story = told({"z": ACT}, {"a": {**ACT, "error_strategy": "retry"}}).when(done("z"), fails("a", REJECTED))

    story.when(cancels(), undone("z")).ended("REVOKED")


def pivoted(*tasks: dict[str, Any]) -> Story:
    return told({"a": {**ACT, "pivot": True}}, *tasks, timeout={"after": {"hours": 1}}).when(done("a"))


def test_past_the_pivot_a_failure_waits_for_a_person_and_nothing_is_undone() -> None:
    story = pivoted({"b": ACT}).then("done a", "past a", "send b")
    story = story.when(fails("b", REJECTED)).then("failed b REJECTED broken for good", "held b broken")

    story.when(resolves(Action.RETRY), done("b")).ended("COMPLETED")
    assert "a:undo" not in story.sent


def test_past_the_pivot_nobody_can_cancel_and_no_time_is_up() -> None:
    story = pivoted({"b": ACT}).when(cancels()).then("ignored cancel")

    assert story.state.steps["b"].timeout_at is not None
    story.when(lambda told: (the_next_timer(told)[0], told.now + 3_700_000))
    assert story.state.outcome is None


def test_before_the_pivot_everything_is_undone() -> None:
    story = told({"z": ACT}, {"a": {**ACT, "pivot": True}}).when(done("z"), fails("a", REJECTED))

    story.when(undone("z")).ended("REVOKED")
