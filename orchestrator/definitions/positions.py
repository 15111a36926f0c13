"""Reading a definition's text, YAML or JSON, so that every path into the document is known by its line and column."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

import yaml

from orchestrator.definitions.yaml_values import Loader

MOST_PARTS = 100_000
"""Parts of a document once its aliases are written out: more than any real one has, few enough to be read at once."""

MOST_CHARACTERS = 2_000_000
"""Characters of all its texts, written out likewise."""

DEEPEST = 60
"""Levels of nesting."""

_REMEDY = "Write YAML or JSON; a text with ': ', '#' or '{' in it stands in quotes"
_WORDS = {
    "found character '\\t' that cannot start any token": "a tab stands where YAML wants spaces; indent by spaces",
    "but found another document": "a second document begins here; write one document in a file",
}
"""What the reader's words mean to the author."""

_NO_JSON = frozenset({"NaN", "Infinity", "-Infinity"})
"""Words that Python's reader of JSON takes for numbers."""


class Place(NamedTuple):
    """Where something stands in the text; both count from 1."""

    line: int
    column: int


class Unreadable(ValueError):
    """The text is neither YAML nor JSON; `place` is where reading it ended, `remedy` what to write instead."""

    def __init__(self, problem: str, place: Place) -> None:
        super().__init__(f"line {place.line}: {problem}")
        self.problem, _, advice = problem.partition("; ")
        self.place = place
        self.remedy = advice[:1].upper() + advice[1:] or _REMEDY


class Repeated(NamedTuple):
    """A key that stands twice in one object; the first one would be lost."""

    where: str
    key: str
    place: Place


class _Part(NamedTuple):
    """A value: its own `keys` or `items`, and what is entered by name: its keys, of a list those of its items.

    `lengths` are those of these names, longest first: there are few, however many names there are.
    """

    place: Place
    keys: Mapping[str, _Part]
    items: tuple[_Part, ...]
    named: Mapping[str, _Part]
    lengths: tuple[int, ...]


class Source(NamedTuple):
    """A document with the places of its parts."""

    document: Any
    size: int
    repeated: tuple[Repeated, ...]
    root: _Part

    def place(self, where: str) -> Place:
        """Return where a path such as `do.ship.retry` or `do[2]` begins, or the nearest part around it that exists."""
        return _find(self.root, where).place


def read(text: str) -> Source:
    """Read YAML, of which JSON is a part. Raises Unreadable."""
    try:
        size = len(text.encode())
        document = json.loads(text)
    except UnicodeEncodeError as error:
        raise Unreadable("this is no text that UTF-8 can hold", _at(text, error.start)) from error
    except (ValueError, RecursionError):
        document = None
    is_json = document is not None
    try:
        loader = Loader(text.replace("\t", " ") if is_json else text)
        node = loader.get_single_node()
        if node is None:
            raise Unreadable("the file is empty; begin with `document:`, then `do:`", Place(1, 1))
        reader = _Reader(is_json)
        root = reader.part(node, "", 0)
        constructed = loader.construct_document(node)
    except yaml.reader.ReaderError as error:
        problem = f"the character {text[error.position]!a} may not stand in a text; take it out"
        raise Unreadable(problem, _at(text, error.position)) from error
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = Place(mark.line + 1, mark.column + 1) if mark else Place(1, 1)
        raise Unreadable(_WORDS.get(error.problem or "", error.problem) or "this is no YAML", place) from error
    except RecursionError as error:
        raise Unreadable(f"it is nested more than {DEEPEST} levels deep", _too_deep(text)) from error
    return Source(document if is_json else constructed, size, tuple(reader.repeated), root)


def _at(text: str, position: int) -> Place:
    """Return the place of a character."""
    before = text[:position]
    return Place(before.count("\n") + 1, position - (before.rfind("\n") + 1) + 1)


def _too_deep(text: str) -> Place:
    """Return where a text first goes deeper than it may."""
    depth = 0
    for event in yaml.parse(text, Loader=Loader):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > DEEPEST and event.start_mark is not None:
            return Place(event.start_mark.line + 1, event.start_mark.column + 1)
    return Place(1, 1)


class _Reader:
    """Walks the composed nodes of one text."""

    def __init__(self, is_json: bool) -> None:
        self.repeated: list[Repeated] = []
        self._is_json = is_json
        self._parts = 0
        self._characters = 0

    def part(self, node: yaml.Node, where: str, depth: int, key: yaml.Node | None = None) -> _Part:
        place = _place(key or node)
        self._parts += 1
        if self._parts > MOST_PARTS:
            raise Unreadable(f"holds more than {MOST_PARTS} parts once its aliases are written out", place)
        if depth > DEEPEST:
            raise Unreadable(f"is nested more than {DEEPEST} levels deep", place)
        if isinstance(node, yaml.SequenceNode):
            items = tuple(self.part(item, f"{where}[{index}]", depth + 1) for index, item in enumerate(node.value))
            return _part(place, {}, items)
        if not isinstance(node, yaml.MappingNode):
            self._characters += len(node.value)
            if self._characters > MOST_CHARACTERS:
                problem = f"holds more than {MOST_CHARACTERS} characters once its aliases are written out"
                raise Unreadable(problem, place)
            if self._is_json and getattr(node, "style", None) is None and node.value in _NO_JSON:
                raise Unreadable(f"{node.value} is no number that JSON has; write it as a text, in quotes", place)
            return _part(place, {}, ())
        keys: dict[str, _Part] = {}
        for name, value in node.value:
            text = str(name.value)
            inside = f"{where}.{text}" if where else text
            if text in keys:
                self.repeated.append(Repeated(inside, text, _place(name)))
            keys[text] = self.part(value, inside, depth + 1, name)
        return _part(place, {**_merged(keys.get("<<")), **keys}, ())


def _part(place: Place, keys: Mapping[str, _Part], items: tuple[_Part, ...]) -> _Part:
    named = dict(keys)
    for item in items:
        for name, one in item.keys.items():
            named.setdefault(name, one)
    return _Part(place, keys, items, named, tuple(sorted({len(name) for name in named}, reverse=True)))


def _merged(part: _Part | None) -> Mapping[str, _Part]:
    """Return what a merge key brings in: it is known by the places where it was written."""
    if part is None:
        return {}
    found: dict[str, _Part] = {}
    for one in (*reversed(part.items), part):
        found |= one.keys
    return found


def _place(node: yaml.Node) -> Place:
    return Place(node.start_mark.line + 1, node.start_mark.column + 1)


def _find(part: _Part, where: str) -> _Part:
    """Follow a path as far as it leads. A list of named tasks is entered by the name of a task."""
    rest = where.removeprefix(".")
    if not rest:
        return part
    if rest.startswith("["):
        number, _, behind = rest[1:].partition("]")
        index = int(number) if number.isdecimal() else len(part.items)
        return _find(part.items[index], behind) if index < len(part.items) else part
    for length in part.lengths:
        found, behind = part.named.get(rest[:length]), rest[length:]
        if found is not None and (not behind or behind[0] in ".["):
            return _find(found, behind)
    return part
