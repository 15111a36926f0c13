"""The JSON Schema of saga definitions for editors, made of the vocabulary; `python -m` this module prints it."""

from __future__ import annotations

import json
import sys
from collections.abc import Collection, Mapping
from typing import Any

from orchestrator.core.definition import Backoff, Strategy
from orchestrator.definitions.checks import vocabulary
from orchestrator.definitions.task_scopes import MOST_AT_ONCE

Schema = Mapping[str, Any]

_TEXT: Schema = {"type": "string", "minLength": 1}
_FLAG: Schema = {"type": "boolean"}
_WHOLE: Schema = {"type": "integer", "minimum": 0}
_ANY: Schema = {}
_OBJECT: Schema = {"type": "object"}
_UNITS = ("days", "hours", "minutes", "seconds", "milliseconds")


def _ref(name: str) -> Schema:
    return {"$ref": f"#/$defs/{name}"}


def _object(words: Collection[str], shapes: Mapping[str, Schema], *required: str) -> Schema:
    """Return an object of these words alone; a word whose shape is not told may hold anything."""
    properties = {word: shapes.get(word, _ANY) for word in sorted(words)}
    needed = {"required": sorted(required)} if required else {}
    return {"type": "object", "properties": properties, **needed, "additionalProperties": False}


def _named(value: Schema) -> Schema:
    return {"type": "object", "additionalProperties": value}


def _list(value: Schema, least: int = 1) -> Schema:
    return {"type": "array", "items": value, "minItems": least}


def _either(*ways: Schema) -> Schema:
    return {"anyOf": list(ways)}


_SHAPING = _either(_TEXT, _OBJECT)
_ONE_NAME: Schema = {"type": "object", "minProperties": 1, "maxProperties": 1}
_RETRIED = _either(_TEXT, _ref("retry"))
_BOUNDED = _either(_TEXT, _ref("timeout"))

_OF_TASK: Mapping[str, Schema] = {
    "if": _TEXT,
    "input": _object(("from",), {"from": _SHAPING}, "from"),
    "output": _object(("as",), {"as": _SHAPING}, "as"),
    "export": _object(("as",), {"as": _SHAPING}, "as"),
    "timeout": _BOUNDED,
    "then": _TEXT,
    "metadata": _OBJECT,
    "status": _either(
        _ref("milestone"), _object(("start", "end"), {"start": _ref("milestone"), "end": _ref("milestone")})
    ),
    "depends_on": _list(_TEXT),
    "call": _TEXT,
    "with": _OBJECT,
    "retry": _RETRIED,
    "compensate": _object(
        vocabulary.COMPENSATE,
        {"call": _TEXT, "with": _OBJECT, "retry": _RETRIED, "timeout": _BOUNDED, "always": _FLAG, "none": _TEXT},
    ),
    "optional": _FLAG,
    "error_strategy": {"enum": list(Strategy)},
    "pivot": _FLAG,
    "locks": _list(_TEXT),
    "decision": _TEXT,
    "run": _object(
        vocabulary.RUN,
        {
            "workflow": _object(
                ("namespace", "name", "version", "input"),
                {"namespace": _TEXT, "name": _TEXT, "version": _TEXT, "input": _SHAPING},
                "name",
            ),
            "await": _FLAG,
        },
        "workflow",
    ),
    "set": _either(_TEXT, _OBJECT),
    "switch": _list(
        {**_ONE_NAME, "additionalProperties": _object(("when", "then"), {"when": _TEXT, "then": _TEXT}, "then")}
    ),
    "fork": _object(vocabulary.FORK, {"branches": _ref("tasks"), "compete": _FLAG}, "branches"),
    "for": _object(
        vocabulary.FOR,
        {
            "each": _TEXT,
            "in": _TEXT,
            "at": _TEXT,
            "concurrency": {"type": "integer", "minimum": 1, "maximum": MOST_AT_ONCE},
        },
        "in",
    ),
    "while": _TEXT,
    "do": _ref("tasks"),
    "gather": _object(("within", "least"), {"within": _ref("duration"), "least": _WHOLE}, "within"),
    "listen": _object(
        vocabulary.LISTEN,
        {
            "to": {
                **_object(
                    vocabulary.TO, {word: _list(_ref("filter")) for word in ("any", "all")} | {"one": _ref("filter")}
                ),
                "minProperties": 1,
                "maxProperties": 1,
            }
        },
        "to",
    ),
    "emit": _object(
        ("event",),
        {
            "event": _object(
                ("with",),
                {"with": _object(("type", "subject", "data"), {"type": _TEXT, "subject": _TEXT}, "type")},
                "with",
            )
        },
        "event",
    ),
    "raise": _object(("error",), {"error": _either(_TEXT, _ref("error"))}, "error"),
    "try": _ref("tasks"),
    "catch": _object(
        vocabulary.CATCH,
        {
            "errors": _object(("with",), {"with": _object(("type", "status", "title", "detail", "instance"), {})}),
            "as": _TEXT,
            "when": _TEXT,
            "exceptWhen": _TEXT,
            "retry": _RETRIED,
            "do": _ref("tasks"),
        },
    ),
    "wait": _ref("duration"),
    "fragment": _TEXT,
}
"""The shape of each word of a task, which is the same in every kind of task that has it."""

