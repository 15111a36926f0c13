"""Which regular expressions an expression may use: those whose search ends soon, whatever text they meet."""

from __future__ import annotations

import re
from dataclasses import dataclass

MAX_PATTERN = 200
MAX_COUNT = 100
_MAX_NESTED_COUNT = 10
_INTERVAL = re.compile(r"\{(\d*)(,?)(\d*)\}")
_ESCAPE = re.compile(r"\\(?:[pPx]\{[^}]*\}|k<[^>]*>|.)", re.DOTALL)


@dataclass(slots=True)
class _Group:
    """What is open inside a group, or inside the whole pattern."""

    repeats: bool = False
    alternatives: bool = False


def pattern_fault(pattern: str) -> str | None:
    """Return what keeps a pattern from being used and what to write instead, or None.

    The engine gives up a match at one place after ten million steps, yet it begins at every place of a text: only a
    pattern that begins with ^, or that has but one open repeat, is quick on every text.
    """
    if len(pattern) > MAX_PATTERN:
        return f"is longer than {MAX_PATTERN} characters; split it into several tests"
    if re.search(r"\\g|\(\?[~(]|\(\?#", pattern):
        return "uses recursion, conditions, absence or comments; write it with plain groups"
    return _Scan(pattern).fault()


class _Scan:
    """One reading of a pattern from left to right."""

    def __init__(self, pattern: str) -> None:
        self.pattern = pattern
        self.at = 0
        self.groups = [_Group()]
        self.last: _Group | None = None
        self.quantified = False
        self.open = 0

    def fault(self) -> str | None:
        while self.at < len(self.pattern):
            if found := self._step():
                return found
        whole = self.groups[0]
        anchored = self.pattern.startswith(("^", r"\A")) and not whole.alternatives
        if self.open > 1 and not anchored:
            return (
                "can take a time that grows with a power of the text's length: it has more than one repeat or repeats"
                " alternatives; begin it with ^ and put alternatives in ( ), or use startswith, endswith, split"
            )
        return None

    def _step(self) -> str | None:
        character = self.pattern[self.at]
        if interval := _INTERVAL.match(self.pattern, self.at):
            self.at = interval.end()
            return self._interval(*interval.groups())
        self.at += 1
        match character:
            case "*" | "+":
                return self._quantify(None, 0)
            case "?":
                self._lazy()
            case "(":
                self.groups.append(_Group())
                self.at += self.pattern.startswith("?", self.at)
                self.last, self.quantified = None, False
            case ")":
                return self._close()
            case "|":
                self.groups[-1].alternatives = True
                self.last, self.quantified = None, False
            case "[":
                self._class()
                self._atom()
            case "\\":
                matched = _ESCAPE.match(self.pattern, self.at - 1)
                self.at = matched.end() if matched else self.at
                self._atom()
            case _:
                self._atom()
        return None

    def _atom(self) -> None:
        self.last, self.quantified = None, False

    def _close(self) -> str | None:
        if len(self.groups) == 1:
            return "has a ) that closes nothing"
        closed = self.groups.pop()
        self.groups[-1].repeats |= closed.repeats
        self.last, self.quantified = closed, False
        return None

    def _class(self) -> None:
        """Skip a character class, classes and a closing bracket at its beginning inside it included."""
        self.at += self.pattern.startswith("^", self.at)
        self.at += self.pattern.startswith("]", self.at)
        depth = 1
        while depth and self.at < len(self.pattern):
            character = self.pattern[self.at]
            depth += (character == "[") - (character == "]")
            self.at += 2 if character == "\\" else 1

    def _interval(self, least: str, comma: str, most: str) -> str | None:
        if not least and not most:
            self._atom()
            return None
        if any(int(count) > MAX_COUNT for count in (least, most) if count):
            return f"counts a repeat over {MAX_COUNT}; write + or *, and test the length apart"
        if comma and not most:
            return self._quantify(None, int(least))
        return self._quantify(int(most or least), int(least or 0) if comma else int(least))

    def _quantify(self, most: int | None, least: int) -> str | None:
        nested = "repeats a repeat, so that one text can match in endlessly many ways; write one repeat"
        if self.quantified or (self.last is not None and self.last.repeats and not self._few(most, least)):
            return nested
        if most != least:
            self.open += 2 if self.last is not None and self.last.alternatives else 1
        self.groups[-1].repeats |= most is None or most > 1
        self._lazy()
        return None

    def _few(self, most: int | None, least: int) -> bool:
        return most is not None and (most <= 1 or (most == least and most <= _MAX_NESTED_COUNT))

    def _lazy(self) -> None:
        """Skip the mark that makes the quantifier just read lazy or possessive, if there is one."""
        self.at += self.pattern.startswith(("?", "+"), self.at) and not self.quantified
        self.quantified = True
