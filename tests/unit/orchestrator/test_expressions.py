"""Runtime expressions give what jq gives: the tables below are what the jq program answers."""

from __future__ import annotations

import json
from types import MappingProxyType
from typing import Any

import pytest

from orchestrator.core.scope import ExpressionFailed, NamedFacts, Scope
from orchestrator.definitions.errors import DefinitionError
from orchestrator.definitions.expressions import (
    arguments,
    export_name,
    expression,
    predicate,
    template,
    uses_data,
)

NOTHING = Scope({}, {}, {})
CONTEXT: Any = {"a": 1, "b": 2}
CANNOT_INDEX = (AttributeError, KeyError, TypeError, ExpressionFailed)
"""What a path raises where jq says that it cannot index: the orchestrator takes these for a command it cannot build."""


def evaluated(text: str, data: Any, **variables: Any) -> Any:
    return expression(text, "here", frozenset(variables))(NOTHING._replace(data=data, variables=variables))


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
    ("$input.a", {"a": 1}, 1),
    ("7", {}, 7),
    ("-7", {}, -7),
    ('"text"', {}, "text"),
    ('""', {}, ""),
    ("true", {}, True),
    ("false", {}, False),
    ("null", {}, None),
]


@pytest.mark.parametrize(("text", "data", "expected"), PATHS)
def test_paths_and_literals(text: str, data: Any, expected: Any) -> None:
    assert evaluated(text, data) == expected
    assert evaluated(f"${{ {text} }}", data) == expected
    assert evaluated(f"{text} | .", data) == expected, "by jq itself"


PROGRAMS = [
    (".[0]", [1, 2], 1),
    (".a[0].b", {"a": [{"b": 3}]}, 3),
    (".a + 1", {"a": 1}, 2),
    (".a | .b", {"a": {"b": 5}}, 5),
    (".a // 1", {"a": None}, 1),
    ('"a\\nb"', {}, "a\nb"),
    ("1.5", {}, 1.5),
    ("keys", {"b": 1, "a": 2}, ["a", "b"]),
    ('["a"]', {}, ["a"]),
    ("[.lines[] | .price * .units] | add", {"lines": [{"price": 5, "units": 2}, {"price": 1, "units": 3}]}, 13),
    ('"\\(.a)-\\(.b)"', {"a": 1, "b": "x"}, "1-x"),
    ("if .a > 1 then \"many\" else \"one\" end", {"a": 2}, "many"),
    ("[.[] | select(.ok) | .id]", [{"ok": True, "id": 1}, {"ok": False, "id": 2}], [1]),
    ('."a b" * (.["a b"]) * (."a b")', {"a b": 2}, 8),
    ("reduce .[] as $x (0; . + $x)", [1, 2, 3], 6),
    ("[foreach .[] as $x (0; . + $x)]", [1, 2, 3], [1, 3, 6]),
    (". as {a: $x, b: [$y]} | [$x, $y]", {"a": 1, "b": [2]}, [1, 2]),
    (".[] as [$x] ?// $x | [$x]", [[1]], [1]),
    ("[label $out | .[] | if . > 1 then break $out else . end]", [1, 2, 1], [1]),
    ("[limit(2; .[])]", [1, 2, 3], [1, 2]),
    ("[..]", [1], [[1], 1]),
    ("[range(2)]", None, [0, 1]),
    ("[range(1; 7; 3)]", None, [1, 4]),
    ("[range(3; 1; -1)]", None, [3, 2]),
    ("[range(length)]", [5, 5], [0, 1]),
    ("[range(0; .a | length - 1)]", {"a": [1, 2, 3]}, [0, 1]),
    ("[(1, 2) + (10, 20)]", None, [11, 12, 21, 22]),
    ("[(.a, 2) * (10, .b)]", {"a": 1, "b": 20}, [10, 20, 20, 40]),
    ("[reduce .[] as $x (\"\"; . + \"\\($x)\")]", [1, 2], ["12"]),
    ("[.[] | foreach (1, 2) as $i (0; . + $i)]", [0], [1, 3]),
    (".a += 1", {"a": 1}, {"a": 2}),
    (".a |= . * 2", {"a": 2}, {"a": 4}),
    (".a = (1, 2)", {"a": 0}, {"a": 1}),
    ("[.a = (1, 2)]", {"a": 0}, [{"a": 1}, {"a": 2}]),
    (".a //= 3", {}, {"a": 3}),
    ('setpath(["a", 0]; 1)', {}, {"a": [1]}),
    ("[setpath([\"a\"], [\"b\"]; 1, 2)]", {}, [{"a": 1}, {"b": 1}, {"a": 2}, {"b": 2}]),
    ("pick(.a)", {"a": 1, "b": 2}, {"a": 1}),
    ("del(.a)", {"a": 1, "b": 2}, {"b": 2}),
    ('test("^A[0-9]+$")', "A12", True),
    ('[match("a"; "g").offset]', "aba", [0, 2]),
    ('capture("(?<x>[a-z]+)")', "12ab", {"x": "ab"}),
    ('[scan("[0-9]")]', "a1b2", ["1", "2"]),
    ('split(", *"; null)', "a, b", ["a", "b"]),
    ('split(",")', "a,b", ["a", "b"]),
    ('gsub("a"; "b")', "aca", "bcb"),
    ('sub("(?<x>a)"; "\\(.x)!"; "g")', "aa", "a!a!"),
    ("todate", 0, "1970-01-01T00:00:00Z"),
    ('strptime("%Y-%m-%d") | mktime', "2024-07-01", 1719792000),
    ('gmtime | strftime("%Y 100%%s")', 0, "1970 100%s"),
    ("@sh", "it's", "'it'\\''s'"),
    ('@base64 "x\\(.)"', "a", "xYQ=="),
    ("1, 2", None, 1),
    ("1, error(\"late\")", None, 1),
    ("# said\n.a # and done", {"a": 1}, 1),
    (".a as $workflow | $workflow", {"a": 1}, 1),
    ("{now: 1, def, while: 2}", {"def": 3}, {"now": 1, "def": 3, "while": 2}),
    (".now, .input.env", {"now": 1}, 1),
    ('"now and $ENV and input # \\" \\\\"', {}, 'now and $ENV and input # " \\'),
    ("try error(\"x\") catch .", None, "x"),
    ("[.[]?]", 1, []),
    ("walk(if type == \"number\" then . + 1 else . end)", [1, {"a": 2}], [2, {"a": 3}]),
    ("limit(1; recurse)", 1, 1),
    ("getpath([\"a\", \"b\"])", {}, None),
]  # fmt: skip


