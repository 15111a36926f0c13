"""Expressions that need jq itself: checked, compiled once, and run over no more than what they read."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

import jq  # type: ignore[import-not-found]  # the package has no type stubs
import orjson

from orchestrator.core.scope import Compute, ExpressionFailed, Predicate, Scope
from orchestrator.definitions.jq_reads import reads_data, variables_read
from orchestrator.definitions.jq_rules import MAX_COUNT, REGEX_WORDS, assigns, check
from orchestrator.definitions.jq_tokens import Token, Unreadable, every, split, tokens_of
from orchestrator.definitions.variables import KNOWN, narrowed, reader, variable

MAX_MESSAGE = 300
MAX_MATCHED_BYTES = 1_000
MAX_BUILT_BYTES = 1_000_000
MAX_BUILT_ITEMS = 100_000
MAX_BUILT_VALUES = 100_000
_SURELY_NESTED = 200
_SURELY_FINITE = 300
_INTERNAL = re.compile(r" at <top-level>.*")
_UNDEFINED = re.compile(r"(\w+)/(\d+) is not defined")

_LOOPS = frozenset({"reduce", "foreach", "walk"})
_SIZES = frozenset({"+", "+="})
_ARITHMETIC = frozenset({"+", "-", "*", "/", "%", "+=", "-=", "*=", "/=", "%="})
_WITHOUT_ARITHMETIC = frozenset(
    {
        "if", "then", "elif", "else", "end", "and", "or", "not", "as",
        "reduce", "foreach", "try", "catch", "true", "false", "null", "empty", "select",
        "map", "map_values", "length", "keys", "has", "in", "any", "all", "first",
        "last", "values", "type", "to_entries", "from_entries", "with_entries", "join", "split", "startswith",
        "endswith", "contains", "inside", "tostring", "tojson", "sort", "sort_by", "group_by", "unique",
        "unique_by", "min", "max", "min_by", "max_by", "reverse", "flatten", "ascii_downcase", "ascii_upcase",
        "ltrimstr", "rtrimstr", "test", "error",
    }
)  # fmt: skip

_TIMES = """
def __times(a; b): a * b;
def _multiply(a; b): b as $b | a as $a | if ($a | type) == "string" or ($b | type) == "string"
  then error("a text is not multiplied: the result could be larger than memory") else __times($a; $b) end;
"""
_PLUS = f"""
def __plus(a; b): a + b;
def _plus(a; b): b as $b | a as $a |
  if ($a | type) == "string" and ($b | type) == "string" then
    if __plus($a | utf8bytelength; $b | utf8bytelength) > {MAX_BUILT_BYTES}
    then error("a text grows over {MAX_BUILT_BYTES} bytes") else __plus($a; $b) end
  elif ($a | type) == "array" and ($b | type) == "array" then
    if __plus($a | length; $b | length) > {MAX_BUILT_ITEMS}
    then error("a list grows over {MAX_BUILT_ITEMS} items") else __plus($a; $b) end
  else __plus($a; $b) end;
"""
_RANGE = f"""
def __range($from; $to; $step): if (($to - $from) / $step) > {MAX_COUNT}
  then error("range counts over {MAX_COUNT}") else range($from; $to; $step) end;
def range($to): __range(0; $to; 1);
def range($from; $to): __range($from; $to; 1);
def range($from; $to; $step): __range($from; $to; $step);
"""
_PLACES = f"""
def __place: if any(.[]; type == "number" and . > {MAX_COUNT})
  then error("a list gets an index over {MAX_COUNT}") else empty end;
