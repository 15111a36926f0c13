"""Messages: a command fits the schema that is published for it, goes where it is read, and is undone there."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from functools import cache
from typing import Any, NamedTuple

from orchestrator.definitions.findings import Finding, Level
from orchestrator.definitions.outline import Outline
from schemas import catalogue, topics
from schemas.carried import CARRIED

_META = "meta"
_TOPIC = re.compile(r"(?!\.{1,2}\Z)[A-Za-z0-9._-]{1,200}\Z")
_GENERIC = "saga.GenericCommand"
_TYPES: Mapping[str, type | tuple[type, ...]] = {
    "null": type(None), "string": str, "boolean": bool, "int": int, "long": int, "float": (int, float),
    "double": (int, float), "array": list, "record": dict, "map": dict,
}  # fmt: skip
_WORDS = {"string": "a text", "boolean": "true or false", "array": "a list", "record": "an object", "map": "an object"}


class _Sent(NamedTuple):
    """A command of the document: where it is named, where it goes, and with what."""

    where: str
    function: str
    message: str
    topic: str
    arguments: Any


def check(outline: Outline) -> Iterator[Finding]:
    """Yield a finding for each command that its participant could not read, or would not get."""
    for name in outline.section("use", "functions"):
        yield from _destination(outline, name)
    for task in outline.tasks.every():
        sent = _sent(outline, task.body, task.where) if task.kind == "call" else None
        if sent is None:
            continue
        yield from _arguments(sent)
        compensate = task.body.get("compensate")
        undo = _sent(outline, compensate, f"{task.where}.compensate") if isinstance(compensate, dict) else None
        if undo is None:
            continue
        yield from _arguments(undo)
        if undo.topic != sent.topic:
            yield Finding(
                f"{undo.where}.call",
                f"{undo.function} goes to {undo.topic}, but what {task.name} does is done at {sent.topic}: "
                "only who has done something can undo it",
                f"Name a function whose topic is {sent.topic}",
                rule="undo-elsewhere",
            )


def _sent(outline: Outline, holder: Mapping[str, Any], where: str) -> _Sent | None:
    function = holder.get("call")
    declared = outline.section("use", "functions", function) if isinstance(function, str) else {}
    command = declared.get("with") if declared.get("call") == "command" else None
    if not isinstance(command, dict) or not all(isinstance(command.get(key), str) for key in ("topic", "message")):
        return None
    topic = command["topic"].removeprefix(topics.PREFIX)
    return _Sent(where, str(function), command["message"], topic, holder.get("with", {}))


def _destination(outline: Outline, function: str) -> Iterator[Finding]:
    sent = _sent(outline, {"call": function}, "")
    if sent is None:
        return
    carrier = next((topic for topic, messages in _commands().items() if sent.message in messages), sent.topic)
    known = _commands().get(sent.topic, ())
    where = f"use.functions.{function}.with"
    if not _TOPIC.match(sent.topic) or sent.topic in _own_topics():
        whose = "belongs to the product itself" if _TOPIC.match(sent.topic) else "is no name that a topic can have"
        yield Finding(
            f"{where}.topic", f"{sent.topic} {whose}", "Write the topic that a participant reads its commands from",
            rule="unknown-message",
        )  # fmt: skip
        return
    if sent.message in catalogue.latest() and sent.message not in {
        one for many in _commands().values() for one in many
    }:
        yield Finding(
            f"{where}.message", f"{sent.message} is no command", "Write the type of a command of a participant",
            rule="unknown-message",
        )  # fmt: skip
        return
    if carrier != sent.topic:
        yield Finding(
            f"{where}.topic", f"{sent.message} is read from {carrier}, not from {sent.topic}", f"Write {carrier}",
            rule="unknown-message",
        )  # fmt: skip
    elif known and sent.message not in known:
        yield Finding(
            f"{where}.message",
            f"no participant of the product that reads {sent.topic} knows {sent.message}; one of yours may",
            _instead(sent.message, known),
            Level.WARNING,
            "unknown-message",
        )


def _arguments(sent: _Sent) -> Iterator[Finding]:
    """Yield what is wrong with the arguments of a published message, as far as it can be known without data."""
    if isinstance(sent.arguments, dict) and _is_command(sent.message):
        yield from _record(_fields(sent.message), sent.arguments, f"{sent.where}.with", sent.message, _META)


def _record(
    fields: Mapping[str, Any], value: Mapping[str, Any], where: str, name: str, given: str = ""
) -> Iterator[Finding]:
    missing = [key for key, field in fields.items() if key not in value and "default" not in field and key != given]
    if missing:
        yield Finding(
            where, f"{name} is sent without {', '.join(missing)}", f"Add {', '.join(missing)}",
            rule="unfit-message",
        )  # fmt: skip
    for key, part in value.items():
        if key not in fields or key == given:
            known = [field for field in fields if field != given]
            yield Finding(f"{where}.{key}", f"{name} has no field {key}", _instead(key, known), rule="unfit-message")
        else:
            yield from _value(fields[key]["type"], part, f"{where}.{key}", f"{name}.{key}")


def _value(schema: Any, value: Any, where: str, name: str) -> Iterator[Finding]:
    """Yield what is wrong with a value that stands in the document; what an expression gives is not known yet."""
    if isinstance(value, str) and value.strip().startswith("${"):
        return
    kinds = [one for one in (schema if isinstance(schema, list) else [schema]) if _fits(one, value)]
    if not kinds:
        wanted = " or ".join(dict.fromkeys(_wanted(one) for one in (schema if isinstance(schema, list) else [schema])))
        shown = json.dumps(value, ensure_ascii=False, default=str)[:60]
        yield Finding(where, f"{name} is {wanted}, not {shown}", f"Write {wanted}", rule="unfit-message")
        return
    match kinds[0]:
        case {"type": "record", "fields": fields}:
            yield from _record({field["name"]: field for field in fields}, value, where, name)
        case {"type": "array", "items": inside}:
            for index, one in enumerate(value):
                yield from _value(inside, one, f"{where}[{index}]", name)


def _fits(schema: Any, value: Any) -> bool:
    kind = schema["type"] if isinstance(schema, dict) else schema
    if kind == "enum":
        return value in schema["symbols"]
    types = _TYPES.get(kind)
    return types is None or (isinstance(value, types) and isinstance(value, bool) == (kind == "boolean"))


def _is_command(message: str) -> bool:
    """Tell whether a message is a command that is published."""
    return any(message in messages for messages in _commands().values())


def _wanted(schema: Any) -> str:
    kind = schema["type"] if isinstance(schema, dict) else str(schema)
    if kind == "enum":
        return f"one of {', '.join(schema['symbols'])}"
    return _WORDS.get(kind, "a whole number" if kind in {"int", "long"} else kind)


def _instead(name: str, known: Any) -> str:
    close = get_close_matches(name, known, 1)
    return f"Write {close[0]}" if close else f"Write one of {', '.join(sorted(known))}"


@cache
def _own_topics() -> frozenset[str]:
    """Return the topics of the product that carry no commands of participants."""
    names = (topic.name.removeprefix(topics.PREFIX) for topic in topics.ALL)
    return frozenset(name for name in names if not name.endswith(".commands"))


@cache
def _commands() -> Mapping[str, tuple[str, ...]]:
    """Return the commands that are published, by the name of the topic that definitions call it by."""
    return {
        topic.name.removeprefix(topics.PREFIX): messages
        for topic, messages in CARRIED.items()
        if topic.name.endswith(".commands") and _GENERIC not in messages
    }


@cache
def _fields(message: str) -> Mapping[str, Any]:
    """Return the fields of a published message by name."""
    return {field["name"]: field for field in json.loads(catalogue.latest()[message].text)["fields"]}