@pytest.mark.parametrize(("text", "data", "expected"), PROGRAMS)
def test_programs(text: str, data: Any, expected: Any) -> None:
    assert evaluated(text, data) == expected


def test_what_is_only_handed_on_keeps_every_digit() -> None:
    data = {"id": 9007199254740993, "price": 1.0, "ratio": 0.1, "large": 1e17}

    assert json.dumps(evaluated("{kept: .} | .kept", data)) == json.dumps(data)


@pytest.mark.parametrize("value", [1, 1.5, "text", True, [1], []])
@pytest.mark.parametrize("text", [".a.b", ".a.b | ."])
def test_a_key_of_something_that_is_no_object_is_an_error(text: str, value: Any) -> None:
    with pytest.raises(CANNOT_INDEX):
        evaluated(text, {"a": value})


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
        ("$workflow.input.yes", True),
        ("$workflow.input.zero", True),
        ("$workflow.input.missing", False),
        ("$workflow.input.no", False),
        ("$workflow.input.no | not", True),
        ("$workflow.input.zero | .", True),
        ("$workflow.input.missing | .", False),
        ("$workflow.input.one == 1 and $workflow.input.yes", True),
        ("[$workflow.input.one, $workflow.input.whole] | any(. > 1)", False),
        ("($workflow.input | .one = 2) | .one == 2", True),
    ],
)
def test_conditions(condition: str, expected: bool) -> None:
    given = {"one": 1, "whole": 1.0, "yes": True, "no": False, "zero": 0, "sign": "a>=b"}

    assert holds(condition, **given) is expected


def test_a_condition_may_be_written_bare() -> None:
    assert predicate(".a == 1", "here")(NOTHING._replace(data={"a": 1})) is True


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


FACTS = NamedFacts("saga-1", "shop.order", 2, 1_700_000_000_123)
WORKFLOW = {
    "id": "saga-1",
    "input": {"a": 1},
    "definition": {"name": "shop.order", "version": 2},
    "startedAt": {
        "epoch": {"seconds": 1_700_000_000, "milliseconds": 1_700_000_000_123},
        "iso8601": "2023-11-14T22:13:20.123Z",
    },
}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("$workflow", WORKFLOW),
        ("$workflow.id", "saga-1"),
        ("$workflow.definition.version", 2),
        ("$workflow.startedAt.epoch.milliseconds", 1_700_000_000_123),
        ("$workflow.startedAt.iso8601", WORKFLOW["startedAt"]["iso8601"]),  # type: ignore[index]  # it is an object
        ("$task.name", "pay"),
        ("$runtime.name", "sagaline"),
        ("$item.sku", "x"),
        ("$index", 3),
        ("$context.before", {"b": 2}),
        ("$input", "data"),
        (".", "data"),
    ],
)
def test_every_variable_has_its_value_by_either_way(text: str, expected: Any) -> None:
    scope = Scope(
        {"a": 1},
        MappingProxyType({"before": {"b": 2}, "other": {}}),
        {},
        data="data",
        variables={"item": {"sku": "x"}, "index": 3},
        facts=FACTS,
        task="pay",
    )
    visible = frozenset(scope.variables)

    assert expression(text, "here", visible)(scope) == expected
    assert expression(f"{text} | .", "here", visible)(scope) == expected


