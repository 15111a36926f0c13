"""Reading a definition's text, YAML or JSON, so that every path into the document is known by its line and column."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

import yaml

MOST_PARTS = 100_000
"""Parts of a document once its aliases are written out: more than any real one has, few enough to be read at once."""

MOST_CHARACTERS = 2_000_000
"""Characters of all its texts, written out likewise."""

DEEPEST = 60
"""Levels of nesting."""


class Place(NamedTuple):
    """Where something stands in the text; both count from 1."""

    line: int
    column: int


class Unreadable(ValueError):
    """The text is neither YAML nor JSON; `place` is where reading it ended."""

    def __init__(self, problem: str, place: Place) -> None:
        super().__init__(f"line {place.line}: {problem}")
        self.problem = problem
        self.place = place


class Repeated(NamedTuple):
    """A key that stands twice in one object; the first one would be lost."""

    where: str
    key: str
    place: Place


class _Part(NamedTuple):
    place: Place
    keys: Mapping[str, _Part]
    items: tuple[_Part, ...]


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
    size = len(text.encode())
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        document = None
    try:
        loader = yaml.SafeLoader(text if document is None else text.replace("\t", " "))
        node = loader.get_single_node()
        if node is None:
            raise Unreadable("the file is empty", Place(1, 1))
        reader = _Reader()
        root = reader.part(node, "", 0)
        if document is None:
            document = loader.construct_document(node)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = Place(mark.line + 1, mark.column + 1) if mark else Place(1, 1)
        raise Unreadable(error.problem or error.context or "no YAML", place) from error
    except RecursionError as error:
        raise Unreadable(f"it is nested more than {DEEPEST} levels deep", Place(1, 1)) from error
    except (yaml.YAMLError, ValueError) as error:
        if isinstance(error, Unreadable):
            raise
        raise Unreadable(str(error).splitlines()[0], Place(1, 1)) from error
    return Source(document, size, tuple(reader.repeated), root)


class _Reader:
    """Walks the composed nodes of one text."""

    def __init__(self) -> None:
        self.repeated: list[Repeated] = []
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
            return _Part(place, {}, items)
        if not isinstance(node, yaml.MappingNode):
            self._characters += len(node.value)
            if self._characters > MOST_CHARACTERS:
                problem = f"holds more than {MOST_CHARACTERS} characters once its aliases are written out"
                raise Unreadable(problem, place)
            return _Part(place, {}, ())
        keys: dict[str, _Part] = {}
        for name, value in node.value:
            text = str(name.value)
            inside = f"{where}.{text}" if where else text
            if text in keys:
                self.repeated.append(Repeated(inside, text, _place(name)))
            keys[text] = self.part(value, inside, depth + 1, name)
        return _Part(place, keys, ())


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
    named = [part, *part.items]
    for one in named:
        for key in sorted(one.keys, key=len, reverse=True):
            behind = rest.removeprefix(key)
            if rest.startswith(key) and (not behind or behind[0] in ".["):
                return _find(one.keys[key], behind)
    return part
