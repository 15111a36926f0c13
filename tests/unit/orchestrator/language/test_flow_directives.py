"""Which task follows: the cases of a switch, and then: continue, exit, end or a name."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from orchestrator.definitions.compiler import compile_definition
from orchestrator.definitions.validation import validate
from tests.language_story import Task, seen, sees
from tests.saga_documents import ASK, document, told
from tests.saga_story import done


@pytest.mark.parametrize("default_at", [0, 1, 2])
@pytest.mark.parametrize(("n", "following"), [(1, "one"), (2, "two"), (3, "other")])
def test_given_a_default_anywhere_among_the_cases_then_it_is_taken_only_where_no_other_holds(
    default_at: int, n: int, following: str
) -> None:
    cases: list[Any] = [{"c1": {"when": ".n == 1", "then": "one"}}, {"c2": {"when": "${ .n == 2 }", "then": "two"}}]
    cases.insert(default_at, {"otherwise": {"then": "other"}})
    steps = [{name: {**ASK, "then": "exit"}} for name in ("one", "two", "other")]
    told({"s": {"switch": cases}}, *steps, data={"n": n}).sends(following)


def test_given_several_cases_that_hold_then_the_first_is_taken() -> None:
    cases = [{"a": {"when": "true", "then": "one"}}, {"b": {"when": "true", "then": "two"}}]
    told({"s": {"switch": cases}}, {"one": {**ASK, "then": "end"}}, {"two": ASK}).sends("one")


def test_given_a_switch_then_the_task_it_leads_to_sees_the_switch_s_input() -> None:
    switch = {"switch": [{"any": {"then": "b"}}]}
    saga = told({"a": ASK}, {"s": switch}, {"b": sees()}).when(done("a", x=1))
    assert seen(saga, "b") == {"x": 1}


@pytest.mark.parametrize(("condition", "holds"), [("null", False), ("false", False), ("0", True), ('""', True)])
def test_given_a_condition_then_it_holds_unless_it_is_false_or_null(condition: str, holds: bool) -> None:
    saga = told({"a": {**ASK, "if": condition}}, {"b": ASK})
    saga.sends("a" if holds else "b")


@pytest.mark.parametrize(
    ("then", "following"),
    [(None, ["b"]), ("continue", ["b"]), ("c", ["c"]), ("exit", ["last"]), ("end", [])],
)
def test_given_a_directive_within_a_block_then_it_leads_there(then: str | None, following: list[str]) -> None:
    first = {**ASK, "if": ".go"} if then is None else {**ASK, "if": ".go", "then": then}
    block = {"do": [{"a": first}, {"b": ASK}, {"c": ASK}]}
    saga = told({"block": block}, {"last": ASK}, data={"go": True}).when(done("a"))
    assert saga.sent[1:] == following
    assert (saga.state.outcome == "COMPLETED") == (not following)


@pytest.mark.parametrize(("then", "following"), [("exit", []), ("end", []), ("c", ["c"])])
def test_given_a_directive_in_the_outermost_list_then_exit_is_the_end(then: str, following: list[str]) -> None:
    saga = told({"a": {**ASK, "if": ".go", "then": then}}, {"b": ASK}, {"c": ASK}, data={"go": True})
    assert saga.when(done("a")).sent[1:] == following


def test_given_a_jump_then_the_task_it_leads_to_sees_the_result_of_the_one_it_came_from() -> None:
    skipping = {"switch": [{"far": {"when": ".far", "then": "c"}}, {"near": {"then": "b"}}]}
    saga = told({"s": skipping}, {"b": ASK}, {"c": sees()}, data={"far": True})
    assert seen(saga, "c") == {"far": True}


def test_given_a_block_with_a_directive_then_it_counts_when_the_block_has_ended() -> None:
    block = {"do": [{"a": ASK}], "then": "c", "if": ".go"}
    told({"block": block}, {"b": ASK}, {"c": ASK}, data={"go": True}).when(done("a")).sends("c")
    told({"block": block}, {"b": ASK}, {"c": ASK}, data={"go": False}).sends("b")


@pytest.mark.parametrize(
    "tasks",
    [
        [{"a": {**ASK, "if": ".go", "then": "inner"}}, {"block": {"do": [{"x": ASK}, {"inner": ASK}]}}],
        [{"block": {"try": [{"a": {**ASK, "then": "last"}}, {"b": ASK}], "catch": {}}}, {"last": ASK}],
        [{"block": {"try": [{"a": {**ASK, "then": "end"}}], "catch": {}}}],
        [{"a": ASK}, {"b": {**ASK, "then": "a"}}],
    ],
    ids=["into a block", "out of a scope", "end within a scope", "back"],
)
def test_given_a_directive_that_leaves_its_list_then_the_definition_is_refused(tasks: list[dict[str, Task]]) -> None:
    text = yaml.safe_dump(document(*tasks), sort_keys=False)
    verdict = validate(text, lambda written: compile_definition(written, {}), {})
    assert [one for one in verdict.errors if "goes" in one.finding.problem or "end" in one.finding.problem]
