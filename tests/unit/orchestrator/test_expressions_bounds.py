"""An expression that fails, gives nothing, or would outgrow its bounds on the data it meets says so, and ends."""

from __future__ import annotations

from typing import Any

import pytest

from orchestrator.core.scope import ExpressionFailed, Scope
from orchestrator.definitions.expressions import expression, predicate


def failure(text: str, data: Any) -> str:
    compute = expression(text, "here")
    with pytest.raises(ExpressionFailed) as caught:
        compute(Scope({}, {}, {}, data))
    return str(caught.value)


def nested(depth: int) -> Any:
    value: Any = 1
    for _ in range(depth):
        value = [value]
    return value


@pytest.mark.parametrize(
    ("text", "data", "message"),
    [
        ("empty", None, "'empty': gives no value"),
        (".[]", [], "'.[]': gives no value"),
        ('error("out of stock")', None, "'error(\"out of stock\")': out of stock"),
        ("error", {"a": 1}, "'error': {\"a\": 1}"),
        ("error(null)", None, "'error(null)': null"),
        (".a + 1", {"a": "x"}, "cannot be added"),
        ("1 / .a", {"a": 0}, "cannot be divided because the divisor is zero"),
        (".[0] | tonumber", ["x"], "cannot be parsed as a number"),
        (".a | .b", {"a": 1}, "Cannot index number"),
    ],
)
def test_an_error_of_jq_is_told(text: str, data: Any, message: str) -> None:
    assert message in failure(text, data)


def test_a_message_is_short_whatever_the_data() -> None:
    assert len(failure("error(.)", "x" * 1_000)) == 300
    assert len(failure(f"error(.) # {'y' * 500}", "x" * 1_000)) == 300


@pytest.mark.parametrize(
    ("text", "data"),
    [
        ("sqrt", -1),
        ("[.[] | log]", [1, -1]),
        (". * 10", 1e308),
        ("(. * 10) - (. * 10)", 1e308),
        ("{a: [tonumber]}", "nan"),
        ("fromjson", "nan"),
        ("add", [1e308, 1e308]),
        ("pow(10; .)", 400),
    ],
)
def test_a_number_that_json_does_not_have_is_never_written_as_null(text: str, data: Any) -> None:
    assert "a number that JSON does not have" in failure(text, data)


def test_a_number_beyond_the_largest_is_no_result() -> None:
    assert "no JSON that can be kept" in failure("1e1000", None)


def test_null_is_no_such_number() -> None:
    assert expression("[.a, .b + 1]", "here")(Scope({}, {}, {}, {"b": 1})) == [None, 2]


def test_a_condition_fails_as_an_expression_does() -> None:
    with pytest.raises(ExpressionFailed):
        predicate("[.[]] | .[0].a", "here")(Scope({}, {}, {}, [1]))
    with pytest.raises(ExpressionFailed):
        predicate("empty", "here")(Scope({}, {}, {}))


@pytest.mark.parametrize(
    ("text", "data", "message"),
    [
        (".a * .b", {"a": "x", "b": 1_000_000_000}, "a text is not multiplied"),
        (".b * .a", {"a": "x", "b": 1_000_000_000}, "a text is not multiplied"),
        (".a *= 1000000000", {"a": "x"}, "a text is not multiplied"),
        ("reduce .[] as $x (\"xx\"; . + .)", [0] * 64, "a text grows over 1000000 bytes"),
        ("reduce .[] as $x (\"xx\"; . += .)", [0] * 64, "a text grows over 1000000 bytes"),
        ("reduce .[] as $x (\"xx\"; \"\\(.)\\(.)\")", [0] * 64, "a text grows over 1000000 bytes"),
        ("reduce .[] as $x ([1]; . + .)", [0] * 64, "a list grows over 100000 items"),
        ("last(foreach .[] as $x ([1]; . + .))", [0] * 64, "a list grows over 100000 items"),
        ("reduce .[] as $x (1; [., .])", [0] * 64, "the result holds more than 100000 values"),
        ("walk([., .])", nested(60), "the result holds more than 100000 values"),
        ("[range(length)] | length", 10_000_000, "range counts over 10000"),
        ("[range(1; length)] | length", 10_000_000, "range counts over 10000"),
        ("[range(length; 0; -1)] | length", 10_000_000, "range counts over 10000"),
        ("[] | .[$input] = 1", 400_000_000, "an index over 10000"),
        (".list[.at] |= 1", {"list": [], "at": 400_000_000}, "an index over 10000"),
        (".list[.at] += 1", {"list": [], "at": 400_000_000}, "an index over 10000"),
        (".list[.at] //= 1", {"list": [], "at": 400_000_000}, "an index over 10000"),
        (". as $at | [] | setpath([$at]; 1)", 400_000_000, "an index over 10000"),
        (". as $at | [] | pick(.[$at])", 400_000_000, "an index over 10000"),
        ("(if true then \"x\" else 1 end) * 1000000000", None, "a text is not multiplied"),
        ("[\"x\"][0] * 1000000000", None, "a text is not multiplied"),
        ('test("^a*b")', "a" * 1_001, "a text over 1000 bytes is not matched"),
        ('gsub("a"; "b")', "a" * 1_001, "a text over 1000 bytes is not matched"),
        ('[splits("a")]', "a" * 1_001, "a text over 1000 bytes is not matched"),
        ('split("a"; "g")', "a" * 1_001, "a text over 1000 bytes is not matched"),
        ('test("^(a|a)*$")', "a" * 100 + "b", "retry-limit-in-match"),
        (".", 2**70, "64-bit"),
    ],
)  # fmt: skip
def test_data_that_no_author_foresaw_does_not_outgrow_memory_or_time(text: str, data: Any, message: str) -> None:
    assert message in failure(text if text != "." else ". | .", data)


def test_a_result_nested_too_deep_to_be_kept_is_refused() -> None:
    assert "no JSON that can be kept" in failure("reduce range(300) as $i (1; [.])", None)
    assert expression("reduce range(200) as $i (1; [.])", "here")(Scope({}, {}, {})) == nested(200)


def test_many_brackets_side_by_side_are_not_deep() -> None:
    assert expression("[range(500) | [.]] | length", "here")(Scope({}, {}, {})) == 500
    assert expression("[range(500) | [0]]", "here")(Scope({}, {}, {})) == [[0]] * 500
