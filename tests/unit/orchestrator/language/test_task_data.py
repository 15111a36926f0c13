"""What each task sees and passes on: input.from, output.as, export.as, if, and the variables of expressions."""

from __future__ import annotations

from typing import Any

import pytest

from tests.language_story import Task, seen, sees
from tests.saga_documents import ASK, told
from tests.saga_story import NOON, REJECTED, SECOND, after, done, fails, says

DATA = {"n": 7, "order": {"pet": {"id": "p1"}}}


def test_given_no_input_from_then_the_first_task_sees_the_input_of_the_saga() -> None:
    assert seen(told({"a": sees()}, data=DATA), "a") == DATA


def test_given_an_input_from_of_the_saga_then_the_first_task_sees_its_value_and_workflow_input_stays_raw() -> None:
    saga = told({"a": sees("${ [., $input, $workflow.input.n] }")}, input={"from": ".order.pet"}, data=DATA)
    assert seen(saga, "a") == [{"id": "p1"}, {"id": "p1"}, 7]


@pytest.mark.parametrize("first", [{"wait": {"seconds": 1}}, {"for": {"in": "${ [1] }"}, "while": "true", "do": []}])
def test_given_an_input_from_that_cannot_be_computed_then_the_saga_is_turned_round_at_once(first: Task) -> None:
    first = {**first, "do": [{"a": ASK}]} if "do" in first else first
    saga = told({"first": first}, {"b": sees()}, input={"from": ".order | error"})

    assert saga.history[1:] == ["turned round expression_failed, to undo nothing", "revoked expression_failed"]


def test_given_an_input_from_that_is_an_object_then_its_expressions_are_computed_and_the_rest_stays() -> None:
    saga = told({"a": sees()}, input={"from": {"id": "${ .order.pet.id }", "kind": "pet"}}, data=DATA)
    assert seen(saga, "a") == {"id": "p1", "kind": "pet"}


def test_given_a_task_s_input_from_then_it_sees_its_value_as_dot_and_as_input() -> None:
    saga = told({"a": sees("${ [., $input] }", input={"from": ".order"})}, data=DATA)
    assert seen(saga, "a") == [DATA["order"], DATA["order"]]


def test_given_a_task_that_answers_then_the_next_sees_the_answer() -> None:
    assert seen(told({"a": ASK}, {"b": sees()}).when(done("a", x=1)), "b") == {"x": 1}


def test_given_an_output_as_then_the_next_task_and_the_context_have_the_shaped_value() -> None:
    saga = told({"a": {**ASK, "output": {"as": ".x"}}}, {"b": sees("${ [., $context.a] }")}).when(done("a", x=1))
    assert seen(saga, "b") == [1, 1]


def test_given_an_output_as_then_input_is_what_the_task_itself_was_given() -> None:
    shape = {"as": "$input + {answer: .x}"}
    saga = told({"a": {**ASK, "output": shape}}, {"b": sees()}, data={"n": 7}).when(done("a", x=1))
    assert seen(saga, "b") == {"n": 7, "answer": 1}


def test_given_an_output_as_behind_an_input_from_then_input_is_the_transformed_one() -> None:
    task = {**ASK, "input": {"from": "{m: .n}"}, "output": {"as": "$input + ."}}
    assert seen(told({"a": task}, {"b": sees()}, data={"n": 7}).when(done("a", x=1)), "b") == {"m": 7, "x": 1}


def test_given_an_output_as_of_a_set_then_input_is_what_the_set_was_given() -> None:
    task = {"set": {"x": 1}, "output": {"as": "$input + ."}}
    assert seen(told({"a": task}, {"b": sees()}, data={"n": 7}), "b") == {"n": 7, "x": 1}


@pytest.mark.parametrize("shape", [{"as": ".x"}, {"as": {"y": "${ .x }", "z": "fixed"}}])
def test_given_an_export_then_it_is_computed_from_the_shaped_output(shape: Any) -> None:
    wanted = {"k": 1} if isinstance(shape["as"], str) else {"y": {"k": 1}, "z": "fixed"}
    task = {**ASK, "output": {"as": "{x: .raw}"}, "export": shape}
    saga = told({"a": task}, {"b": sees("${ $context }")}).when(done("a", raw={"k": 1}))
    assert wanted.items() <= seen(saga, "b").items()


def test_given_two_exports_that_add_to_the_context_then_both_are_there() -> None:
    saga = told(
        {"a": {"set": {"v": 1}, "export": {"as": "${ $context + {one: .v} }"}}},
        {"b": {"set": {"v": 2}, "export": {"as": "${ $context + {two: .v} }"}}},
        {"c": sees("${ [$context.one, $context.two, $context.a.v, $context.b.v] }")},
    )
    assert seen(saga, "c") == [1, 2, 1, 2]


