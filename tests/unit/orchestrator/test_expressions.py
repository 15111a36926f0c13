"""Runtime expressions give what jq gives: the tables below are what the jq program answers."""

from __future__ import annotations

import json
from typing import Any

import pytest

from orchestrator.core.definition import Scope
from orchestrator.definitions.errors import DefinitionError
from orchestrator.definitions.expressions import arguments, export_name, predicate, projection

NOTHING = Scope({}, {}, {})
CANNOT_INDEX = (AttributeError, KeyError, TypeError)
"""What a path raises where jq says that it cannot index: the orchestrator takes these for a command it cannot build."""


def evaluated(expression: str, current: Any) -> Any:
    return projection({"value": f"${{ {expression} }}"}, "here")(current)["value"]


def holds(condition: str, **given: Any) -> bool:
    return predicate(f"${{ {condition} }}", "here")(Scope(given, {}, {}))


PATHS = [
    (".", {"a": 1}, {"a": 1}),
    (".a", {"a": 1}, 1),
    (".a", {"b": 1}, None),
    (".a.b", {"a": {"b": [1]}}, [1]),
    (".a.b", {"a": {}}, None),
    (".a.b.c", {}, None),
    (".a.b", {"a": None}, None),
    ('.["a b"]', {"a b": 2}, 2),
    ('.a["b-c"].d', {"a": {"b-c": {"d": 3}}}, 3),
    ('.a.["b-c"]', {"a": {"b-c": 4}}, 4),
    (".a_1", {"a_1": False}, False),
    ('.["ä"]', {"ä": "ö"}, "ö"),
    ("7", {}, 7),
    ("-7", {}, -7),
    ('"text"', {}, "text"),
    ('""', {}, ""),
    ("true", {}, True),
    ("false", {}, False),
    ("null", {}, None),
]


@pytest.mark.parametrize(("expression", "current", "expected"), PATHS)
def test_paths_and_literals(expression: str, current: Any, expected: Any) -> None:
    assert evaluated(expression, current) == expected


@pytest.mark.parametrize("value", [1, 1.5, "text", True, [1], []])
def test_a_key_of_something_that_is_no_object_is_an_error(value: Any) -> None:
    with pytest.raises(CANNOT_INDEX):
        evaluated(".a.b", {"a": value})


IN_ORDER: list[Any] = [
    None, False, True, -1, 0, 0.5, 1, 2, 10, "", "1", "a", "aa", "b", "ä", "\uffff", "\U0001f600",
    [], [None], [0], [0, 1], [1], ["a"], {}, {"a": 1}, {"a": 2}, {"a": 1, "b": 1}, {"b": 0},
]  # fmt: skip
"""Values as jq sorts them: null, false, true, numbers, texts by code point, arrays, objects by keys and then values."""


def test_every_two_values_compare_as_jq_sorts_them() -> None:
    for left, one in enumerate(IN_ORDER):
        for right, other in enumerate(IN_ORDER):
            results = {sign: holds(f"$workflow.input.a {sign} $workflow.input.b", a=one, b=other) for sign in SIGNS}
            assert results == {
                "==": left == right,
                "!=": left != right,
                "<": left < right,
                "<=": left <= right,
                ">": left > right,
                ">=": left >= right,
            }, f"{json.dumps(one)} and {json.dumps(other)}"


SIGNS = ("==", "!=", "<", "<=", ">", ">=")


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("1 == 1", True),
        ('1 == "1"', False),
        ("null < false", True),
        ('"b" > "a"', True),
        ("$workflow.input.missing == null", True),
        ("$workflow.input.missing > 10000", False),
        ("$workflow.input.missing < 10000", True),
        ("$workflow.input.one==$workflow.input.whole", True),
        ("$workflow.input.one != $workflow.input.yes", True),
        ('$workflow.input.sign == "a>=b"', True),
        ('"a>=b" == $workflow.input.sign', True),
    ],
)
def test_conditions(condition: str, expected: bool) -> None:
    assert holds(condition, one=1, whole=1.0, yes=True, sign="a>=b") is expected


def test_a_path_begins_at_the_input_the_context_or_the_parameters() -> None:
    build = arguments(
        {
            "input": "${ $workflow.input.a }",
            "context": '${ $context["lock-inventory"].b }',
            "parameters": "${$parameters.c}",
            "whole": "${ $context }",
        },
        "here",
    )

    context = {"lock-inventory": {"b": 2}}
    assert build(Scope({"a": 1}, context, {"c": 3})) == {"input": 1, "context": 2, "parameters": 3, "whole": context}


def test_templates_are_filled_in_at_any_depth_and_everything_else_is_kept() -> None:
    template = {
        "list": ["${ .a }", "plain", {"deep": "${ .b }"}],
        "object": {"x": "${ .a }"},
        "plain": "costs $5",
        "number": 3,
        "nothing": None,
    }

    assert projection(template, "here")({"a": 1, "b": 2}) == {
        "list": [1, "plain", {"deep": 2}],
        "object": {"x": 1},
        "plain": "costs $5",
        "number": 3,
        "nothing": None,
    }


def test_without_a_projection_all_of_a_result_is_kept() -> None:
    assert projection(None, "here")({"a": 1}) == {"a": 1}


@pytest.mark.parametrize("text", ["${ $context + {carrier: .} }", "${$context+{carrier:.}}"])
def test_an_export_names_the_result_in_the_context(text: str) -> None:
    assert export_name(text, "here") == "carrier"


@pytest.mark.parametrize(
    "expression",
    [
        "", "a", "..a", ".a.", "$workflow", "$workflow.input.", "$context.", "$contexts", '["a"]', ".[0]", ".a[0]",
        ".a-b", ".a + 1", ".a | .b", ".a // 1", "1.5.2", "'text'", '"a\\nb"', "True", "nil", "keys", ".a }",
        "$parameters .a",
    ],
)  # fmt: skip
def test_what_is_not_compiled_is_refused_and_never_guessed(expression: str) -> None:
    with pytest.raises(DefinitionError) as caught:
        arguments({"value": f"${{ {expression} }}"}, "do.pick.with")
    assert caught.value.where == "do.pick.with.value"


@pytest.mark.parametrize(
    "text",
    [".a == 1", "${ .a }", "${ == 1 }", "${ .a == }", "${ .a = 1 }", "${ .a == .b == .c }", "", None, True, 1, []],
)
def test_a_condition_is_one_comparison(text: Any) -> None:
    with pytest.raises(DefinitionError) as caught:
        predicate(text, "do.x.when")
    assert caught.value.where == "do.x.when"


@pytest.mark.parametrize("text", ["carrier", "${ . }", "${ $context + {a-b: .} }", "${ {carrier: .} }", None, {}])
def test_an_export_in_any_other_form_is_refused(text: Any) -> None:
    with pytest.raises(DefinitionError):
        export_name(text, "here")


@pytest.mark.parametrize("template", [None, [], "text", 1, {1: 2}])
def test_arguments_are_an_object(template: Any) -> None:
    with pytest.raises(DefinitionError):
        arguments(template, "here")
