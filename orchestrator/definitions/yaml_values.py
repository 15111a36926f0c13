"""What a YAML text means: the values of YAML 1.2, of which all can be written as JSON; nothing else is constructed."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from typing import Any

import yaml

_TAG = "tag:yaml.org,2002:"
_LEAST_INT, _MOST_INT = -(2**63), 2**64 - 1
_MOST_DIGITS = 24
_QUOTE = "write it as a text, in quotes"

# YAML 1.1, which PyYAML reads, takes NO for false, 12:30 for 750, 0123 for 83 and 2026-01-31 for a date: data of an
# author's would be changed without a word. The DSL is written in YAML 1.2; editors check it as that.
_SCALARS: Mapping[str, tuple[str, re.Pattern[str]]] = {
    name: (firsts, re.compile(rf"(?:{pattern})\Z"))
    for name, firsts, pattern in (
        ("null", "~nN", r"~|null|Null|NULL|"),
        ("bool", "tTfF", r"true|True|TRUE|false|False|FALSE"),
        ("int", "-+0123456789", r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+"),
        (
            "float", "-+.0123456789",
            r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)",
        ),
        ("merge", "<", r"<<"),
    )
}  # fmt: skip
"""For each kind of plain text that is no text: the characters that it begins with, and its form."""

_Resolvers = dict[str, list[tuple[str, re.Pattern[str]]]]


def _resolvers() -> _Resolvers:
    """Return the forms by their first characters, the empty text among them, as PyYAML wants them."""
    found: _Resolvers = {"": [(f"{_TAG}null", _SCALARS["null"][1])]}
    for name, (firsts, form) in _SCALARS.items():
        for first in firsts:
            found.setdefault(first, []).append((f"{_TAG}{name}", form))
    return found


def _refusal(node: yaml.Node, problem: str) -> yaml.constructor.ConstructorError:
    return yaml.constructor.ConstructorError(None, None, problem, node.start_mark)


def _null(_: Any, node: yaml.ScalarNode) -> None:
    _written(node, "null")


def _truth(_: Any, node: yaml.ScalarNode) -> bool:
    return _written(node, "bool").lower() == "true"


def _whole(_: Any, node: yaml.ScalarNode) -> int:
    text = _written(node, "int")
    if len(text.lstrip("+-0xo")) <= _MOST_DIGITS:
        number = int(text, 0) if text[:2] in ("0o", "0x") else int(text)
        if _LEAST_INT <= number <= _MOST_INT:
            return number
    raise _refusal(node, f"{text[:40]} is a number of more than 64 bits; {_QUOTE}")


def _fraction(_: Any, node: yaml.ScalarNode) -> float:
    text = _written(node, "float")
    number = math.nan if text.strip("+-")[1:2] in tuple("iInN") else float(text)
    if not math.isfinite(number):
        raise _refusal(node, f"{text[:40]} is no number that JSON has; {_QUOTE}")
    return number


def _text(_: Any, node: yaml.ScalarNode) -> str:
    """Return a text in which the two halves of a character, escaped one by one as in JSON, are that character."""
    if not isinstance(node, yaml.ScalarNode):
        raise _misplaced(node, "str")
    text: str = node.value
    if any("\ud800" <= letter <= "\udfff" for letter in text):
        try:
            return text.encode("utf-16", "surrogatepass").decode("utf-16")
        except UnicodeDecodeError as error:
            raise _refusal(node, "this text holds one half of a character; write the whole one") from error
    return text


def _object(loader: Any, node: yaml.MappingNode) -> Iterator[dict[str, Any]]:
    if not isinstance(node, yaml.MappingNode):
        raise _misplaced(node, "map")
    loader.flatten_mapping(node)
    for key, _ in node.value:
        if not isinstance(key, yaml.ScalarNode):
            raise _refusal(key, "this key is a list or an object; write a text")
        # As in JSON every key is a text: 12 is "12".
        key.tag = f"{_TAG}str"
    made: dict[str, Any] = {}
    yield made
    made.update(loader.construct_mapping(node))


def _unknown(_: Any, node: yaml.Node) -> Any:
    tag = str(node.tag).replace(_TAG, "!!")
    raise _refusal(node, f"the tag {tag} makes a value that JSON does not have; leave the tag out")


def _written(node: yaml.ScalarNode, kind: str) -> str:
    """Return the text of a value whose form fits its kind: a tag may claim it of any text."""
    text: str = node.value
    if not isinstance(node, yaml.ScalarNode) or _SCALARS[kind][1].match(text) is None:
        raise _misplaced(node, kind)
    return text


def _misplaced(node: yaml.Node, kind: str) -> yaml.constructor.ConstructorError:
    return _refusal(node, f"the tag !!{kind} stands before something else; leave the tag out")


def _constructors() -> dict[str | None, Any]:
    safe = yaml.constructor.SafeConstructor
    by_kind = {
        "null": _null, "bool": _truth, "int": _whole, "float": _fraction, "str": _text, "map": _object,
        "seq": safe.construct_yaml_seq,
    }  # fmt: skip
    return {None: _unknown, **{f"{_TAG}{kind}": construct for kind, construct in by_kind.items()}}


def _loader(base: type[Any]) -> type[Any]:
    words = {"yaml_implicit_resolvers": _resolvers(), "yaml_constructors": _constructors()}
    return type("DefinitionLoader", (base,), words)


Loader = _loader(yaml.SafeLoader)
"""Reads a text with the place of each of its parts, and says clearly what is wrong with it."""

FastLoader = _loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader))
"""Reads the same values, in C where that is there; for texts whose mistakes need no place."""


def _dumper() -> type[Any]:
    """Return a writer that quotes what either version of YAML would take for something else than a text."""
    both = _resolvers()
    for first, older in yaml.SafeDumper.yaml_implicit_resolvers.items():
        both.setdefault(first, []).extend(older)
    return type("DefinitionDumper", (yaml.SafeDumper,), {"yaml_implicit_resolvers": both})


_Dumper = _dumper()


def written(document: Any) -> str:
    """Return a document as YAML that every reader takes for this document."""
    text: str = yaml.dump(document, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=120)
    return text
