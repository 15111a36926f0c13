"""What is undone, by whom, and from where there is no way back: pivots, held steps, child sagas, shared resources."""

from __future__ import annotations

from tests.pattern_story import Task, hold, story
from tests.saga_story import REJECTED, cancels, done, fails, resolves, says, taken_back, undo_fails, undone


def test_given_a_pivot_when_it_is_done_then_the_saga_is_no_longer_cancelled_nor_turned_round() -> None:
    pivot: Task = {**hold(), "pivot": True, "compensate": {"none": "The goods are on the road."}}
    saga = story({"a": hold()}, {"go": pivot}, {"b": hold()}).when(done("a"), done("go"), cancels())
    saga.sends("go", "b")
    saga = saga.when(fails("b", REJECTED))
    assert "a:undo" not in saga.sent
    assert saga.state.status == "MANUAL_INTERVENTION"


def test_given_a_held_step_when_a_person_has_it_tried_again_then_the_saga_goes_on() -> None:
    saga = story({"a": hold(error_strategy="dead-letter")}, {"b": hold()}).when(fails("a", REJECTED))
    assert saga.state.status == "MANUAL_INTERVENTION"
    saga = saga.when(resolves("retry", "a")).sends("a").when(done("a")).sends("b")
    saga.when(done("b")).ended("COMPLETED")


def test_given_a_held_step_when_a_person_skips_it_then_the_saga_goes_on_without_it() -> None:
    saga = story({"a": hold(error_strategy="dead-letter")}, {"b": hold()}).when(fails("a", REJECTED))
    saga.when(resolves("skip", "a")).sends("b").when(done("b")).ended("COMPLETED")


def test_given_a_failed_compensation_when_it_is_tried_again_after_a_repair_then_the_saga_is_revoked() -> None:
    saga = story({"a": hold()}, {"b": hold()}).when(done("a"), fails("b", REJECTED), undo_fails("a", REJECTED))
    assert saga.state.status == "MANUAL_INTERVENTION"
    saga = saga.when(resolves("retry", "a"))
    assert saga.sent[-1] == "a:undo"
    saga.when(undone("a")).ended("REVOKED")


def child(**more: object) -> Task:
    """Return a task that runs another saga and waits for it."""
    workflow = {"namespace": "patterns", "name": "other", "version": "1.0.0", "input": {"n": "${ $workflow.input.n }"}}
    return {"run": {"workflow": workflow}, **more}


def test_given_a_child_saga_then_it_is_started_once_with_its_input_and_its_result_is_the_step_s() -> None:
    saga = story({"a": hold()}, {"child": child()}, {"b": hold("${ .answer }")}, data={"n": 7}).when(done("a"))
    [started] = saga.children
    assert (started.definition, started.data) == ("other", {"n": 7})
    saga = saga.when(done("child", answer="yes"))
    assert saga.commands[-1].arguments["resource"] == "yes"


def test_given_a_child_saga_that_was_revoked_then_its_parent_is_turned_round() -> None:
    saga = story({"a": hold()}, {"child": child()}).when(done("a"), fails("child", REJECTED))
    assert saga.sent[-1] == "a:undo"


def test_given_a_child_saga_that_completed_when_its_parent_fails_later_then_the_child_is_undone_first() -> None:
    saga = story({"a": hold()}, {"child": child()}, {"b": hold()}).when(done("a"), done("child"), fails("b", REJECTED))
    assert len(saga.children_undone) == 1
    assert "a:undo" not in saga.sent
    saga = saga.when(undone("child"))
    assert saga.sent[-1] == "a:undo"
    saga.when(undone("a")).ended("REVOKED")


def test_given_a_saga_that_completed_when_its_parent_takes_it_back_then_it_is_undone_in_reverse() -> None:
    saga = story({"a": hold()}, {"b": hold()}).when(done("a"), done("b")).ended("COMPLETED")
    saga = saga.when(taken_back())
    assert saga.sent[-1] == "b:undo"
    saga = saga.when(undone("b"))
    assert saga.sent[-1] == "a:undo"
    saga.when(undone("a")).ended("REVOKED")


def test_given_a_saga_that_was_taken_back_before_it_began_then_it_does_nothing() -> None:
    saga = story({"gate": {"listen": {"to": {"one": {"with": {"type": "go"}}}}}}, {"a": hold()}).when(taken_back())
    saga.sends().ended("REVOKED")
    saga.when(says("go")).sends()


def test_given_an_optional_step_that_fails_then_the_saga_goes_on() -> None:
    story({"a": hold(optional=True)}, {"b": hold()}).when(fails("a", REJECTED)).sends("b")