def test_given_an_export_that_replaces_the_context_then_what_was_exported_before_is_gone() -> None:
    saga = told(
        {"a": {"set": {"v": 1}, "export": {"as": "{one: .v}"}}},
        {"b": {"set": {"v": 2}, "export": {"as": "{two: .v}"}}},
        {"c": sees("${ [$context.one, $context.two] }")},
    )
    assert seen(saga, "c") == [None, 2]


def test_given_an_export_under_the_name_of_a_task_then_that_value_counts() -> None:
    saga = told({"a": {"set": {"v": 1}, "export": {"as": "${ $context + {a: .v} }"}}}, {"b": sees("${ $context.a }")})
    assert seen(saga, "b") == 1


def test_given_an_export_that_is_no_object_then_the_saga_is_turned_round() -> None:
    saga = told({"a": {"set": {"v": 1}, "export": {"as": ".v"}}}, {"b": ASK}).ended("REVOKED")
    assert saga.state.code == "expression_failed"


@pytest.mark.parametrize("written", ["${ $context + {last: .} }", "${ $context + {last: .v} }"])
def test_given_an_export_within_a_loop_then_it_is_there_behind_the_loop(written: str) -> None:
    body = {"keep": {"set": {"v": "${ $item }"}, "export": {"as": written}}}
    saga = told({"each": {"for": {"in": "[1, 2]"}, "do": [body]}}, {"b": sees("${ $context.last }")})
    assert seen(saga, "b") == ({"v": 2} if written.endswith("{last: .} }") else 2)


def test_given_an_export_that_adds_to_the_context_then_later_results_of_a_loop_are_not_hidden_by_earlier_ones() -> None:
    loop = {
        "for": {"in": "[1, 2]"},
        "do": [
            {"v": {"set": {"n": "${ $item }"}}},
            {"keep": {"set": {"n": "${ $context.v.n }"}, "export": {"as": "${ $context + {kept: .n} }"}}},
        ],
    }
    assert seen(told({"each": loop}, {"b": sees("${ $context.kept }")}), "b") == 2


def test_given_an_export_then_the_event_holds_no_copy_of_the_results() -> None:
    saga = told({"a": ASK}, {"b": {"set": {"v": 1}, "export": {"as": "${ $context + {one: .v} }"}}}, {"c": ASK})
    saga = saga.when(done("a", large="x" * 100))
    [exported] = [one.event for one in saga.told if type(one.event).__name__ == "ContextExported"]
    assert exported.context == {"one": 1}  # type: ignore[union-attr] # the name tells the type


@pytest.mark.parametrize(("holds", "wanted"), [(True, {"x": 1}), (False, {"n": 7})])
def test_given_an_if_then_a_task_that_is_left_out_passes_its_input_on(holds: bool, wanted: Any) -> None:
    task = {"if": f".n == {7 if holds else 8}", "set": {"x": 1}}
    assert seen(told({"a": task}, {"b": sees()}, data={"n": 7}), "b") == wanted


def test_given_an_if_then_it_sees_the_input_before_input_from() -> None:
    saga = told({"a": sees(**{"if": "${ .n == 7 }"}, input={"from": "{m: .n}"})}, data={"n": 7})
    assert seen(saga, "a") == {"m": 7}


@pytest.mark.parametrize(
    "task",
    [
        {"do": [{"x": {"set": {"v": 1}}}]},
        {"for": {"in": "[1]"}, "do": [{"x": {"set": {"v": 1}}}]},
        {"try": [{"x": {"set": {"v": 1}}}], "catch": {}},
        {"fork": {"branches": [{"x": {"set": {"v": 1}}}]}},
        {"wait": "PT1S"},
        {"listen": {"to": {"one": {"with": {"type": "go"}}}}},
        {"emit": {"event": {"with": {"type": "t"}}}},
        {"raise": {"error": {"type": "t"}}},
        {"switch": [{"other": {"then": "end"}}]},
        {"run": {"workflow": {"name": "other"}}},
    ],
    ids=lambda task: next(iter(task)),
)
def test_given_an_if_that_does_not_hold_then_a_task_of_any_kind_is_left_out(task: Task) -> None:
    saga = told({"first": {"set": {"n": 7}}}, {"a": {**task, "if": ".n == 8"}}, {"b": sees()})
    assert seen(saga, "b") == {"n": 7}