def __assign(places; $value): places = $value;
def _assign(places; $value): (path(places) | __place), __assign(places; $value);
def __modify(places; change): places |= change;
def _modify(places; change): (path(places) | __place), __modify(places; change);
def __setpath($place; $value): setpath($place; $value);
def setpath(place; value): value as $value | place as $place | ($place | __place), __setpath($place; $value);
def __pick(places): pick(places);
def pick(places): (path(places) | __place), __pick(places);
"""
_MATCHING = (
    f'def __matched: if type == "string" and utf8bytelength > {MAX_MATCHED_BYTES}'
    f' then error("a text over {MAX_MATCHED_BYTES} bytes is not matched with a pattern") else . end;\n'
)
_ARITIES = {"split": (2,), "sub": (2, 3), "gsub": (2, 3)}
_FEW_VALUES = f""" | if isempty(skip({MAX_BUILT_VALUES}; ..)) then .
  else error("the result holds more than {MAX_BUILT_VALUES} values") end"""
_WHOLE_NUMBERS = """ | . as $__value | tojson
| if (contains("null") or contains("1.797693134862315")) and any($__value | .. | numbers; isnan or isinfinite)
  then error("the result holds a number that JSON does not have, such as the square root of -1") else . end"""


def compute_of(text: str, variables: frozenset[str]) -> Compute:
    """Compile a program that gives its first value. Raises Unreadable."""
    run = _runner(text, variables)

    def compute(scope: Scope) -> Any:
        written = run(scope)
        try:
            value = orjson.loads(written)
            if written.count("[") + written.count("{") > _SURELY_NESTED:
                orjson.dumps(value)
        except (ValueError, TypeError) as error:
            raise ExpressionFailed(_message(text, f"the result is no JSON that can be kept: {error}")) from error
        return value

    return compute


def predicate_of(text: str, variables: frozenset[str]) -> Predicate:
    """Compile a program whose first value holds unless it is false or null. Raises Unreadable."""
    if assigns(split(tokens_of(text), "|")[-1]):
        raise Unreadable("assigns with =, so that it always holds; compare with ==")
    run = _runner(text, variables)
    return lambda scope: run(scope) not in {"false", "null"}


def program_reads_data(text: str) -> bool:
    """Return whether a program may read `.` or $input; true for what cannot be read."""
    try:
        return reads_data(tokens_of(text))
    except Unreadable:
        return True


def _runner(text: str, variables: frozenset[str]) -> Callable[[Scope], str]:
    """Compile a program that gives its first value as JSON text."""
    tokens = tokens_of(text)
    check(tokens, variables)
    used = variables_read(tokens)
    reads = [("__data", reader(None) if reads_data(tokens) else _nothing)]
    for name, fields in used.items():
        if name in variables:
            reads.append((name, variable(name)))
        elif name in KNOWN - {"input"}:
            narrow = fields is not None and name in {"context", "workflow"}
            reads.append((name, narrowed(name, fields or frozenset()) if narrow else reader(name)))
    names = ", ".join(f"${name}" for name, _ in reads)
    again = " | . as $input" if "input" in used and "input" not in variables else ""
    whole = f"{_prelude(tokens)}. as [{names}] | $__data{again} | first((\n{text}\n)){_ending(tokens)}"
    try:
        program = jq.compile(whole)
    except ValueError as error:
        raise Unreadable(_said(str(error))) from error
    values = tuple(read for _, read in reads)

    def run(scope: Scope) -> str:
        try:
            given = orjson.dumps([read(scope) for read in values], default=_object).decode()
            written: str = program.input_text(given).first()
        except StopIteration as error:
            raise ExpressionFailed(_message(text, "gives no value")) from error
        except (ValueError, TypeError) as error:
            raise ExpressionFailed(_message(text, str(error))) from error
        return written

    return run


def _nothing(_scope: Scope) -> None:
    return None


def _object(value: Any) -> dict[str, Any]:
    """Return a mapping that is no dict, such as a read-only one, as a dict."""
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"{type(value).__name__} is no JSON")


def _prelude(tokens: tuple[Token, ...]) -> str:
    """Return the guards around what could outgrow memory or time on data that no author foresaw."""
    signs = {token.text for token in every(tokens) if token.kind == "sign"}
    words = {token.text for token in every(tokens) if token.kind == "word"}
    built = signs & _SIZES or any(token.inner for token in every(tokens) if token.kind == "string")
    guards = [
        (bool(signs & {"*", "*="}), _TIMES),
        (bool(built and words & _LOOPS), _PLUS),
        ("range" in words, _RANGE),
        (assigns(every(tokens)) or bool(words & {"setpath", "pick"}), _PLACES),
        (bool(words & REGEX_WORDS), _MATCHING + "".join(map(_matching, sorted(words & REGEX_WORDS)))),
    ]
    return "".join(guard for needed, guard in guards if needed)


def _matching(word: str) -> str:
    """Return definitions that keep a pattern from being matched with a text that is too long."""
    lines = []
    for arity in _ARITIES.get(word, (1, 2)):
        names = "; ".join(("a", "b", "c")[:arity])
        lines.append(f"def __{word}({names}): {word}({names});\n")
    for arity in _ARITIES.get(word, (1, 2)):
        names = "; ".join(("a", "b", "c")[:arity])
        lines.append(f"def {word}({names}): __matched | __{word}({names});\n")
    return "".join(lines)


def _ending(tokens: tuple[Token, ...]) -> str:
    """Return the end of a program: JSON text, where jq keeps every digit of the numbers that it only hands on.

    What a loop puts into itself twice takes little memory in jq and grows to its full size only as text.
    """
    loops = any(token.kind == "word" and token.text in _LOOPS for token in every(tokens))
    return (_FEW_VALUES if loops else "") + _as_text(tokens)


def _as_text(tokens: tuple[Token, ...]) -> str:
    for token in every(tokens):
        match token.kind:
            case "sign" if token.text in _ARITHMETIC:
                return _WHOLE_NUMBERS
            case "word" if token.text not in _WITHOUT_ARITHMETIC:
                return _WHOLE_NUMBERS
            case "number" if "e" in token.text.lower() or len(token.text) > _SURELY_FINITE:
                return _WHOLE_NUMBERS
            case _:
                pass
    return " | tojson"


def _said(error: str) -> str:
    """Return what jq says of a program, without the places in what was put around it."""
    first = _INTERNAL.sub("", error.removeprefix("jq: error: ").splitlines()[0]).strip()
    if undefined := _UNDEFINED.search(first):
        name, count = undefined.groups()
        if count == "0":
            return f'names {name}, which jq does not know; write .{name} for a field and "{name}" for a text'
        return f"calls {name} with {count} arguments, which jq does not know; see the functions of jq 1.8"
    return f"is no jq: {first}; write an expression such as .total or $context.STEP.FIELD"


def _message(text: str, said: str) -> str:
    shown = text if len(text) <= 80 else f"{text[:77]}..."
    return f"'{shown}': {said}"[:MAX_MESSAGE]
