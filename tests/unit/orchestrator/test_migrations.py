"""Taking running sagas over to another version of their definition, by what that version declares."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from orchestrator.core.events import InputIgnored
from orchestrator.core.inputs import Migrate
from orchestrator.definitions.compiler import compile_definition
from tests.saga_documents import ACT, ASK, document, told
from tests.saga_story import REJECTED, Moment, Story, cancels, done, fails, says, undone

WAIT: dict[str, Any] = {"listen": {"to": {"one": {"with": {"type": "go"}}}}}


def second(*tasks: dict[str, Any], **migration: Any) -> Moment:
    """Ask for version 2, which declares how sagas of version 1 come over."""
    declared = [{"from": 1, **migration}] if migration else None
    top: dict[str, Any] = {"migrations": declared} if declared else {}
    target = compile_definition(document(*tasks, version="2.0.0", **top), {})
    return lambda story: (Migrate("in_9", target, "ann"), story.now)


def over(story: Story, moment: Moment) -> Story:
    """Let the saga go over; from now on its story is told by the other version."""
    given, _ = moment(story)
    assert isinstance(given, Migrate)
    return replace(story.when(moment), definition=given.target)


def test_a_saga_goes_on_under_the_new_version_with_its_waits_renamed() -> None:
    story = told({"a": ACT}, {"ask": WAIT}, {"b": ACT}).when(done("a"))
    story = over(story, second({"a": ACT}, {"approval": WAIT}, {"c": ACT}, steps={"ask": "approval"}))
    story.then("went over to version 2")
    assert (story.state.version, list(story.state.steps)) == (2, ["a", "approval"])

    story = story.when(says("go"), done("c")).ended("COMPLETED")
    assert story.sent == ["a", "c"]


def test_what_was_done_under_the_old_version_is_undone_under_the_new_one() -> None:
    story = told({"a": ACT}, {"b": ACT}).when(done("a"))
    story = over(story, second({"a": ACT}, {"b": ACT}, {"c": ACT}, steps={}))

    story = story.when(cancels())
    assert story.state.plan == ("b", "a")
    story.when(undone("b"), undone("a")).ended("REVOKED")


def test_a_step_that_sent_a_command_keeps_its_name_for_the_effect_has_it_too() -> None:
    story = told({"a": ACT}, {"b": ACT}).when(done("a"))

    story.when(second({"one": ACT}, {"b": ACT}, steps={"a": "one"})).then("ignored migrate")


def test_the_results_are_transformed_the_same_way_each_time() -> None:
    tasks = ({"a": ACT}, {"b": ACT})
    story = told(*tasks).when(done("a", pounds=3))
    moment = second(*tasks, context="{a: {pence: ($context.a.pounds * 100)}}")

    first, again = over(story, moment), over(story, moment)
    assert first.state.outputs == {"a": {"pence": 300}}
    assert first.told == again.told


def test_a_version_that_declares_no_migration_takes_nobody_over() -> None:
    story = told({"a": ACT}).when(second({"a": ACT}))

    story.then("ignored migrate")
    assert story.state.version == 1


def test_a_step_that_is_not_settled_needs_its_like() -> None:
    story = told({"a": ACT}, {"b": ACT}).when(done("a"))

    story.when(second({"a": ACT}, {"c": ACT}, steps={})).then("ignored migrate")
    story.when(second({"a": ACT}, {"b": WAIT}, steps={})).then("ignored migrate")


def test_what_has_to_be_undone_later_needs_its_like() -> None:
    story = told({"a": ACT}, {"b": ACT}).when(done("a"))

    story.when(second({"b": ACT}, steps={})).then("ignored migrate")


def test_a_saga_that_turned_round_keeps_its_version() -> None:
    story = told({"a": ACT}).when(cancels())

    story.when(second({"a": ACT}, steps={})).then("ignored migrate")


def test_a_race_that_runs_has_the_same_branches_in_the_other_version() -> None:
    story = told({"r": {"fork": {"compete": True, "branches": [{"a": ACT}, {"b": ACT}]}}})
    more = {"r": {"fork": {"compete": True, "branches": [{"a": ACT}, {"b": ACT}, {"c": ACT}]}}}

    story.when(second(more, steps={})).then("ignored migrate")


def test_what_is_being_undone_can_be_undone_in_the_other_version() -> None:
    caught = {"catch": {"do": [{"c": ACT}]}}
    story = told({"t": {"try": [{"a": ACT}, {"b": ACT}], **caught}}).when(done("t/0/a"), fails("t/0/b", REJECTED))
    kept = {"call": "act", "compensate": {"none": "it is kept"}}

    story = story.when(second({"t": {"try": [{"a": kept}, {"b": ACT}], **caught}}, steps={})).then("ignored migrate")
    story.when(undone("t/0/a")).then("done t/0/a:undo", "unwound t/0", "send t/catch/c")


def fork(*branches: dict[str, Any]) -> dict[str, Any]:
    return {"both": {"fork": {"branches": list(branches)}}}


def refused(story: Story, moment: Moment) -> str:
    """Let the saga refuse to go over, and return why."""
    [recorded] = story.when(moment).new
    assert isinstance(recorded.event, InputIgnored)
    return recorded.event.reason


def test_a_fork_that_is_under_way_takes_no_branch_that_nobody_would_begin() -> None:
    story = told(fork({"a": ACT}, {"b": ACT}), {"last": ACT}).when(done("a"))
    more = second(fork({"a": ACT}, {"b": ACT}, {"c": ACT}), {"last": ACT}, steps={})

    reason = "branch c of both is not under way, and would never end in version 2"
    assert refused(story, more) == f"{reason}: once both has joined, the saga can go over"

    story = over(story.when(done("b")), more).then("went over to version 2")
    story.when(done("last")).ended("COMPLETED")


def test_a_branch_that_is_over_takes_no_further_step_while_the_others_are_under_way() -> None:
    story = told(fork({"a": ACT}, {"b": ACT})).when(done("a"))
    longer = second(fork({"a": ACT}, {"more": {"do": [{"b": ACT}, {"b2": ACT}]}}), steps={})
    over_already = second(fork({"more": {"do": [{"a": ACT}, {"a2": ACT}]}}, {"b": ACT}), steps={})

    assert refused(story, over_already).startswith("branch a of both is not under way")

    story = over(story, longer).when(done("b")).then("done b", "send b2")
    story.when(done("b2")).ended("COMPLETED")


def test_a_branch_that_is_over_and_left_nothing_to_undo_may_be_missing() -> None:
    story = told(fork({"a": ASK}, {"b": ACT}, {"c": ACT}), {"last": ACT}).when(done("a"))

    story = over(story, second(fork({"b": ACT}, {"c": ACT}), {"last": ACT}, steps={}))

    story.when(done("b")).sends().when(done("c")).sends("last")


def test_what_runs_at_once_runs_at_once_in_the_other_version_too() -> None:
    story = told(fork({"a": ACT}, {"b": ACT}))
    reason = "a and b are under way at once, and never are in version 2"

    assert refused(story, second({"a": ACT}, {"b": ACT}, steps={})) == reason
    assert refused(story, second(fork({"a": ACT}, {"c": ASK}), {"b": ACT}, steps={})) == reason
    assert refused(story, second(fork({"both-of-them": {"do": [{"a": ACT}, {"b": ACT}]}}), steps={})) == reason


def test_what_is_done_already_is_not_ahead_of_what_is_under_way() -> None:
    story = told({"a": ACT}, {"b": ACT}).when(done("a"))

    reason = "a was begun already, and comes after b in version 2"
    assert refused(story, second({"b": ACT}, {"a": ACT}, steps={})) == reason


def test_what_is_done_already_may_be_in_a_fork_of_the_other_version() -> None:
    story = told({"a": ACT}, {"b": ACT}, {"c": ACT}).when(done("a"))

    over(story, second(fork({"a": ACT}, {"b": ACT}), {"c": ACT}, steps={})).when(done("b")).sends("c")
    past = story.when(done("b"))
    past = over(past, second(fork({"a": ACT}, {"b": ACT}, {"new": ACT}), {"c": ACT}, steps={}))
    past.when(done("c")).ended("COMPLETED")


def test_a_fork_within_a_loop_is_looked_at_for_each_item() -> None:
    loop = {"for": {"in": "${ [1, 2] }", "concurrency": 2}}
    story = told({"s": {**loop, "do": [fork({"a": ACT}, {"b": ACT})]}}).when(
        done("s/0/a"), done("s/0/b"), done("s/1/a")
    )
    more = second({"s": {**loop, "do": [fork({"a": ACT}, {"b": ACT}, {"c": ACT})]}}, steps={})

    assert refused(story, more).startswith("branch c of s/1/both is not under way")


def test_a_fork_in_a_branch_is_under_way_as_long_as_one_of_its_own_is() -> None:
    inner = {"inner": {"fork": {"branches": [{"a": ACT}, {"b": ACT}]}}}
    story = told(fork(inner, {"c": ACT})).when(done("a"))

    over(story, second(fork(inner, {"c": ACT}), steps={})).when(done("b"), done("c")).ended("COMPLETED")
    wider = {"inner": {"fork": {"branches": [{"a": ACT}, {"b": ACT}, {"d": ACT}]}}}
    assert refused(story, second(fork(wider, {"c": ACT}), steps={})).startswith("branch d of inner is not under way")


def test_what_is_under_way_stays_in_its_scope() -> None:
    story = told({"a": ACT}, {"b": ACT})
    moved = second({"s": {"for": {"in": "${ [1] }"}, "do": [{"a": ACT}]}}, {"b": ACT}, steps={})

    assert refused(story, moved) == "a is under way outside of every scope, and within s in version 2"

    story = told({"t": {"try": [{"a": ACT}], "catch": {}}}, {"b": ACT})
    assert refused(story, second({"t": {"try": [{"c": ACT}], "catch": {}}}, {"a": ACT}, {"b": ACT}, steps={})) == (
        "t/0/a is under way within t, and outside of every scope in version 2"
    )
