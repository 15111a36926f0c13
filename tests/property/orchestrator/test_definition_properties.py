"""A document with any part replaced, removed or doubled is a definition, or it is refused with the path of a part."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator import definitions
from orchestrator.definitions.compiler import compile_definition
from orchestrator.definitions.errors import DefinitionError
from orchestrator.definitions.functions import FUNCTIONS

Way = tuple[str | int, ...]
DOCUMENT = yaml.safe_load((Path(definitions.__file__).parent / "order-fulfillment.yaml").read_text())
STRANGE: st.SearchStrategy[Any] = st.sampled_from(
    [
        None,
        True,
        0,
        -1,
        1.5,
        "",
        "x",
        "approval",
        "${ . }",
        "${",
        [],
        {},
        [1],
        {"a": 1},
        ["a"],
        {1: 2},
        [{}],
        [[]],
        {"a": {}},
    ]
)


def ways(value: Any, way: Way = ()) -> Iterator[Way]:
    yield way
    match value:
        case dict():
            for key, part in value.items():
                yield from ways(part, (*way, key))
        case list():
            for index, part in enumerate(value):
                yield from ways(part, (*way, index))


WAYS = list(ways(DOCUMENT))[1:]


def parent(document: Any, way: Way) -> Any:
    for step in way[:-1]:
        document = document[step]
    return document


def check(document: Any) -> None:
    try:
        compile_definition(document, FUNCTIONS)
    except DefinitionError as error:
        refused = error.where, error.message
    else:
        refused = "it", "compiles"
    assert all(refused)


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(WAYS), STRANGE)
def test_any_part_may_be_anything(way: Way, value: Any) -> None:
    document = deepcopy(DOCUMENT)
    parent(document, way)[way[-1]] = value
    check(document)


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(WAYS), st.booleans())
def test_any_part_may_be_missing_or_doubled(way: Way, doubled: bool) -> None:
    document = deepcopy(DOCUMENT)
    holder: Any = parent(document, way)
    last: Any = way[-1]
    if not doubled:
        del holder[last]
    elif isinstance(holder, list):
        holder.append(deepcopy(holder[last]))
    else:
        holder["doubled"] = deepcopy(holder[last])
    check(document)


@settings(max_examples=60, deadline=None)
@given(st.recursive(st.none() | st.booleans() | st.text(max_size=3), lambda inner: st.lists(inner) | st.dictionaries(
    st.sampled_from(["document", "do", "use", "milestones", "call", "x"]), inner), max_leaves=8))  # fmt: skip
def test_any_document_at_all(document: Any) -> None:
    check(document)
