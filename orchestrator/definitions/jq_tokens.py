"""The words of a jq program with its brackets and interpolations nested: nothing in a text is taken for code."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal, NamedTuple

Kind = Literal["word", "field", "variable", "number", "string", "format", "sign", "group"]
MAX_DEPTH = 64
"""Brackets within brackets: more is no expression that a person wrote."""

_SPACE = re.compile(r"(?:[ \t\r\n]+|#[^\n]*)+")
_TOKEN = re.compile(
    r"(?P<number>(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)"
    r"|(?P<field>\.[A-Za-z_][A-Za-z0-9_]*)"
    r"|(?P<variable>\$[A-Za-z_][A-Za-z0-9_]*(?:::[A-Za-z_][A-Za-z0-9_]*)*)"
    r"|(?P<word>[A-Za-z_][A-Za-z0-9_]*(?:::[A-Za-z_][A-Za-z0-9_]*)*)"
    r"|(?P<format>@[A-Za-z0-9_]+)"
    r"|(?P<sign>\?//|//=|//|\|=|\+=|-=|\*=|/=|%=|==|!=|<=|>=|\.\.|[.|,;:+\-*/%=<>?])"
)
_PLAIN = re.compile(r'[^"\\]+|\\[^(]', re.DOTALL)
_CLOSING = {"(": ")", "[": "]", "{": "}"}


class Token(NamedTuple):
    """One word of a program.

    A group's `text` is its opening bracket and `inner` holds its one content; a string's `text` is what stands between
    its quotes, escapes as they are written, and `inner` its interpolations.
    """

    kind: Kind
    text: str
    inner: tuple[tuple[Token, ...], ...] = ()


class Unreadable(Exception):
    """The text is no jq; the message is the end of a sentence that begins with the text."""


def tokens_of(program: str) -> tuple[Token, ...]:
    """Return the words of a program. Raises Unreadable."""
    found, _ = _read(program, 0, "", 0)
    return found


def every(tokens: tuple[Token, ...]) -> Iterator[Token]:
    """Return every token there is, at any depth, in the order they are written."""
    for token in tokens:
        yield token
        for part in token.inner:
            yield from every(part)


def split(tokens: tuple[Token, ...], sign: str) -> list[tuple[Token, ...]]:
    """Return what stands between the signs at this level; nothing at all gives one part that is empty."""
    parts: list[list[Token]] = [[]]
    for token in tokens:
        if token.kind == "sign" and token.text == sign:
            parts.append([])
        else:
            parts[-1].append(token)
    return [tuple(part) for part in parts]


def _read(program: str, at: int, closing: str, depth: int) -> tuple[tuple[Token, ...], int]:
    """Return the tokens up to the closing bracket, and the place after it."""
    if depth > MAX_DEPTH:
        raise Unreadable(f"nests more than {MAX_DEPTH} brackets")
    found: list[Token] = []
    while True:
        at = _after_space(program, at)
        if at >= len(program):
            if closing:
                raise Unreadable(f"lacks a {closing}")
            return tuple(found), at
        character = program[at]
        if character in ")]}":
            if character != closing:
                raise Unreadable(f"has a {character} that closes nothing")
            return tuple(found), at + 1
        if character in _CLOSING:
            inner, at = _read(program, at + 1, _CLOSING[character], depth + 1)
            found.append(Token("group", character, (inner,)))
        elif character == '"':
            text, at = _string(program, at + 1, depth + 1)
            found.append(text)
        else:
            token = _word(program, at)
            at += len(token.text)
            found.append(token)


def _word(program: str, at: int) -> Token:
    matched = _TOKEN.match(program, at)
    if matched is None:
        said = {
            "'": 'writes a text in single quotes; jq has only "..."; write those',
            "$": "has a $ without the name of a variable",
            "&": "has a '&', which is no sign of jq; write and", "!": "has a '!', which is no sign of jq; write | not",
        }  # fmt: skip
        raise Unreadable(said.get(program[at], f"has a {program[at]!r}, which is no sign of jq"))
    kind: Kind = matched.lastgroup  # type: ignore[assignment]  # the groups of the pattern are named by the kinds
    return Token(kind, matched.group())


def _after_space(program: str, at: int) -> int:
    space = _SPACE.match(program, at)
    if space is None:
        return at
    for line in space.group().split("\n"):
        comment = line.removesuffix("\r").partition("#")[2]
        if comment.endswith("\\") or "\r" in comment:
            raise Unreadable("has a comment whose end is unclear; leave out the \\ or the carriage return in it")
    return space.end()


def _string(program: str, at: int, depth: int) -> tuple[Token, int]:
    begin = at
    inner: list[tuple[Token, ...]] = []
    while at < len(program):
        if program[at] == '"':
            return Token("string", program[begin:at], tuple(inner)), at + 1
        if program.startswith("\\(", at):
            part, at = _read(program, at + 2, ")", depth)
            inner.append(part)
        elif plain := _PLAIN.match(program, at):
            at = plain.end()
        else:
            break
    raise Unreadable('has a text that no " closes')
