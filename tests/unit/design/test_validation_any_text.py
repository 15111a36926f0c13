"""Whatever a text is, validating it ends with findings that have a place and a remedy; nothing else is thrown."""

from __future__ import annotations

import json
from copy import deepcopy
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cli.definition_files import Written
from cli.definition_reports import judge
from orchestrator.definitions.positions import DEEPEST, Unreadable, read
from tests.unit.design.shipped import PATHS

DOCUMENTS = [yaml.safe_load(path.read_text(encoding="utf-8")) for path in PATHS]
ODD: list[Any] = [
    None,
    True,
    0,
    -1,
    1.5,
    "",
    " ",
    "${",
    "${ .a | }",
    "end",
    [],
    [None],
    {},
    {"": None},
    {"x": {"y": []}},
]


def parts_of(value: Any) -> list[tuple[Any, Any]]:
    """Return every place in a document: what holds it, and its key or index."""
    found: list[tuple[Any, Any]] = []
    ahead = [value]
    while ahead:
        holder = ahead.pop()
        keys = holder.keys() if isinstance(holder, dict) else range(len(holder)) if isinstance(holder, list) else ()
        for key in keys:
            found.append((holder, key))
            ahead.append(holder[key])
    return found


@st.composite
def mutated(draw: st.DrawFn) -> Any:
    """Return a shipped document in which some parts are taken out, doubled, or replaced by something odd."""
    document = deepcopy(draw(st.sampled_from(DOCUMENTS)))
    for _ in range(draw(st.integers(1, 3))):
        parts = parts_of(document)
        holder, key = parts[draw(st.integers(0, len(parts) - 1))]
        match draw(st.sampled_from(["replace", "remove", "double", "rename"])):
            case "replace":
                holder[key] = deepcopy(draw(st.sampled_from(ODD)))
            case "remove":
                del holder[key]
            case "double" if isinstance(holder, list):
                holder.append(deepcopy(holder[key]))
            case "rename" if isinstance(holder, dict):
                holder[draw(st.sampled_from(["do", "call", "then", "x", "fork", "for"]))] = holder.pop(key)
            case _:
                holder[key] = None
    return document


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(mutated())
def test_every_finding_has_a_place_and_a_remedy(document: Any) -> None:
    text = json.dumps(document, indent=1)
    lines = text.count("\n") + 1

    verdict = judge(Written("any.json", text))

    assert (verdict.definition is None) <= bool(verdict.errors)
    for one in verdict.findings:
        assert 1 <= one.place.line <= lines
        assert one.place.column >= 1
        assert one.finding.problem
        assert one.finding.remedy[:1].isupper()


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", 1),
        ("document: {\n  a: [1\n", 3),
        ("a: b: c\n", 1),
        ("document:\n\tname: x\n", 2),
        ("a: &a [*a]\n", 1),
        ("a: !!python/object:os.system {}\n", 1),
        ("- - " * (DEEPEST + 1) + "x", 1),
        ("[" * 50_000, 1),
        ('{"a":' * 20_000 + "1" + "}" * 20_000, 1),
    ],
)
def test_what_cannot_be_read_is_named_with_its_line(text: str, line: int) -> None:
    (found,) = judge(Written("any.yaml", text)).findings

    assert found.finding.rule == "unreadable"
    assert found.place.line == line


def test_aliases_that_grow_without_end_are_refused() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]

    with pytest.raises(Unreadable, match="holds more than"):
        read("\n".join(lines))

    long = f"a: &a {'x' * 90_000}\nb: [{', '.join(['*a'] * 1_000)}]"
    with pytest.raises(Unreadable, match="characters once its aliases"):
        read(long)


@pytest.mark.parametrize("filler", [" " * 90_000, "(" * 90_000, "$" * 90_000, ".a" * 40_000, "|.a" * 30_000])
def test_a_condition_as_long_as_a_document_is_refused_in_a_line(filler: str) -> None:
    document = deepcopy(DOCUMENTS[0])
    name, task = next(iter(document["do"][0].items()))
    document["do"][0] = {name: {**task, "if": f"a{filler}b"}}

    errors = judge(Written("x", json.dumps(document))).errors

    assert errors
    assert all(len(one.line("x")) < 600 for one in errors)


@pytest.mark.parametrize(("head", "line"), [("", "k{0}: 1"), ("do:", "- k{0}: {{nope: 1}}")])
def test_a_document_of_nothing_but_mistakes_has_each_at_its_line(head: str, line: str) -> None:
    """Guards against a search through all names for each of them: it took minutes."""
    count = 6_000
    text = "\n".join([head or "# keys", *(line.format(number) for number in range(count))])

    found = judge(Written("x", text)).errors

    names = [one.finding.where.removeprefix("do.") for one in found]
    lines = {name: one.place.line for name, one in zip(names, found, strict=True)}
    assert {f"k{number}": number + 2 for number in range(count)}.items() <= lines.items()


def test_json_and_yaml_of_one_document_have_the_same_findings() -> None:
    document = deepcopy(DOCUMENTS[0])
    document["do"][0][next(iter(document["do"][0]))]["nonsense"] = 1
    texts = (
        json.dumps(document, indent=2),
        json.dumps(document, indent="\t"),
        yaml.safe_dump(document, sort_keys=False),
    )

    found = [[one.finding for one in judge(Written("x", text)).findings] for text in texts]

    assert found[0] == found[1] == found[2]
    assert [one.rule for one in found[0]] == ["unknown-word"]
