"""Loops, races and tries that wait for a person past the point of no return, and what goes on in them meanwhile."""

from __future__ import annotations

from typing import Any

import pytest

from tests.saga_documents import ACT, ASK, told
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


TWO_OF_TWO: dict[str, Any] = {**GATHERED, "gather": {"within": "PT1M", "least": 2}}


@pytest.mark.parametrize(("scope", "code"), [(RACE, "broken"), (TWO_OF_TWO, "too_few_answers")])
def test_parts_that_have_all_failed_are_skipped_or_all_run_again_under_new_numbers(
    scope: dict[str, Any], code: str
) -> None:
    story = past_the_pivot({"s": scope}).when(fails("s/0/a", REJECTED), fails("s/1/b", REJECTED))
    assert story.history[-1] == f"held s {code}"
    story.when(resolves("skip")).then("skip s", "send last").is_now("running", "RUNNING")

    again = story.when(resolves("retry")).then("retry s", "entered s #1", "send s/2/a", "send s/3/b")
    again.is_now("running", "RUNNING")
    assert len({command.token for command in again.commands}) == len(again.commands)


def test_a_race_that_is_run_again_is_won_as_any_other() -> None:
    story = past_the_pivot({"s": RACE}, {"then": ASK}).when(fails("s/0/a", REJECTED), fails("s/1/b", REJECTED))
    story = story.when(resolves("retry"), done("s/3/b", by="b"))

    story.then(
        "retry s", "entered s #1", "send s/2/a", "send s/3/b",
        "done s/3/b", "done s/3", "left s/2 another_branch_won to CLOSE, to undo s/2/a", "send s/2/a:undo",
    )  # fmt: skip
    story = story.when(undone("s/2/a")).then("done s/2/a:undo", "unwound s/2", "done s", "send then")
    assert story.state.outputs["s"] == {"by": "b"}
    story.when(done("then"), done("last")).ended("COMPLETED")


def test_of_what_is_gathered_only_the_failed_parts_are_run_again_and_the_answers_stay_in_order() -> None:
    story = past_the_pivot({"s": TWO_OF_TWO}).when(fails("s/0/a", REJECTED), done("s/1/b", by="b"))
    assert story.history[-1] == "held s too_few_answers"

    story = story.when(resolves("retry")).then("retry s", "entered s #1", "send s/2/a").when(done("s/2/a", by="a"))

    story.then("done s/2/a", "done s/2", "done s", "send last")
    assert story.state.outputs["s"] == {"results": [{"by": "a"}, {"by": "b"}], "partial": False, "missing": []}


def test_parts_that_fail_again_wait_for_a_person_again_as_often_as_they_do() -> None:
    story = past_the_pivot({"s": TWO_OF_TWO}).when(done("s/0/a", by="a"), fails("s/1/b", REJECTED))
    for number in (3, 5, 7):
        story = story.when(resolves("retry")).sends(f"s/{number}/b").when(fails(f"s/{number}/b", REJECTED))
        story.is_now("running", "MANUAL_INTERVENTION")

    story.when(resolves("retry"), done("s/9/b")).sends("s/9/b", "last")
    story.when(resolves("skip")).then("skip s", "send last")


def test_what_a_failed_part_had_undone_is_done_again_as_something_new() -> None:
    scope = {"fork": {"branches": [{"a": {"do": [{"a1": PATIENT}, {"a2": PATIENT}]}}, {"b": PATIENT}]}}
    story = past_the_pivot({"s": {**scope, "gather": {"within": "PT1M", "least": 2}}})
    story = story.when(done("s/1/b"), done("s/0/a1"), fails("s/0/a2", REJECTED), undone("s/0/a1"))
    assert story.history[-1] == "held s too_few_answers"

    story = story.when(resolves("retry"), done("s/2/a1"), fails("s/2/a2", REJECTED))

    assert story.history[-1] == "send s/2/a1:undo"
    assert len({command.token for command in story.commands}) == len(story.commands)
    story = story.when(undone("s/2/a1"), resolves("retry"), done("s/4/a1"), done("s/4/a2"), done("last"))
    story.ended("COMPLETED")