KINDS: dict[str, Task] = {
    "do": {"do": [{"x": {"set": "${ . }"}}]},
    "do in time": {"do": [{"x": {"set": "${ . }"}}], "timeout": {"after": "PT1M"}},
    "for": {"for": {"in": "[1]"}, "do": [{"x": {"set": "${ . }"}}]},
    "map": {"for": {"in": "[1]", "concurrency": 2}, "do": [{"x": {"set": "${ . }"}}]},
    "try": {"try": [{"x": {"set": "${ . }"}}], "catch": {}},
    "caught": {"try": [{"x": {"raise": {"error": {"type": "t"}}}}], "catch": {"do": [{"y": {"set": "${ . }"}}]}},
    "fork": {"fork": {"branches": [{"x": {"set": "${ . }"}}]}},
    "fork in time": {"fork": {"branches": [{"x": {"set": "${ . }"}}]}, "timeout": {"after": "PT1M"}},
    "race": {"fork": {"compete": True, "branches": [{"x": {"set": "${ . }"}}]}},
    "wait": {"wait": "PT1S"},
    "listen": {"listen": {"to": {"one": {"with": {"type": "go"}}}}, "timeout": {"after": "PT1M"}},
    "emit": {"emit": {"event": {"with": {"type": "t", "data": "${ . }"}}}},
    "run": {"run": {"workflow": {"name": "other", "input": "${ . }"}, "await": False}},
    "set": {"set": "${ . }"},
}
LISTS = {"fork", "fork in time", "listen", "map"}
"""Kinds whose result is a list of what other kinds give."""

AROUND: dict[str, Any] = {
    "nothing": None,
    "do": lambda tasks: {"do": tasks, "timeout": {"after": "PT1H"}},
    "for": lambda tasks: {"for": {"in": "[1]"}, "do": tasks},
    "map": lambda tasks: {"for": {"in": "[1]", "concurrency": 1}, "do": tasks},
    "try": lambda tasks: {"try": tasks, "catch": {}},
    "handler": lambda tasks: {"try": [{"no": {"raise": {"error": {"type": "t"}}}}], "catch": {"do": tasks}},
    "race": lambda tasks: {"fork": {"compete": True, "branches": [{"branch": {"do": tasks}}]}},
    "fork": lambda tasks: {"fork": {"branches": [{"branch": {"do": tasks}}]}},
}


def _ended(kind: str, around: str, **more: Any) -> Any:
    """Return what the task behind one of this kind sees, which was given {n: 7}, within something around both."""
    behind = "${ [., $context.a, $context.kept] }"
    tasks = [{"a": {**KINDS[kind], **more}}, {"b": sees(behind)}]
    saga = told(*tasks, data={"n": 7}) if around == "nothing" else told({"o": AROUND[around](tasks)}, data={"n": 7})
    saga = saga.when(after(SECOND)) if kind == "wait" else saga
    saga = saga.when(says("go", m=7)) if kind == "listen" else saga
    [command] = saga.commands
    assert command.step.rsplit("/", 1)[-1] == "b"
    saga.when(done(command.step)).ended("COMPLETED")
    return command.arguments["seen"]


@pytest.mark.parametrize("around", AROUND)
@pytest.mark.parametrize("kind", KINDS)
def test_given_a_task_of_any_kind_anywhere_then_its_input_output_and_export_are_shaped_alike(
    kind: str, around: str
) -> None:
    shape = {"input": {"from": "{m: .n}"}, "output": {"as": "{got: .}"}, "export": {"as": "${ $context + {kept: .} }"}}
    raw = [{"m": 7}] if kind in LISTS else {"m": 7}
    assert _ended(kind, around, **shape) == [{"got": raw}, {"got": raw}, {"got": raw}]


@pytest.mark.parametrize("around", AROUND)
@pytest.mark.parametrize("kind", KINDS)
def test_given_a_task_of_any_kind_anywhere_then_its_output_and_export_may_ask_for_its_input(
    kind: str, around: str
) -> None:
    shape = {"input": {"from": "{m: .n}"}, "output": {"as": "[$input]"}, "export": {"as": "{kept: [$output, $input]}"}}
    assert _ended(kind, around, **shape, **{"if": ".n == 7"}) == [[{"m": 7}], [{"m": 7}], [[{"m": 7}], {"m": 7}]]


