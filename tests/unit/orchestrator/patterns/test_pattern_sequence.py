"""Sequence, choice and data flow: one step after the other, exactly one way, and each step's input from its data."""

from __future__ import annotations

import pytest

from tests.pattern_story import Task, hold, story
from tests.saga_story import REJECTED, done, fails, undone


def test_given_steps_in_order_when_one_is_done_then_the_next_is_sent_and_no_other() -> None:
    saga = story({"payment": hold()}, {"inventory": hold()}, {"ship": hold()}).sends("payment")
    saga = saga.when(done("payment")).sends("inventory").when(done("inventory")).sends("ship")
    saga.when(done("ship")).sends().ended("COMPLETED")


def test_given_a_sequence_when_a_step_fails_for_good_then_what_was_done_is_undone_in_reverse() -> None:
    saga = story({"a": hold()}, {"b": hold()}, {"c": hold()}).when(done("a"), done("b"), fails("c", REJECTED))
    saga = saga.sends("b", "c", "b:undo").when(undone("b")).sends("a:undo")
    saga.when(undone("a")).ended("REVOKED")


def _by_method(**cases: str) -> Task:
    return {
        "switch": [
            *({name: {"when": f'${{ .method == "{name}" }}', "then": step}} for name, step in cases.items()),
            {"otherwise": {"then": "refuse"}},
        ]
    }


REFUSE: Task = {"raise": {"error": {"type": "unknown_method", "title": "There is no such method"}}}


@pytest.mark.parametrize(("method", "chosen"), [("express", "fast"), ("standard", "slow")])
def test_given_a_switch_when_a_case_holds_then_its_branch_is_taken_and_no_other(method: str, chosen: str) -> None:
    choice = _by_method(express="fast", standard="slow")
    steps = ({"fast": hold(then="end")}, {"slow": hold(then="end")}, {"refuse": REFUSE})
    saga = story({"method": choice}, *steps, data={"method": method}).sends(chosen)
    saga.when(done(chosen)).sends().ended("COMPLETED")


def test_given_a_switch_with_a_default_when_no_case_holds_then_the_default_is_taken() -> None:
    choice = _by_method(express="fast")
    saga = story({"method": choice}, {"fast": hold(then="end")}, {"refuse": REFUSE}, data={"method": "by ship"})
    saga.sends().ended("REVOKED")
    assert saga.state.code == "unknown_method"


def test_given_a_switch_in_a_sequence_when_a_case_continues_then_the_next_step_follows() -> None:
    choice = {"switch": [{"small": {"when": ".n < 10", "then": "continue"}}, {"large": {"then": "end"}}]}
    story({"size": choice}, {"a": hold()}, data={"n": 1}).sends("a")
    story({"size": choice}, {"a": hold()}, data={"n": 10}).sends().ended("COMPLETED")


def test_given_a_condition_when_it_does_not_hold_then_the_task_is_left_out() -> None:
    saga = story(
        {"a": hold()}, {"b": {**hold(), "if": "${ $workflow.input.gift }"}}, {"c": hold()}, data={"gift": False}
    )
    saga.when(done("a")).sends("c")


@pytest.mark.parametrize(("then", "following"), [("continue", ["b"]), ("exit", ["d"]), ("end", []), ("c", ["c"])])
def test_given_a_directive_in_a_block_then_it_goes_on_jumps_leaves_the_block_or_ends(
    then: str, following: list[str]
) -> None:
    choice: Task = {"switch": [{"usual": {"when": ".quantity == 1", "then": "b"}}, {"else": {"then": then}}]}
    block = {"do": [{"a": hold()}, {"choice": choice}, {"b": hold()}, {"c": hold()}]}
    saga = story({"block": block}, {"d": hold()}).when(done("a", quantity=2)).sends(*following)
    assert (saga.state.outcome == "COMPLETED") == (then == "end")


def test_given_a_step_with_a_directive_then_it_ends_its_block_or_the_workflow() -> None:
    block = {"do": [{"a": {**hold(then="exit"), "if": "${ $workflow.input.short }"}}, {"b": hold()}]}
    story({"block": block}, {"d": hold()}, data={"short": True}).when(done("a")).sends("d")
    story({"block": block}, {"d": hold()}, data={"short": False}).sends("b")


def test_given_data_flow_then_each_step_gets_what_was_put_together_for_it() -> None:
    saga = story(
        {"count": {"set": {"n": "${ $workflow.input.lines | length }"}}},
        {"a": hold("${ .n }", output={"as": "${ {held: .quantity} }"}, export={"as": "${ $context + {a: .held} }"})},
        {"b": hold("${ $context.a }", input={"from": "${ {wanted: (.held * 2)} }"})},
        {"c": hold("${ .reservation_id }")},
        data={"lines": [{}, {}, {}]},
    ).when(done("a", quantity=7))
    saga = saga.when(done("b", reservation_id="res_b"))
    assert [command.arguments["resource"] for command in saga.commands] == [3, 7, "res_b"]


def test_given_an_output_expression_of_the_workflow_then_the_saga_ends_with_its_value() -> None:
    saga = story({"a": hold()}, output={"as": "${ {held: .quantity} }"}).when(done("a", quantity=3, resource="x"))
    assert saga.result == {"held": 3}


def test_given_an_input_expression_of_the_workflow_then_the_first_task_gets_its_value() -> None:
    wanted = "${ [.name, $workflow.input.first] | tojson }"
    saga = story({"a": hold(wanted)}, input={"from": "${ {name: .first} }"}, data={"first": "ann"})
    assert saga.commands[0].arguments["resource"] == '["ann","ann"]'


def test_given_an_expression_that_cannot_be_computed_then_the_saga_is_turned_round_and_not_stuck() -> None:
    saga = story({"a": hold()}, {"b": {"set": {"n": "${ .quantity + [1] }"}}}).when(done("a", quantity=1))
    saga.sends("a:undo").when(undone("a")).ended("REVOKED")


def test_given_dependencies_that_the_order_of_the_tasks_keeps_then_each_step_waits_for_those_it_names() -> None:
    saga = story({"a": hold()}, {"b": hold(depends_on=["a"])}, {"c": hold(depends_on=["a", "b"])}).sends("a")
    saga.when(done("a")).sends("b").when(done("b")).sends("c")