def test_an_object_variable_is_whole_where_the_program_reads_all_of_it() -> None:
    scope = Scope({}, CONTEXT, {})

    assert expression("[$context.a, ($context | length)]", "here")(scope) == [1, 2]
    assert expression('[$context["a"], $context.missing]', "here")(scope) == [1, None]
    assert expression('"b" as $name | [$context[$name], $context.a]', "here")(scope) == [2, 1]


def test_templates_are_filled_in_at_any_depth_and_everything_else_is_kept() -> None:
    value = {
        "list": ["${ .a }", "plain", {"deep": "${ .b + 0 }"}],
        "object": {"x": "${ .a }"},
        "plain": "costs $5",
        "bare": ".a",
        "number": 3,
        "nothing": None,
    }

    expected = {
        "list": [1, "plain", {"deep": 2}],
        "object": {"x": 1},
        "plain": "costs $5",
        "bare": ".a",
        "number": 3,
        "nothing": None,
    }
    assert template(value, "here")(NOTHING._replace(data={"a": 1, "b": 2})) == expected


@pytest.mark.parametrize(("value", "expected"), [("${ .a }", 1), ("x", "x"), (["${ .a }"], [1]), (None, None), (2, 2)])
def test_a_template_is_any_value(value: Any, expected: Any) -> None:
    assert template(value, "here")(NOTHING._replace(data={"a": 1})) == expected


@pytest.mark.parametrize("text", ["${ $context + {carrier: .} }", "${$context+{carrier:.}}"])
def test_an_export_names_the_result_in_the_context(text: str) -> None:
    assert export_name(text, "here") == "carrier"


@pytest.mark.parametrize(
    "text", ["carrier", "${ . }", "${ $context + {a-b: .} }", "${ {carrier: .} }", "${ $context + {a: .b} }", None, {}]
)
def test_an_export_in_any_other_form_names_nothing(text: Any) -> None:
    assert export_name(text, "here") is None


@pytest.mark.parametrize("value", [None, [], "text", 1, {1: 2}])
def test_arguments_are_an_object(value: Any) -> None:
    with pytest.raises(DefinitionError):
        arguments(value, "here")


@pytest.mark.parametrize(
    "text",
    [
        ".", ".a", "$input", "$input.a", "..", "length", ".a == 1", "1 == .a", "[.a]", "{a}", "{a: .b}", '{(.a): 1}',
        '"\\(.a)"', "$context.a as $x | .b", "$context[.a]", "if .a then 1 else 2 end", "(.a)", "-.a", "@json",
        "{$input}", "[$context.a, .b]", "$context.a + .b", "not", "{\"a\"}", "{\"\\(.a)\": 1}", "true and .a", ".[0]",
        '."a"', "$parameters.a | $input", "'", "( .a",
    ],
)  # fmt: skip
def test_data_is_needed_where_it_may_be_read(text: str) -> None:
    assert uses_data(text, bare=True) is True
    assert uses_data({"deep": [f"${{ {text} }}"]}, bare=False) is True


@pytest.mark.parametrize(
    "text",
    [
        "1", '"a.b"', "true", "$context", "$context.a", '$context["a"].b', "$context.a | .b | length",
        "$workflow.id == 1",
        "{a: 1, b: $context.c}", "{$context}", "[$parameters.a[0], 2] | add", "($context.a | length) + 1", "-1",
        '"x\\($context.a)"', "$item.a.b", "if $context.a then 1 else 2 end", "$context.a // 3", "$context.a? // 3",
        '{"a": 1, (2 | tostring): 3}', "# .a\n1",
    ],
)  # fmt: skip
def test_data_is_not_needed_where_it_is_surely_not_read(text: str) -> None:
    assert uses_data(text, bare=True) is False
    assert uses_data(f"${{ {text} }}", bare=True) is False
    assert uses_data([f"${{ {text} }}"], bare=False) is False


def test_a_plain_text_of_a_template_reads_nothing() -> None:
    assert uses_data(".a", bare=False) is False
    assert uses_data({"a": ".a", "b": [1, None]}, bare=False) is False


def test_a_program_that_does_not_read_the_data_is_not_given_it() -> None:
    no_json = object()

    assert expression("$context.a | length", "here")(Scope({}, CONTEXT, {}, no_json)) == 1
