"""What an expression may not say is refused when the definition is compiled, by name, with what to write instead."""

from __future__ import annotations

from typing import Any

import pytest

from orchestrator.definitions.errors import DefinitionError
from orchestrator.definitions.expressions import arguments, expression, predicate


def refused(text: Any, *variables: str) -> str:
    with pytest.raises(DefinitionError) as caught:
        expression(text, "do.pick.input.from", frozenset(variables))
    assert caught.value.where == "do.pick.input.from"
    return caught.value.message


WORDS = [
    ("now", "reads the clock", "$workflow.startedAt"),
    ("env.HOME", "reads the environment", "$parameters"),
    ("$ENV.HOME", "reads the environment", "$parameters"),
    ("input", "reads inputs", "write . or $input"),
    ("[inputs]", "reads inputs", "write . or $input"),
    ("input_filename", "reads inputs", "write . or $input"),
    ("input_line_number", "reads inputs", "write . or $input"),
    ("debug", "writes aside", "leave it out"),
    ('debug("x")', "writes aside", "leave it out"),
    ("stderr", "writes aside", "leave it out"),
    ("$__loc__", "tells where", "leave it out"),
    ("{$__loc__}", "tells where", "leave it out"),
    ("$__prog_args", "tells where", "leave it out"),
    ("get_search_list", "tells where", "leave it out"),
    ("get_jq_origin", "tells where", "leave it out"),
    ("get_prog_origin", "tells where", "leave it out"),
    ("builtins", "tells where", "leave it out"),
    ("have_decnum", "tells where", "leave it out"),
    ("have_literal_numbers", "tells where", "leave it out"),
    ("halt", "ends the whole process", "error("),
    ("halt_error", "ends the whole process", "error("),
    ("halt_error(1)", "ends the whole process", "error("),
    ("localtime", "time zone", "gmtime"),
    ('strflocaltime("%H")', "time zone", "gmtime"),
    ("modulemeta", "reads other programs", "in full"),
    ('import "a" as a; 1', "reads other programs", "in full"),
    ('include "a"; 1', "reads other programs", "in full"),
    ("def f: f; f", "could call itself", "as $name"),
    ("repeat(.)", "without an end", "reduce"),
    ("until(false; .)", "without an end", "reduce"),
    ("[while(true; .)]", "without an end", "reduce"),
    ("recurse(.)", "without an end", "write .."),
    ("recurse(.a; true)", "without an end", "write .."),
    ("infinite", "no number of JSON", "null"),
    ("nan", "no number of JSON", "null"),
    ("combinations", "more than memory", "as $x"),
    ("combinations(3)", "more than memory", "as $x"),
    ("fromstream(.[])", "more than memory", "setpath"),
    ("_assign(.a; 1)", "belongs to jq itself", "write out"),
    ("a::b", "belongs to jq itself or to a module", "write out"),
]


@pytest.mark.parametrize(("text", "reason", "instead"), WORDS)
def test_words_that_a_replay_or_a_bound_forbids(text: str, reason: str, instead: str) -> None:
    message = refused(text)
    assert message.startswith(f"'{text}' uses ")
    assert reason in message
    assert instead in message


@pytest.mark.parametrize(
    "text", ['"\\(now)"', '"a\\("b\\(now)")"', "[.[] | {a: now}]", "{(now | tostring): 1}", "{a: 1, b: (now)}",
             ".a[now]", "try now catch 1", ". as {a: $x, (now): $y} | $x", "if now then 1 end", "# said\nnow",
             "@sh \"\\(now)\"", "reduce .[] as $x (0; now)", "{a: .b | now}"]
)  # fmt: skip
def test_a_word_is_found_wherever_it_stands(text: str) -> None:
    assert "uses now, which reads the clock" in refused(text)


