"""What a jq program reads: whether the data that `.` stands for, and which fields of which variables."""

from __future__ import annotations

from orchestrator.definitions.jq_tokens import Token, every, split

_CONSTANTS = frozenset({"true", "false", "null", "empty"})
_KEYWORDS = frozenset({"if", "then", "elif", "else", "end", "and", "or", "as", "reduce", "foreach", "try", "catch"})
_ENDS_A_TERM = frozenset({"field", "variable", "string", "group", "number", "word"})


def reads_data(tokens: tuple[Token, ...]) -> bool:
    """Return whether the program may read `.` or $input; true where that is not certain."""
    if any(token.kind == "variable" and token.text == "$input" for token in every(tokens)):
        return True
    stages = split(tokens, "|")
    carries = any(token.kind == "word" and token.text in {"as", "label"} for token in stages[0])
    return any(_stage_reads(stage) for stage in (stages if carries else stages[:1]))


def _stage_reads(stage: tuple[Token, ...]) -> bool:
    before: Token | None = None
    for token in stage:
        if _token_reads(token, _ends_a_term(before)):
            return True
        before = token
    return False


def _ends_a_term(token: Token | None) -> bool:
    if token is None or (token.kind == "word" and token.text in _KEYWORDS):
        return False
    return token.kind in _ENDS_A_TERM or token.text == "?"


def _token_reads(token: Token, continues: bool) -> bool:
    """Return whether the token reads `.`; `continues` where it may be the suffix of a term such as `$x.field`."""
    match token.kind, token.text:
        case "word", text:
            reads = text not in _CONSTANTS and text not in _KEYWORDS
        case ("sign", "..") | ("format", _):
            reads = True
        case ("field", _) | ("sign", "."):
            reads = not continues
        case "group", "{":
            reads = any(_entry_reads(entry) for entry in split(token.inner[0], ","))
        case _:
            reads = any(reads_data(part) for part in token.inner)
    return reads


def _entry_reads(entry: tuple[Token, ...]) -> bool:
    if not entry:
        return False
    key = entry[0]
    if len(entry) == 1:
        return key.kind != "variable"
    named = key.kind in {"word", "string", "number", "variable"} and not key.inner
    return reads_data(entry[2:]) or (not named and reads_data((key,)))


def variables_read(tokens: tuple[Token, ...]) -> dict[str, frozenset[str] | None]:
    """Return the variables in the program without their $, and of each the fields read: None where all of it is."""
    found: dict[str, frozenset[str] | None] = {}
    for index, token in enumerate(tokens):
        if token.kind == "variable":
            field = _field(tokens[index + 1] if index + 1 < len(tokens) else None)
            _add(found, token.text[1:], None if field is None else frozenset({field}))
        for part in token.inner:
            for name, fields in variables_read(part).items():
                _add(found, name, fields)
    return found


def _add(found: dict[str, frozenset[str] | None], name: str, fields: frozenset[str] | None) -> None:
    known = found.get(name, frozenset())
    found[name] = None if known is None or fields is None else known | fields


def _field(following: Token | None) -> str | None:
    if following is None:
        return None
    if following.kind == "field":
        return following.text[1:]
    if following.kind == "group" and following.text == "[":
        inner = following.inner[0]
        if len(inner) == 1 and inner[0].kind == "string" and not inner[0].inner and "\\" not in inner[0].text:
            return inner[0].text
    return None
