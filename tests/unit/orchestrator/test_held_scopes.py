"""Loops, races and tries that wait for a person past the point of no return, and what goes on in them meanwhile."""

from __future__ import annotations

from typing import Any

import pytest

from tests.saga_documents import ACT, told
from tests.saga_story import REJECTED, Story, after, done, fails, resolves, undone

PATIENT: dict[str, Any] = {**ACT, "timeout": {"after": {"hours": 1}}}
MINUTE: dict[str, Any] = {"after": {"minutes": 1}}
NEVER_CAUGHT: dict[str, Any] = {"errors": {"with": {"type": "nothing-like-it"}}, "retry": {"delay": {"seconds": 1}}}
LOOP: dict[str, Any] = {"for": {"each": "n", "in": "${ [1, 2] }"}, "do": [{"a": PATIENT}, {"b": PATIENT}]}
RACE: dict[str, Any] = {"fork": {"compete": True, "branches": [{"a": PATIENT}, {"b": PATIENT}]}}
GATHERED: dict[str, Any] = {"fork": {"branches": [{"a": PATIENT}, {"b": PATIENT}]}}


def past_the_pivot(*tasks: dict[str, Any]) -> Story:
    """The first step was the point of no return, and the last one is after the tasks."""
    return told({"paid": {**ACT, "pivot": True}}, *tasks, {"last": ACT}).when(done("paid"))


def late(scope: dict[str, Any]) -> Story:
    """The time of a scope is up before anything in it was answered."""
    story = past_the_pivot({"s": {**scope, "timeout": MINUTE}}).when(after(60_000))
    return story.then("held s timeout").is_now("running", "MANUAL_INTERVENTION")


def test_a_time_out_within_a_scope_that_waits_for_a_person_waits_for_one_too() -> None:
    inner = {"inner": {"try": [{"a": PATIENT}], "catch": NEVER_CAUGHT, "timeout": {"after": {"minutes": 2}}}}
    story = past_the_pivot({"outer": {"try": [inner, {"b": ACT}], "catch": NEVER_CAUGHT, "timeout": MINUTE}})

    story = story.when(after(60_000)).then("held outer timeout")
    story.when(after(60_000)).then("held outer/0/inner timeout")


@pytest.mark.parametrize("resolved", [(), (resolves("retry"),)])
def test_what_a_late_loop_is_at_goes_on_and_ends_it_with_and_without_a_person(resolved: tuple[Any, ...]) -> None:
    story = late(LOOP).when(done("s/0/a"), *resolved, done("s/0/b"), done("s/1/a"), done("s/1/b"))

    assert story.history[-3:] == ["done s/1", "done s", "send last"]
    story.is_now("running", "RUNNING").when(done("last")).ended("COMPLETED")


def test_a_late_race_that_is_tried_again_has_its_whole_time_anew_and_can_be_won() -> None:
    story = late(RACE).when(resolves("retry")).then("retry s", "entered s")
    story = story.when(after(59_999)).then_nothing().when(done("s/1/b"))

    story.then("done s/1/b", "done s/1", "left s/0 another_branch_won to CLOSE, to undo s/0/a", "send s/0/a:undo")
    story.when(undone("s/0/a")).then("done s/0/a:undo", "unwound s/0", "done s", "send last")


def test_a_late_scope_that_is_skipped_is_left_as_it_is_and_nothing_in_it_counts_any_more() -> None:
    story = late(LOOP).when(resolves("skip"))
    story.then("skip s", "left s/0 skipped to CLOSE, to undo nothing", "unwound s/0", "send last")

    story = story.when(done("s/0/a")).then_nothing().when(after(3_000_000)).sends()
    story.when(done("last")).ended("COMPLETED")


@pytest.mark.parametrize(
    ("scope", "code"),
    [(RACE, "broken"), ({**GATHERED, "gather": {"within": "PT1M", "least": 2}}, "too_few_answers")],
)
def test_parts_that_have_all_ended_are_skipped_but_not_tried_again(scope: dict[str, Any], code: str) -> None:
    story = past_the_pivot({"s": scope}).when(fails("s/0/a", REJECTED), fails("s/1/b", REJECTED))
    assert story.history[-1] == f"held s {code}"

    story = story.when(resolves("retry")).then("ignored retry").is_now("running", "MANUAL_INTERVENTION")
    story.when(resolves("skip")).then("skip s", "send last").is_now("running", "RUNNING")


def late_try() -> Story:
    """The time of a try is up while what its first attempt did is being undone, and a retry would come too late."""
    retry = {"retry": {"limit": {"attempt": {"count": 3}}, "delay": {"seconds": 50}}}
    story = past_the_pivot({"t": {"try": [{"a": PATIENT}, {"b": PATIENT}], "catch": retry, "timeout": MINUTE}})
    story = story.when(done("t/0/a"), fails("t/0/b", REJECTED), after(60_000))
    assert story.history[-1] == "held t timeout"
    return story


def test_a_late_try_is_not_left_while_its_attempt_is_being_undone() -> None:
    late_try().when(resolves("skip")).then("ignored skip")


def test_a_late_try_is_tried_again_under_a_new_number_once_its_attempt_is_undone() -> None:
    story = late_try().when(undone("t/0/a"))
    story.then("done t/0/a:undo", "unwound t/0")

    story = story.when(resolves("retry")).then("retry t", "entered t #1", "send t/1/a")
    story.when(done("t/1/a"), done("t/1/b"), done("last")).ended("COMPLETED")