RANGES = [
    ("[range(10001)]", "counts to 10001"),
    ("[range(-5000; 5001)]", "counts to 10001"),
    ("[range(0; 1; 0.00001)]", "counts to"),
    ("[range(101) | range(100)]", "counts to 10100"),
    ("[range(.n)]", "bounds that are computed"),
    ("[range(0; $workflow.input.n)]", "bounds that are computed"),
    ("[range(length * 10)]", "bounds that are computed"),
    ("[range(0; 10; 0)]", "a step that is a number other than 0"),
    ("[range(0; 10; .by)]", "a step that is a number other than 0"),
    ("[range(0; length; 0.1)]", "a step below 1"),
]


@pytest.mark.parametrize(("text", "reason"), RANGES)
def test_a_range_has_a_bound_that_can_be_read(text: str, reason: str) -> None:
    assert reason in refused(text)


@pytest.mark.parametrize(
    "text", ["[range(10000)]", "[range(100) | range(100)]", "[range(0; length)]", "[range(9; 0; -1)]"]
)
def test_a_range_within_the_bound_is_taken(text: str) -> None:
    expression(text, "here")


PATTERNS = [
    ("test(.pattern)", "a pattern that is computed"),
    ('test("a\\(.b)")', "a pattern that is computed"),
    ('test(["a", "g"])', "a pattern that is computed"),
    ('split(.by; "g")', "a pattern that is computed"),
    ('gsub(.a; "b")', "a pattern that is computed"),
    ('test("(a+)+$")', "repeats a repeat"),
    ('test("^(a*)*$")', "repeats a repeat"),
    ('test("^((a|b{2,})x){1,20}")', "repeats a repeat"),
    ('test("^(?:[a-z]+\\\\s?)*$")', "repeats a repeat"),
    ('test("^a{2}{3}")', "repeats a repeat"),
    ('test("^a**")', "repeats a repeat"),
    ('test("a*b*c")', "begin it with ^"),
    ('test("(a|ab)*c")', "begin it with ^"),
    ('test("^a|b*c*")', "begin it with ^"),
    ('test("\\\\s+,\\\\s+")', "begin it with ^"),
    ('test("^a{101}")', "counts a repeat over 100"),
    ('test("^(((a{99}){99}){99})")', "repeats a repeat"),
    ('test("^(?<x>a\\\\g<x>)")', "uses recursion"),
    ('test("^a(?#x)b")', "uses recursion, conditions, absence or comments"),
    ('test("a)*")', "closes nothing"),
    (f'test("{"a" * 201}")', "longer than 200 characters"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "reason"), PATTERNS)
def test_a_pattern_whose_search_may_not_end_soon(text: str, reason: str) -> None:
    assert reason in refused(text)


@pytest.mark.parametrize(
    "pattern",
    [
        "^[^@\\\\s]+@[^@\\\\s]+\\\\.[a-z]{2,}$", "[0-9]+", "^[A-Z]{2}-[0-9]{1,4}$", "a?b?c?", "[]+*]x", "[^]a]+",
        "a{,}", "^(\\\\d{1,3}\\\\.){3}\\\\d{1,3}$", "(?:ab)?[0-9]*", "^(a|b)*$", "[[:alpha:]]+", "\\\\p{L}+",
        "(?i)abc", "(?<x>a)\\\\k<x>", "a+?", "^a*?b++$", "(?=a)b", "\\\\Aa*b*", "x{3}", "a|b|c", "\\\\(+",
    ],
)  # fmt: skip
def test_a_pattern_that_is_quick_on_every_text_is_taken(pattern: str) -> None:
    expression(f'test("{pattern}")', "here")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('strftime("%s")', "%s, which depends on the time zone"),
        ('strptime("%Y %-s")', "%s, which depends on the time zone"),
        ("strftime(.format)", "a format that is computed"),
        ('"x" * 1000000000', "multiplies a text"),
        ('1000000000 * "x"', "multiplies a text"),
        ('("x") * 1000000000', "multiplies a text"),
        ('1000000000 * @text "x"', "multiplies a text"),
        ('("x" | .) * 1000000000', "multiplies a text"),
        ('(@text "x") * 1000000000', "multiplies a text"),
        ('("x" + "y") * 1000000000', "multiplies a text"),
        ('.a * ("x" * 3)', "multiplies a text"),
    ],
)
def test_what_depends_on_a_machine_or_outgrows_its_memory(text: str, reason: str) -> None:
    assert reason in refused(text)