@pytest.mark.parametrize("around", AROUND)
@pytest.mark.parametrize("kind", KINDS)
def test_given_a_task_of_any_kind_anywhere_then_it_is_left_out_where_its_condition_does_not_hold(
    kind: str, around: str
) -> None:
    left_out = {"if": ".n == 8", "output": {"as": "{got: .}"}}
    behind, *_ = told_behind(kind, around, left_out)
    assert behind == {"n": 7}


def told_behind(kind: str, around: str, more: Task) -> Any:
    tasks = [{"a": {**KINDS[kind], **more}}, {"b": sees("${ [., $context.a] }")}]
    saga = told(*tasks, data={"n": 7}) if around == "nothing" else told({"o": AROUND[around](tasks)}, data={"n": 7})
    return saga.commands[-1].arguments["seen"]


def test_given_a_switch_with_an_input_from_then_its_cases_see_that_and_the_next_task_too() -> None:
    switch = {"switch": [{"yes": {"when": ".m == 7", "then": "b"}}], "input": {"from": "{m: .n}"}}
    assert seen(told({"a": switch}, {"b": sees()}, data={"n": 7}), "b") == {"m": 7}


def test_given_an_optional_step_that_failed_then_the_next_sees_null() -> None:
    saga = told({"a": {**ASK, "optional": True}}, {"b": sees()}, data={"n": 7}).when(fails("a", REJECTED))
    assert seen(saga, "b") is None


def test_given_no_output_of_the_saga_but_one_declared_then_it_is_computed_from_the_last_task() -> None:
    saga = told({"a": {"set": {"x": 1}}}, output={"as": {"x": "${ .x }", "n": "${ $workflow.input.n }"}}, data={"n": 7})
    assert saga.result == {"x": 1, "n": 7}


def test_given_the_workflow_variable_then_it_tells_the_id_the_definition_and_the_start() -> None:
    saga = told({"a": sees("${ [$workflow.id, $workflow.definition, $workflow.startedAt.epoch.milliseconds] }")})
    assert seen(saga, "a") == ["sag_a", {"name": "other", "version": 1}, NOON]
    iso = told({"a": sees("${ $workflow.startedAt.iso8601 }")})
    assert seen(iso, "a") == "2025-06-15T15:06:40.000Z"


def test_given_the_task_the_runtime_and_the_parameters_then_expressions_see_them() -> None:
    saga = told({"a": sees("${ [$task.name, $runtime.name, $parameters.p] }")}, parameters={"p": 3})
    assert seen(saga, "a") == ["a", "sagaline", 3]


def test_given_an_expression_that_fails_then_the_error_is_the_one_of_the_standard_for_expressions() -> None:
    caught = {"errors": {"with": {"type": "https://serverlessworkflow.io/spec/1.0.0/errors/expression"}}, "as": "e"}
    attempt = {"try": [{"a": {"set": {"x": "${ .n + [1] }"}}}], "catch": {**caught, "do": [{"h": sees("${ $e }")}]}}
    error = seen(told({"t": attempt}, data={"n": 7}), "t/catch/h")
    assert (error["type"], error["status"], error["instance"]) == ("expression_failed", 400, "t/0/a")


def test_given_an_export_then_output_is_the_shaped_result_and_input_what_the_task_was_given() -> None:
    export = {"as": "${ {sum: ($input.n + $output.x)} }"}
    saga = told({"a": {**ASK, "export": export}}, {"b": sees("${ $context.sum }")}, data={"n": 7}).when(done("a", x=1))
    assert seen(saga, "b") == 8


def test_given_a_pivot_whose_output_cannot_be_shaped_then_it_is_past_all_the_same_and_a_person_is_told() -> None:
    saga = told({"a": {**ASK, "pivot": True, "output": {"as": ".x + [1]"}}}, {"b": ASK}).when(done("a", x=1))
    assert saga.state.pivoted
    assert [report.code for report in saga.reports] == ["expression_failed"]


def test_given_a_fragment_then_it_is_shaped_like_a_block_and_may_be_used_twice_whatever_is_in_it() -> None:
    attempt = {"try": [{"$fragment.name.add": {"set": {"n": "${ .n + 1 }"}}}], "catch": {}}
    use = {"fragments": {"plus": {"do": [{"once": attempt}]}}}
    first = {"fragment": "plus", "input": {"from": "{n: .n}"}, "timeout": {"after": "PT1M"}}
    second = {"fragment": "plus", "output": {"as": "{m: .n, was: $input.n}"}, "export": {"as": "{kept: .m}"}}
    saga = told({"a": first}, {"b": second}, {"c": sees("${ [., $context.kept] }")}, use=use, data={"n": 7, "x": 1})
    assert seen(saga, "c") == [{"m": 9, "was": 8}, 9]
