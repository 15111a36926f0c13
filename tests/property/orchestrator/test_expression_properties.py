"""The quick way and jq itself agree on every expression that both take, and nothing but known errors comes out."""

from __future__ import annotations

from typing import Any

import jq  # type: ignore[import-not-found]  # the package has no type stubs
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.core.scope import ExpressionFailed, Scope
from orchestrator.definitions.errors import DefinitionError
from orchestrator.definitions.expressions import expression, predicate, uses_data

FAILED = "failed"
NAMES = st.sampled_from(["a", "b", "and", "a_1", "x y", "ä"])
NUMBERS = st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False)
TEXTS = st.text(st.characters(codec="utf-8"), max_size=3)
VALUES = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=8,
)
ALIKE = st.recursive(
    st.sampled_from([None, False, True, 0, 1, 1.0, 2, "a", "b", "ä"]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from("ab"), inner, max_size=2),
    max_leaves=3,
)
OBJECTS = st.dictionaries(NAMES, VALUES, max_size=4)


@st.composite
def paths(draw: st.DrawFn) -> str:
    root = draw(st.sampled_from(["", "$context", "$workflow.input", "$input", "$item"]))
    keys = draw(st.lists(NAMES, max_size=2))
    steps = [f".{key}" if key.isidentifier() and key.isascii() else f'["{key}"]' for key in keys]
    return f"{root}{''.join(steps)}" if root else f".{''.join(steps).removeprefix('.')}"


LITERALS = st.integers(-(10**15) + 1, 10**15 - 1).map(str) | st.sampled_from(
    ["true", "false", "null", '""', '"a"', '"ä"']
)
OPERANDS = paths() | LITERALS
COMPARISONS = st.builds("{} {} {}".format, OPERANDS, st.sampled_from(["==", "!=", "<", "<=", ">", ">="]), OPERANDS)
FRAGMENTS = st.sampled_from(
    [
        ".", ".a", "$context", "$input", "$item", "$x", "as $x", "|", ",", "(", ")", "[", "]", "{", "}", ":", ";", "+",
        "*", "//", "?", "1", "0.5", '"t"', '"\\(', '"', "length", "now", "reduce", "range", "if", "then", "end",
        "..", "#", "\n", "test", "@sh", "=", "error", "empty", "and", "not", "'", "\\", "ä",
    ]
)  # fmt: skip


def outcome(text: str, scope: Scope) -> Any:
    try:
        return expression(text, "here", frozenset({"item"}))(scope)
    except (ExpressionFailed, AttributeError, TypeError, KeyError):
        return FAILED


def by_jq(text: str, scope: Scope) -> Any:
    given = [scope.data, {"input": scope.input}, scope.context, scope.variables["item"]]
    whole = f". as [$d, $workflow, $context, $item] | $d | . as $input | {text}"
    try:
        return jq.compile(whole).input_value(given).first()
    except ValueError:
        return FAILED


def scope_of(data: Any, other: Any, item: Any) -> Scope:
    return Scope(other, other, {}, data, {"item": item})


@settings(max_examples=300, deadline=None)
@given(paths() | LITERALS | COMPARISONS, VALUES, OBJECTS, VALUES)
def test_the_quick_way_gives_what_jq_gives(text: str, data: Any, other: Any, item: Any) -> None:
    scope = scope_of(data, other, item)

    quick = outcome(text, scope)

    assert quick == by_jq(text, scope)
    assert quick == outcome(f"{text} | .", scope)


@settings(max_examples=150, deadline=None)
@given(ALIKE, ALIKE)
def test_two_values_are_in_the_order_that_jq_gives_them(left: Any, right: Any) -> None:
    scope = scope_of({"a": left, "b": right}, {}, None)

    for sign in ("==", "!=", "<", "<=", ">", ">="):
        assert outcome(f".a {sign} .b", scope) == by_jq(f".a {sign} .b", scope)


@settings(max_examples=150, deadline=None)
@given(OPERANDS | COMPARISONS, VALUES, OBJECTS)
def test_a_condition_holds_unless_its_value_is_false_or_null(text: str, data: Any, other: Any) -> None:
    scope = scope_of(data, other, data)
    value = outcome(text, scope)

    for written in (text, f"{text} | ."):
        try:
            held: Any = predicate(written, "here", frozenset({"item"}))(scope)
        except (ExpressionFailed, AttributeError, TypeError, KeyError):
            held = FAILED
        assert held == (FAILED if value == FAILED else value is not None and value is not False)


@settings(max_examples=150, deadline=None)
@given(OBJECTS)
def test_values_go_through_jq_unchanged(data: Any) -> None:
    assert outcome("{kept: .} | .kept", scope_of(data, {}, None)) == data


@settings(max_examples=400, deadline=None)
@given(st.lists(FRAGMENTS, max_size=8).map(" ".join), OBJECTS, OBJECTS)
def test_any_text_is_an_expression_or_is_refused_and_unread_data_makes_no_difference(
    text: str, data: Any, other: Any
) -> None:
    try:
        compute = expression(text, "here", frozenset({"item"}))
    except DefinitionError:
        return
    results = []
    for given_data in (data, {"completely": "different"}):
        try:
            results.append(compute(Scope({}, other, {}, given_data, {"item": 1})))
        except (ExpressionFailed, AttributeError, TypeError, KeyError) as error:
            results.append(type(error))
    assert uses_data(text, bare=True) or results[0] == results[1]
