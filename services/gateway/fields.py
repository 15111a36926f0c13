"""Reads the fields of a JSON document strictly and collects everything that is wrong with them, by name."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from services.gateway.card_numbers import SHORTEST, holds_card_number

MAX_ERRORS = 100
"""How many wrong fields are named; a document with more is wrong enough."""

CARD_NUMBER = "must not contain a card number: pay with the token of a payment method"

_LONGEST_NAME = 64
_CONTROL = r"\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff"
_MARKUP = r"<[A-Za-z/!?]"
_UNCLEAN = re.compile(rf"[\x00-\x1f{_CONTROL}]|{_MARKUP}")
_UNCLEAN_DATA = re.compile(rf"[\x00-\x08\x0b-\x1f{_CONTROL}]|{_MARKUP}")
_LONGEST_DATA = 10_000
_DEEPEST_DATA = 32
_MONEY = re.compile(r"(0|[1-9][0-9]{0,9})(?:\.([0-9]{1,2}))?\Z")


class FieldError(NamedTuple):
    """One thing that is wrong: the field's path, such as `lines[3].quantity`, and what is wrong with it."""

    field: str
    message: str


class Fields:
    """One object of the document. Every read returns a value of the asked type; errors are collected beside it."""

    __slots__ = ("_errors", "_is_object", "_object", "_path")

    def __init__(self, document: object, errors: list[FieldError], path: str, allowed: frozenset[str]) -> None:
        self._errors = errors
        self._path = path
        self._is_object = isinstance(document, dict)
        self._object: Mapping[str, Any] = document if isinstance(document, dict) else {}
        if not isinstance(document, dict):
            if len(errors) < MAX_ERRORS:
                errors.append(FieldError(path or "body", "must be a JSON object"))
            return
        if document.keys() <= allowed:
            return
        for name in sorted(document.keys() - allowed)[:MAX_ERRORS]:
            shown = "(a card number)" if holds_card_number(name) else name[:_LONGEST_NAME]
            self.wrong(shown or '""', "is not a known field")

    def wrong(self, name: str, message: str) -> None:
        """Note a fault, unless the whole object is one already."""
        if self._is_object and len(self._errors) < MAX_ERRORS:
            self._errors.append(FieldError(f"{self._path}.{name}" if self._path else name, message))

    def _missing(self, name: str) -> bool:
        if self._object.get(name) is not None:
            return False
        self.wrong(name, "is required")
        return True

    def text(self, name: str, longest: int, required: bool = True) -> str:
        """Return a text without control characters, of at most `longest` characters; not blank where required."""
        value = self._object.get(name)
        if value is None:
            if required:
                self.wrong(name, "is required")
            return ""
        if not isinstance(value, str):
            self.wrong(name, "must be a text")
            return ""
        length = len(value)
        if length < SHORTEST and length <= longest and value.isprintable() and "<" not in value and value.strip():
            return value  # most texts: what is printable has no control characters
        if required and not value.strip():
            self.wrong(name, "must not be blank")
        elif len(value) > longest:
            self.wrong(name, f"must have at most {longest} characters, not {len(value)}")
        elif unclean := _UNCLEAN.search(value):
            self.wrong(name, _why(unclean))
        elif holds_card_number(value):
            self.wrong(name, CARD_NUMBER)
        else:
            return value
        return ""

    def data(self, name: str) -> dict[str, Any]:
        """Return a JSON object of any shape, with clean texts of at most 10,000 characters; empty where absent."""
        value = self._object.get(name, {})
        if not isinstance(value, dict):
            self.wrong(name, "must be a JSON object")
            return {}
        fault = _fault_of(value, _DEEPEST_DATA)
        if fault is not None:
            self.wrong(name, fault)
        return value

    def pattern(self, name: str, longest: int, shape: re.Pattern[str], meaning: str) -> str:
        """Return a text that has the shape."""
        value = self.text(name, longest)
        if value and not shape.fullmatch(value):  # an empty one has its fault already
            self.wrong(name, meaning)
        return value

    def choice(self, name: str, choices: frozenset[str]) -> str:
        """Return one of the choices."""
        value = self.text(name, 64)
        if value and value not in choices:  # an empty one has its fault already
            self.wrong(name, f"must be one of {', '.join(sorted(choices))}")
        return value

    def count(self, name: str, highest: int) -> int:
        """Return a whole number from 1 to `highest`."""
        if self._missing(name):
            return 0
        value = self._object[name]
        if isinstance(value, bool) or not isinstance(value, int):
            self.wrong(name, "must be a whole number")
        elif not 1 <= value <= highest:
            self.wrong(name, f"must be from 1 to {highest}, not {value}")
        else:
            return value
        return 0

    def money(self, name: str) -> int:
        """Return an amount over zero in minor units, written as a decimal text such as "2.55"."""
        value = self._object.get(name)
        found = _MONEY.match(value) if isinstance(value, str) else None
        if value is None:
            self.wrong(name, "is required")
        elif not isinstance(value, str):
            self.wrong(name, 'must be a decimal text such as "2.55"')
        elif found is None:
            self.wrong(name, 'must be an amount such as "2.55", with at most two decimals and ten digits before them')
        else:
            whole, decimals = found.groups("00")
            minor = int(whole + decimals) * (1 if len(decimals) == 2 else 10)
            if minor > 0:
                return minor
            self.wrong(name, "must be over zero")
        return 0

    def objects(self, name: str) -> list[object]:
        """Return a list with something in it."""
        if self._missing(name):
            return []
        value = self._object[name]
        if not isinstance(value, list):
            self.wrong(name, "must be a list")
        elif not value:
            self.wrong(name, "must not be empty")
        else:
            return value
        return []

    def inner(self, name: str) -> object | None:
        """Return a field that holds an object of its own, not looked into."""
        return None if self._missing(name) else self._object[name]


def _why(unclean: re.Match[str]) -> str:
    return "must not contain markup" if unclean[0].startswith("<") else "must not contain control characters"


def _fault_of(value: object, depth: int) -> str | None:
    """Return what is wrong with the texts and names in a JSON value."""
    if isinstance(value, float) and value.is_integer():
        value = f"{value:.0f}"
    if isinstance(value, str | int):
        return _fault_of_text(str(value))
    if not isinstance(value, dict | list):
        return None
    if depth == 0:
        return f"must not be nested deeper than {_DEEPEST_DATA}"
    inner = [*value, *value.values()] if isinstance(value, dict) else value
    return next((fault for part in inner if (fault := _fault_of(part, depth - 1)) is not None), None)


def _fault_of_text(text: str) -> str | None:
    if len(text) > _LONGEST_DATA:
        return f"must have no text of more than {_LONGEST_DATA} characters"
    unclean = _UNCLEAN_DATA.search(text)
    if unclean is not None:
        return _why(unclean)
    return CARD_NUMBER if holds_card_number(text) else None


def money_text(minor: int) -> str:
    """Return minor units as a decimal text with two decimals."""
    return f"{minor // 100}.{minor % 100:02d}"
