"""Taking running sagas over to another version of their definition, by what that version declares."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from orchestrator.core.inputs import Migrate
from orchestrator.definitions.compiler import compile_definition
from tests.saga_documents import ACT, document, told
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
