"""What waits for a person: compensations that failed for good, steps held by strategy or past the pivot."""

from __future__ import annotations

from typing import Any

import pytest

from orchestrator.core.inputs import Action, Failed, Resolve
from tests.saga_documents import ACT, ASK, told
from tests.saga_story import (
    REJECTED,
    TRANSIENT,
    UNKNOWN,
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


def test_what_was_refused_for_good_is_tried_under_a_new_token_and_what_is_uncertain_under_the_old_one() -> None:
    story = suspended().when(resolves(Action.RETRY, "b"))
    assert [command.token for command in story.commands if command.step == "b"][-2:] == [
        "sag_a:b:undo",
        "sag_a:b:undo~1",
    ]
    assert story.commands[-1].undoes == "sag_a:b"

    held = told({"a": {**ACT, "error_strategy": "dead-letter"}}).when(fails("a", UNKNOWN), resolves(Action.RETRY))
    assert {command.token for command in held.commands} == {"sag_a:a"}


def test_the_undo_of_a_step_that_was_tried_anew_names_the_effect_that_there_is() -> None:
    story = told({"a": {**ACT, "error_strategy": "dead-letter"}}, {"b": ACT})
    story = story.when(fails("a", REJECTED), resolves(Action.RETRY), done("a"), fails("b", REJECTED))

    assert (story.commands[-1].token, story.commands[-1].undoes) == ("sag_a:a:undo", "sag_a:a~1")
    story.when(undone("a")).ended("REVOKED")


def test_a_decision_keeps_the_lifecycle_and_the_status_until_nothing_waits_any_more() -> None:
    branches = [{"a": {**ACT, "error_strategy": "dead-letter"}}, {"b": {**ACT, "error_strategy": "dead-letter"}}]
    story = told({"paid": {**ACT, "status": {"lifecycle": "paid"}}}, {"both": {"fork": {"branches": branches}}})
    story = story.when(done("paid"), fails("a", REJECTED), fails("b", REJECTED)).is_now("paid", "MANUAL_INTERVENTION")

    story = story.when(resolves(Action.RETRY, "a")).is_now("paid", "MANUAL_INTERVENTION")
    story.when(resolves(Action.RETRY, "b")).is_now("paid", "RUNNING")


def left_past_the_pivot() -> Story:
    """Past the pivot, a try fails and what its attempt did cannot be undone."""
    handler = {"catch": {"do": [{"handled": {"set": {"n": 1}}}]}}
    story = pivoted({"t": {"try": [{"b": ACT}, {"c": ACT}], **handler}}, {"last": ACT})
    story = story.when(done("t/0/b"), fails("t/0/c", REJECTED), undo_fails("t/0/b", REJECTED))
    assert story.history[-1] == "held t/0 compensation_failed"
    return story.is_now("running", "MANUAL_INTERVENTION")


def test_past_the_pivot_a_part_that_cannot_be_undone_waits_and_is_undone_again() -> None:
    story = left_past_the_pivot().when(resolves(Action.RETRY)).then("retry t/0/b:undo", "send t/0/b:undo")

    story = story.when(undone("t/0/b")).then(
        "done t/0/b:undo", "unwound t/0", "done t/catch/handled", "done t", "send last"
    )
    story.when(done("last")).ended("COMPLETED")
    assert story.sent.count("t/0/b") == 1


def test_past_the_pivot_a_part_that_cannot_be_undone_is_left_as_it_is_with_a_reason() -> None:
    story = left_past_the_pivot().when(resolves(Action.SKIP))

    story.then("skip t/0/b:undo", "unwound t/0", "done t/catch/handled", "done t", "send last")


def test_a_refusal_of_what_was_asked_before_a_person_had_it_tried_anew_counts_no_more() -> None:
    story = told({"a": {**ACT, "error_strategy": "dead-letter"}}, {"b": ACT})
    story = story.when(fails("a", REJECTED), resolves(Action.RETRY))
    late = Failed("sag_a:a:0", "a", False, REJECTED, "broken", "broken.", (), None, business=0)

    story = story.when(lambda told: (late, told.now)).then_nothing()
    story.when(done("a")).then("done a", "send b")


def test_what_a_person_skipped_is_undone_later_where_nobody_knows_whether_it_happened() -> None:
    story = told({"a": {**ACT, "error_strategy": "dead-letter"}}, {"b": ACT}, {"c": ASK}).when(fails("a", UNKNOWN))
    story = story.when(resolves(Action.SKIP, "a"), done("b")).when(cancels()).sends("a:undo")

    story.when(undone("a"), undone("b")).ended("REVOKED")


def test_what_a_person_skipped_in_a_try_is_undone_with_its_attempt() -> None:
    work = {"try": [{"a": {**ACT, "error_strategy": "dead-letter"}}, {"b": ACT}], "catch": {"do": [{"c": ACT}]}}
    story = told({"t": work}).when(fails("t/0/a", UNKNOWN), resolves(Action.SKIP, "t/0/a"))

    story = story.when(fails("t/0/b", REJECTED)).sends("t/0/a:undo")
    story.when(undone("t/0/a")).sends("t/catch/c")


def test_what_was_refused_and_skipped_has_nothing_to_undo() -> None:
    story = told({"a": {**ACT, "error_strategy": "dead-letter"}}, {"b": ACT}).when(fails("a", REJECTED))

    story.when(resolves(Action.SKIP, "a")).when(cancels(), undone("b")).ended("REVOKED").sends("b:undo")


def test_a_skipped_undo_stays_as_it_is_though_more_is_undone_later() -> None:
    story = suspended().when(resolves(Action.SKIP, "a"), resolves(Action.RESUME))

    story.sends("b:undo").when(undone("b")).ended("REVOKED")


def test_a_held_step_is_undone_where_that_is_always_asked_for() -> None:
    always = {"call": "act", "compensate": {"call": "unact", "always": True}, "error_strategy": "dead-letter"}
    story = told({"a": always}).when(fails("a", REJECTED)).then("failed a REJECTED broken for good", "held a broken")

    story.when(cancels()).sends("a:undo")