def test_a_variable_that_is_not_known_is_named_beside_those_that_are() -> None:
    message = refused("$itm.sku", "item", "index")

    assert message == (
        "'$itm.sku' uses $itm, which is not known here; known are $context, $index, $input, $item, $parameters,"
        " $runtime, $task, $workflow"
    )


@pytest.mark.parametrize(
    "text", ["$contexts", "$a.b == 1", "$x | . as $x | 1", "$__data", ". as $__data | 1", "$item | 1"]
)
def test_a_variable_that_is_not_visible_is_refused(text: str) -> None:
    refused(text)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "says nothing; write an expression"),
        ("   # nothing", "says nothing; write an expression"),
        ("${ }", "says nothing; write an expression"),
        ("carrier", 'names carrier, which jq does not know; write .carrier for a field and "carrier" for a text'),
        ("True", 'names True, which jq does not know; write .True for a field and "True" for a text'),
        ("pick(.a; .b)", "calls pick with 2 arguments, which jq does not know"),
        ("'text'", 'writes a text in single quotes; jq has only "..."'),
        ("$ a", "has a $ without the name of a variable"),
        ("a ! b", "has a '!', which is no sign of jq"),
        ('"text', 'has a text that no " closes'),
        ("(.a", "lacks a )"),
        (".a }", "has a } that closes nothing"),
        ("1) | (2", "has a ) that closes nothing"),
        ("..a", "is no jq: syntax error"),
        (".a.", "is no jq: syntax error"),
        ("1.5.2", "is no jq: "),
        (".a == .b == .c", "is no jq: syntax error"),
        ("1 # x \\\n+ 1", "has a comment whose end is unclear"),
        ("1 # x\r+ now", "has a comment whose end is unclear"),
        ("[" * 65 + "]" * 65, "nests more than 64 brackets"),
        ("${ .a", "begins with ${ and does not end with }; write ${ EXPRESSION }"),
        ("${ .a } and ${ .b }", 'a text with expressions in it is one expression: ${ "\\(.a) and \\(.b)" }'),
    ],
)
def test_what_is_no_jq_is_explained(text: str, message: str) -> None:
    assert message in refused(text)


@pytest.mark.parametrize("text", [None, True, 1, [], {}])
def test_an_expression_is_a_text(text: Any) -> None:
    assert "is no expression; write a text such as" in refused(text)


@pytest.mark.parametrize("text", ["", None, True, 1, [], "${ == 1 }", "${ .a == }", "${", "${ now > 1 }", "$x == 1"])
def test_a_condition_that_is_none(text: Any) -> None:
    with pytest.raises(DefinitionError) as caught:
        predicate(text, "do.x.when")
    assert caught.value.where == "do.x.when"


@pytest.mark.parametrize("text", ["${ .a = 1 }", ".a |= 1", ".b | .a += 1"])
def test_a_condition_that_assigns_is_a_slip(text: str) -> None:
    with pytest.raises(DefinitionError) as caught:
        predicate(text, "do.x.when")
    assert "assigns with =, so that it always holds; compare with ==" in caught.value.message


@pytest.mark.parametrize("text", ["", "a", "..a", ".a.", "$workflow.input.", "$context.", ".a-b", "nil", "now"])
def test_the_part_of_a_template_is_named(text: str) -> None:
    with pytest.raises(DefinitionError) as caught:
        arguments({"value": [f"${{ {text} }}"]}, "do.pick.with")
    assert caught.value.where == "do.pick.with.value[0]"
