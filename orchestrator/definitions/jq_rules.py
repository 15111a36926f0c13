"""What an expression may not use of jq, and why: a replay would differ, or nothing would bound the work."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from itertools import pairwise

from orchestrator.definitions.jq_regex import pattern_fault
from orchestrator.definitions.jq_tokens import Token, Unreadable, every, split
from orchestrator.definitions.variables import KNOWN

MAX_COUNT = 10_000
"""The numbers that the ranges of one program give, multiplied with each other."""

_CLOCK = "reads the clock, and a replay would give something else; write $workflow.startedAt.epoch.seconds"
_ENVIRONMENT = "reads the environment of one process; write $parameters.NAME, and give the value at deployment"
_INPUTS = "reads inputs that an expression does not have; write . or $input"
_OUTPUT = "writes aside and gives no value; leave it out"
_PLACE = "tells where a program stands or how jq was built, which is no data of a saga; leave it out"
_STOP = 'ends the whole process; write error("MESSAGE")'
_ENDLESS = "can run without an end; write reduce or foreach over a list"
_MODULE = "reads other programs; write the expression out in full"
_ZONE = "depends on the time zone of one machine; write gmtime, strftime or todate"
_NUMBER = "is no number of JSON; write null"
_GROWTH = "can give more than memory holds"

REFUSED = {
    "now": _CLOCK,
    "env": _ENVIRONMENT,
    "input": _INPUTS,
    "inputs": _INPUTS,
    "input_filename": _INPUTS,
    "input_line_number": _INPUTS,
    "debug": _OUTPUT,
    "stderr": _OUTPUT,
    "halt": _STOP,
    "halt_error": _STOP,
    "localtime": _ZONE,
    "strflocaltime": _ZONE,
    "get_search_list": _PLACE,
    "get_jq_origin": _PLACE,
    "get_prog_origin": _PLACE,
    "builtins": _PLACE,
    "have_decnum": _PLACE,
    "have_literal_numbers": _PLACE,
    "modulemeta": _MODULE,
    "import": _MODULE,
    "include": _MODULE,
    "module": _MODULE,
    "def": "could call itself without an end; bind values with `EXPRESSION as $name | ...`",
    "repeat": _ENDLESS,
    "until": _ENDLESS,
    "while": _ENDLESS,
    "infinite": _NUMBER,
    "nan": _NUMBER,
    "combinations": f"{_GROWTH}; write .a[] as $x | .b[] as $y | [$x, $y]",
    "fromstream": f"{_GROWTH}; write setpath or an object",
}
REFUSED_VARIABLES = {
    "ENV": _ENVIRONMENT,
    "__loc__": _PLACE,
    "__prog_args": _PLACE,
    "secrets": "is not supported: what a saga knows is kept for good; give secrets to the participant that needs them",
    "authorization": "is not supported; give credentials to the participant that calls the provider",
    "output": "is known in export.as alone; write . for the result",
}

REGEX_WORDS = frozenset({"test", "match", "capture", "scan", "splits", "sub", "gsub", "split"})
_FORMAT_WORDS = frozenset({"strftime", "strptime"})
_DOT = Token("sign", ".")
_ASSIGNS = frozenset({"=", "|=", "+=", "-=", "*=", "/=", "%=", "//="})


def check(tokens: tuple[Token, ...], variables: frozenset[str]) -> None:
    """Refuse what an expression may not use. Raises Unreadable."""
    if not tokens:
        raise Unreadable("says nothing; write an expression such as .total or $context.STEP.FIELD")
    _check_names(tokens, in_object=False)
    _check_variables(tokens, variables)
    _check_ranges(tokens)


def assigns(tokens: Iterable[Token]) -> bool:
    """Return whether one of these tokens is an assignment."""
    return any(token.kind == "sign" and token.text in _ASSIGNS for token in tokens)


def _check_names(tokens: tuple[Token, ...], in_object: bool) -> None:
    before: Token | None = None
    for index, token in enumerate(tokens):
        key = in_object and (before is None or before.text == ",")
        if token.kind == "word" and not key:
            _check_word(token.text, _arguments(tokens, index))
        if token.kind == "sign" and token.text == "*":
            _check_factors(tokens[:index], tokens[index + 1 :])
        for part in token.inner:
            _check_names(part, token.kind == "group" and token.text == "{")
        before = token


def _arguments(tokens: tuple[Token, ...], index: int) -> list[tuple[Token, ...]]:
    """Return what stands in the brackets after a word, one part for each argument."""
    following = tokens[index + 1 : index + 2]
    if following and following[0].kind == "group" and following[0].text == "(":
        return split(following[0].inner[0], ";")
    return []


def _check_word(word: str, arguments: list[tuple[Token, ...]]) -> None:
    if word in REFUSED:
        raise Unreadable(f"uses {word}, which {REFUSED[word]}")
    if word.startswith("_") or "::" in word:
        raise Unreadable(f"uses {word}, which belongs to jq itself or to a module; write out what it does")
    if word == "recurse" and arguments:
        raise Unreadable("uses recurse(...), which can run without an end; write .. or recurse without arguments")
    if word in REGEX_WORDS and arguments and not (word == "split" and len(arguments) == 1):
        _check_regex(word, arguments[0])
    if word in _FORMAT_WORDS and arguments:
        _check_format(word, arguments[0])


def _literal(argument: tuple[Token, ...]) -> str | None:
    """Return the text that an argument is, or None where it is anything but a text written out."""
    if len(argument) != 1 or argument[0].kind != "string" or argument[0].inner:
        return None
    try:
        text: str = json.loads(f'"{argument[0].text}"', strict=False)
    except ValueError:
        return None
    return text


def _check_regex(word: str, argument: tuple[Token, ...]) -> None:
    pattern = _literal(argument)
    if pattern is None:
        raise Unreadable(
            f'uses {word} with a pattern that is computed, so that nothing bounds its search; write {word}("...")'
        )
    if fault := pattern_fault(pattern):
        raise Unreadable(f"uses {word} with the pattern '{pattern}', which {fault}")


def _check_format(word: str, argument: tuple[Token, ...]) -> None:
    written = _literal(argument)
    if written is None:
        raise Unreadable(f'uses {word} with a format that is computed; write {word}("%Y-%m-%d")')
    if re.search(r"%[^A-Za-z%]*s", written.replace("%%", "")):
        raise Unreadable(f"uses {word} with %s, which {_ZONE}; seconds since the epoch are what mktime gives")


def _check_factors(left: tuple[Token, ...], right: tuple[Token, ...]) -> None:
    formatted = 1 if right and right[0].kind == "format" else 0
    factors = (*right[formatted : formatted + 1], *(() if left[-2:-1] == (_DOT,) else left[-1:]))
    if any(_is_text(token) for token in factors):
        raise Unreadable(f'multiplies a text, which {_GROWTH}; write [limit(3; "x", "x", "x")] | add')


def _is_text(token: Token) -> bool:
    """Return whether a factor is a text written out; jq multiplies those when it compiles, before any guard."""
    if token.kind == "group" and token.text == "(":
        inside = list(every(token.inner[0]))
        field = any(dot == _DOT and name.kind == "string" for dot, name in pairwise(inside))
        return not field and all(_is_folded(part) for part in inside) and any(part.kind == "string" for part in inside)
    return token.kind == "string"


def _is_folded(token: Token) -> bool:
    match token.kind:
        case "sign":
            return token.text not in {"..", ","}
        case "group":
            return token.text == "("
        case kind:
            return kind in {"string", "number", "format"}


def _check_variables(tokens: tuple[Token, ...], variables: frozenset[str]) -> None:
    visible = KNOWN | variables | _bound(tokens)
    for token in every(tokens):
        if token.kind != "variable":
            continue
        name = token.text[1:]
        if name in REFUSED_VARIABLES and name not in variables:
            raise Unreadable(f"uses {token.text}, which {REFUSED_VARIABLES[name]}")
        if name.startswith("__") or name not in visible:
            known = ", ".join(f"${known}" for known in sorted(KNOWN | variables))
            raise Unreadable(f"uses {token.text}, which is not known here; known are {known}")


def _bound(tokens: tuple[Token, ...]) -> set[str]:
    """Return the names that the program itself gives to values; where each is visible is for jq to say."""
    found: set[str] = set()
    naming = False
    for token in tokens:
        if naming:
            pattern = token.kind == "variable" or (token.kind == "group" and token.text != "(") or token.text == "?//"
            if pattern:
                found.update(part.text[1:] for part in every((token,)) if part.kind == "variable")
            naming = pattern
        naming |= token.kind == "word" and token.text in {"as", "label"}
        for part in token.inner:
            found |= _bound(part)
    return found


def _check_ranges(tokens: tuple[Token, ...]) -> None:
    total = 1.0
    for parent in _levels(tokens):
        for index, token in enumerate(parent):
            if token.kind == "word" and token.text == "range":
                total *= max(1, _range_size(_arguments(parent, index)))
    if total > MAX_COUNT:
        raise Unreadable(f"counts to {total:.0f} with range; at most {MAX_COUNT} are counted, all ranges multiplied")


def _levels(tokens: tuple[Token, ...]) -> Iterable[tuple[Token, ...]]:
    yield tokens
    for token in every(tokens):
        yield from token.inner


def _range_size(bounds: list[tuple[Token, ...]]) -> float:
    """Return how many numbers a range gives; one whose bounds are lengths counts as one, and is guarded as it runs."""
    if not bounds:
        return 1
    step = _number(bounds[2]) if len(bounds) == 3 else 1
    numbers = [_number(bound) for bound in bounds[:2]]
    literal = [number for number in numbers if number is not None]
    if step is None or step == 0 or any(
        number is None and not _is_length(bound) for number, bound in zip(numbers, bounds, strict=False)
    ):  # fmt: skip
        raise Unreadable(
            f"uses range with bounds that are computed; write numbers up to {MAX_COUNT} or length, and a step that is"
            " a number other than 0"
        )
    if len(literal) < len(numbers):
        if abs(step) < 1:
            raise Unreadable("uses range with a step below 1; write a whole number")
        return 1
    begin, end = (0.0, literal[0]) if len(literal) == 1 else (literal[0], literal[1])
    return -((begin - end) // abs(step)) if step > 0 else -((end - begin) // abs(step))


def _number(tokens: tuple[Token, ...]) -> float | None:
    sign = -1 if tokens and tokens[0].text == "-" else 1
    rest = tokens[1:] if sign < 0 else tokens
    return sign * float(rest[0].text) if len(rest) == 1 and rest[0].kind == "number" else None


def _is_length(tokens: tuple[Token, ...]) -> bool:
    last = split(tokens, "|")[-1]
    words = [token for token in last if token.kind == "word"]
    return [token.text for token in words] == ["length"] and all(
        token.kind == "number" or token.text in {"length", "+", "-"} for token in last
    )