def test_what_is_run_again_has_its_whole_time_anew_and_what_is_late_again_is_left() -> None:
    story = past_the_pivot({"s": TWO_OF_TWO}).when(fails("s/0/a", REJECTED), fails("s/1/b", REJECTED), after(90_000))
    story = story.when(resolves("retry"), after(59_999)).when(after(1))

    story.then(
        "closed s",
        "left s/2 timeout to CLOSE, to undo s/2/a", "left s/3 timeout to CLOSE, to undo s/3/b",
        "send s/2/a:undo", "send s/3/b:undo",
    )  # fmt: skip
    story = story.when(undone("s/2/a"), undone("s/3/b"))
    assert story.history[-1] == "held s too_few_answers"
    story.when(resolves("retry")).sends("s/4/a", "s/5/b")


def test_a_part_that_runs_again_can_be_skipped_with_its_scope() -> None:
    story = past_the_pivot({"s": {**RACE, "timeout": MINUTE}}).when(fails("s/0/a", REJECTED), fails("s/1/b", REJECTED))
    story = story.when(resolves("retry"), fails("s/2/a", REJECTED), after(60_000))
    assert story.history[-1] == "held s timeout"

    story.when(resolves("skip")).then(
        "skip s", "left s/3 skipped to CLOSE, to undo nothing", "unwound s/3", "send last"
    )


LINES: dict[str, Any] = {
    "for": {"each": "n", "in": "${ [10, 20, 30, 40] }", "concurrency": 2},
    "do": [{"a": {**PATIENT, "with": {"n": "${ $n }", "at": "${ $index }"}}}],
}


def test_the_items_of_a_parallel_map_that_failed_are_run_again_with_their_own_values_some_at_a_time() -> None:
    story = past_the_pivot({"s": {**LINES, "gather": {"within": "PT1M", "least": 4}}})
    story = story.when(
        fails("s/0/a", REJECTED), done("s/1/a", n=20), fails("s/2/a", REJECTED), fails("s/3/a", REJECTED)
    )
    assert story.history[-1] == "held s too_few_answers"

    story = story.when(resolves("retry")).sends("s/4/a", "s/6/a").when(done("s/6/a", n=30)).sends("s/7/a")
    story = story.when(done("s/4/a", n=10), done("s/7/a", n=40))

    sent = {command.step: command.arguments for command in story.commands[-4:-1]}
    assert sent == {"s/4/a": {"n": 10, "at": 0}, "s/6/a": {"n": 30, "at": 2}, "s/7/a": {"n": 40, "at": 3}}
    assert [one["n"] for one in story.state.outputs["s"]["results"]] == [10, 20, 30, 40]


def test_one_after_another_an_item_that_runs_again_goes_on_with_what_the_one_before_it_made() -> None:
    loop = {"for": {"each": "n", "in": "${ [1, 2, 3] }"}, "do": [{"a": {**PATIENT, "with": {"was": "${ . }"}}}]}
    story = past_the_pivot({"s": {**loop, "gather": {"within": "PT1M", "least": 3}}})
    story = story.when(done("s/0/a", made=1), fails("s/1/a", REJECTED), done("s/2/a", made=3))

    story = story.when(resolves("retry")).then("retry s", "entered s #1", "send s/4/a")

    assert story.commands[-1].arguments == {"was": {"made": 1}}
    story.when(done("s/4/a", made=2)).then("done s/4/a", "done s/4", "done s", "send last")


def test_where_every_part_answered_and_more_is_asked_for_nothing_is_left_to_run_again() -> None:
    story = past_the_pivot({"s": {**LINES, "gather": {"within": "PT1M", "least": 5}}})
    story = story.when(*(done(f"s/{part}/a") for part in range(4)))
    assert story.history[-1] == "held s too_few_answers"

    story.when(resolves("retry")).then("ignored retry").is_now("running", "MANUAL_INTERVENTION")
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
