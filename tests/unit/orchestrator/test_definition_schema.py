"""The JSON Schema for editors: it takes what can be run, and refuses words and shapes that cannot."""

from __future__ import annotations

import json
import re
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
import yaml

from orchestrator.definitions.compiler import compile_definition
from orchestrator.definitions.errors import DefinitionError
from orchestrator.definitions.json_schema import schema
from orchestrator.definitions.schedule import parse_schedule
from tests.language_examples import BLOCKS, WHOLE, WRITTEN, example, mutants, title

ROOT = Path(__file__).parents[3]
FILE = ROOT / "schemas" / "definition.schema.json"
SCHEMA = json.loads(FILE.read_text())
SHIPPED = sorted((ROOT / "orchestrator" / "definitions").glob("*.yaml"))

KINDS: dict[str, Any] = {"object": dict, "array": list, "string": str, "boolean": bool, "integer": int}


def takes(rule: Any, value: Any) -> bool:
    """Tell whether a schema takes a value; it knows the words that this schema is made of, and no other."""
    return all(_holds(word, part, rule, value) for word, part in rule.items())


def _holds(word: str, part: Any, rule: Any, value: Any) -> bool:  # noqa: C901, PLR0911, PLR0912 - one case for each word
    match word, value:
        case (("$schema" | "title" | "$defs" | "patternProperties"), _):
            return True
        case "$ref", _:
            found = SCHEMA
            for step in part.removeprefix("#/").split("/"):
                found = found[step]
            return takes(found, value)
        case "anyOf", _:
            return any(takes(way, value) for way in part)
        case "type", _:
            return isinstance(value, KINDS[part]) and (part != "integer" or not isinstance(value, bool))
        case "enum", _:
            return value in part
        case "const", _:
            return bool(value == part)
        case "properties", dict():
            return all(takes(part[key], inner) for key, inner in value.items() if key in part)
        case "additionalProperties", dict():
            known = rule.get("properties", {})
            patterns = rule.get("patternProperties", {})
            others = [
                key for key in value if key not in known and not any(re.search(one, str(key)) for one in patterns)
            ]
            return not others if part is False else all(takes(part, value[key]) for key in others)
        case "required", dict():
            return all(key in value for key in part)
        case "propertyNames", dict():
            return all(takes(part, key) for key in value)
        case "minProperties", dict():
            return len(value) >= int(part)
        case "maxProperties", dict():
            return len(value) <= int(part)
        case "items", list():
            return all(takes(part, item) for item in value)
        case "minItems", list():
            return len(value) >= int(part)
        case "pattern", str():
            return re.search(part, value) is not None
        case "minLength", str():
            return len(value) >= int(part)
        case "minimum", int():
            return value >= int(part)
        case "maximum", int():
            return value <= int(part)
        case (("properties" | "additionalProperties" | "required" | "propertyNames" | "minProperties"), _):
            return True
        case (("maxProperties" | "items" | "minItems" | "pattern" | "minLength" | "minimum" | "maximum"), _):
            return True
        case _:
            raise AssertionError(f"the test does not know {word}")


def test_the_file_is_what_the_vocabulary_gives() -> None:
    assert json.loads(json.dumps(schema())) == SCHEMA, (
        "write it anew: python -m orchestrator.definitions.json_schema > schemas/definition.schema.json"
    )


@pytest.mark.parametrize("file", SHIPPED, ids=lambda file: file.stem)
def test_a_shipped_definition_is_taken(file: Path) -> None:
    assert takes(SCHEMA, yaml.safe_load(file.read_text()))


@pytest.mark.parametrize("block", BLOCKS, ids=title)
def test_an_example_of_the_reference_is_taken(block: str) -> None:
    assert takes(SCHEMA, example(block))


def test_a_document_with_every_word_is_taken() -> None:
    assert takes(SCHEMA, WRITTEN)


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("compensate: {", "compensat: {"),
        ("milestones:", "milestone:"),
        ("concurrency: 2", "concurrency: 0"),
        ("wait: PT1S", "wait: 1s"),
        ("wait: PT1S", "wait: { second: 1 }"),
        ("wait: PT1S", "wait: PT"),
        ("dsl: 1.0.3", "dsl: 2.0.0"),
        ("version: 2.0.0, title", "version: 0.1.0, title"),
        ("error_strategy: compensate", "error_strategy: give-up"),
        ("every: PT1H", "every: PT1H, cron: x"),
        ("call: command", "call: http"),
        ("one: { when: .n == 1, then: d }", "one: { when: .n == 1 }"),
        ("any: [", "until: ["),
        ("subject: x", "source: x"),
        ("limit: { attempt: { count: 2 } }", "limit: { duration: PT1S }"),
        ("- m: {", "- m/n: {"),
        ("- m: { wait: PT1S }", "- m: { wait: PT1S, set: {} }"),
        ("- m: { wait: PT1S }", "- m: {}"),
    ],
)
def test_a_mistake_is_not_taken(right: str, wrong: str) -> None:
    assert right in WHOLE
    assert not takes(SCHEMA, yaml.safe_load(WHOLE.replace(right, wrong, 1)))


def _can_be_run(written: Any) -> bool:
    try:
        parse_schedule(written.get("schedule", {"every": "PT1H"}))
        compile_definition({key: part for key, part in written.items() if key != "schedule"}, {})
    except DefinitionError:
        return False
    return True


def test_what_can_be_run_is_taken_and_most_wrong_shapes_are_not() -> None:
    refused = missed = 0
    for name, changed in islice(mutants(WRITTEN), 0, None, 7):
        taken = takes(SCHEMA, changed)
        if _can_be_run(changed):
            assert taken, f"{name} can be run, but the schema refuses it"
        else:
            refused += not taken
            missed += taken
    assert refused > 5 * missed