_NEEDED: Mapping[str, tuple[str, ...]] = {"for": ("do",), "try": ("catch",)}


def schema() -> dict[str, Any]:
    """Return the JSON Schema, draft 2020-12. What a schema cannot say, such as jq and names, the checks do."""
    top = {
        "document": _ref("document"),
        "use": _object(
            vocabulary.USE,
            {
                "functions": _named(_ref("function")),
                "retries": _named(_ref("retry")),
                "errors": _named(_ref("error")),
                "timeouts": _named(_ref("timeout")),
                "fragments": _named(
                    # Anything in a fragment may be a parameter of it.
                    _object(
                        ("fragment", "title", "parameters", "use", "do"),
                        {"parameters": _OBJECT, "do": _list(_ONE_NAME)},
                        "do",
                    )
                ),
            },
        ),
        "input": _OF_TASK["input"],
        "output": _OF_TASK["output"],
        "timeout": _BOUNDED,
        "schedule": {
            **_object(
                ("every", "cron", "after"), {"every": _ref("duration"), "cron": _TEXT, "after": _ref("duration")}
            ),
            "minProperties": 1,
            "maxProperties": 1,
        },
        "do": _ref("tasks"),
        "parameters": _OBJECT,
        "milestones": _object(
            ("started", "compensating", "completed", "revoked", "suspended"),
            dict.fromkeys(("started", "compensating", "completed", "revoked", "suspended"), _ref("milestone")),
        ),
        "signals": _named(
            _object(
                ("after", "lifecycle"),
                {
                    "after": _list(_TEXT),
                    "lifecycle": _object(("from", "to"), {"from": _TEXT, "to": _TEXT}, "from", "to"),
                },
                "after",
                "lifecycle",
            )
        ),
        "defaults": _object(
            ("error_strategy", "max_retries", "timeout_default"),
            {"error_strategy": _OF_TASK["error_strategy"], "max_retries": _WHOLE, "timeout_default": _ref("duration")},
        ),
        "migrations": _list(
            _object(("from", "steps", "context"), {"from": _WHOLE, "steps": _named(_TEXT), "context": _TEXT}, "from")
        ),
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Saga definition",
        **_object(vocabulary.TOP, top, "document", "do"),
        "patternProperties": {"^x-": {}},
        "$defs": _parts(),
    }


def _parts() -> dict[str, Schema]:
    kinds = [_task(kind) for kind in vocabulary.TASKS]
    texts = dict.fromkeys(("dsl", "namespace", "name", "version", "title", "summary"), _TEXT)
    return {
        "document": _object(
            vocabulary.DOCUMENT,
            {
                **texts,
                "dsl": {"type": "string", "pattern": r"^1\.0\."},
                "version": {"type": "string", "pattern": r"^[1-9]\d*\.\d+\.\d+"},
                "tags": _OBJECT,
                "metadata": _OBJECT,
            },
            "dsl",
            "name",
            "version",
        ),
        "tasks": _list({**_ONE_NAME, "propertyNames": {"pattern": "^[^:/]+$"}, "additionalProperties": _ref("task")}),
        "task": _either(*kinds),
        "words": {"properties": _OF_TASK},
        "function": _either(
            _function("command", "topic", "message"),
            _function("local", "function"),
        ),
        "retry": _object(
            vocabulary.RETRY,
            {
                "when": _TEXT,
                "exceptWhen": _TEXT,
                "delay": _ref("wait"),
                "max": _ref("duration"),
                "backoff": {**_object(tuple(Backoff), dict.fromkeys(Backoff, _OBJECT)), "minProperties": 1},
                "jitter": _object(("from", "to"), {"from": _ref("wait"), "to": _ref("wait")}),
                "limit": _object(("attempt",), {"attempt": _object(("count",), {"count": _WHOLE})}),
            },
        ),
        "timeout": _object(vocabulary.TIMEOUT, {"after": _ref("duration"), "total": _ref("duration"), "code": _TEXT}),
        "duration": _either(
            {"type": "string", "pattern": r"^P(\d+D)?(T(?=\d)(\d+H)?(\d+M)?(\d+(\.\d{1,3})?S)?)?$"},
            {**_object(_UNITS, dict.fromkeys(_UNITS, _WHOLE)), "minProperties": 1},
        ),
        "wait": _either(_ref("duration"), {"type": "object", "maxProperties": 0}),
        "filter": _object(
            ("with",), {"with": _object(("type", "data"), {"type": _TEXT, "data": _TEXT}, "type")}, "with"
        ),
        "error": _object(
            ("type", "title", "status", "detail"),
            {"type": _TEXT, "title": _TEXT, "status": _WHOLE, "detail": _TEXT},
            "type",
        ),
        "milestone": _object(("lifecycle", "status"), {"lifecycle": _TEXT, "status": _TEXT}),
    }


def _task(kind: str) -> Schema:
    words = {word: _ref(f"words/properties/{word}") for word in _OF_TASK}
    return _object(vocabulary.TASKS[kind], words, kind, *_NEEDED.get(kind, ()))


def _function(kind: str, *words: str) -> Schema:
    arguments = _object(words, dict.fromkeys(words, _TEXT), *words)
    return _object(("call", "with"), {"call": {"const": kind}, "with": arguments}, "call", "with")


if __name__ == "__main__":
    sys.stdout.write(json.dumps(schema(), indent=1) + "\n")
