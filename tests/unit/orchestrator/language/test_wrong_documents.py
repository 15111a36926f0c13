"""Wrong documents are refused with the line of the mistake and what to write instead, and never by a crash."""

from __future__ import annotations

import json
from itertools import islice
from typing import Any

import pytest
import yaml

from orchestrator.definitions.compiler import compile_definition
from orchestrator.definitions.errors import DefinitionError
from orchestrator.definitions.graph import MAX_NODES
from orchestrator.definitions.schedule import parse_schedule
from orchestrator.definitions.validation import Verdict, validate
from tests.language_examples import WHOLE, WRITTEN, mutants


def judged(text: str) -> Verdict:
    return validate(text, _compiled, {})


def _compiled(written: Any) -> Any:
    parse_schedule(written.get("schedule", {"every": "PT1H"}))
    return compile_definition({key: part for key, part in written.items() if key != "schedule"}, {})


def lines(text: str) -> list[str]:
    return [one.line("FILE") for one in judged(text).errors]


def test_a_document_with_every_word_is_right() -> None:
    assert lines(WHOLE) == []


@pytest.mark.parametrize(
    ("right", "wrong", "line", "instead"),
    [
        ("compensate: {", "compensat: {", 22, "Write compensate"),
        ("retries:\n", "retrys:\n", 6, "Write retries"),
        ("milestones:", "milestone:", 16, "Write milestones"),
        ("backoff: {", "backof: {", 7, "Write backoff"),
        ("branches:", "branchs:", 27, "Write branches"),
        ("exceptWhen", "exceptwhen", 31, "Write exceptWhen"),
        ("concurrency:", "concurency:", 28, "Write concurrency"),
        ("gather:", "gathers:", 28, "Write gather"),
        ("namespace: test, name: whole", "namspace: test, name: whole", 1, "Write namespace"),
        ("retry: patient, timeout: short, locks", "retry: patiant, timeout: short, locks", 21, "Write patient"),
        ("timeout: short, locks", "timeout: shrt, locks", 21, "Write short"),
        ("call: act, with", "call: acts, with", 21, "Write act"),
        ("then: d } }, {", "then: dd } }, {", 26, "Write d"),
        ("error: heavy", "error: heavi", 30, "Write heavy"),
        ("wait: PT1S", "wait: 1s", 34, "{seconds: 30} or PT30S"),
        ("wait: PT1S", "wait: { second: 1 }", 34, "seconds"),
        ("wait: PT1S", "wait: P3651D", 34, "a shorter one"),
        ("wait: PT1S", "wait: { milliseconds: 9999999999999999 }", 34, "a shorter one"),
        ("wait: PT1S", 'wait: "${ .n }"', 34, "{seconds: 30} or PT30S"),
        ("concurrency: 2", "concurrency: 0", 28, "between 1 and 1000"),
        ("least: 1", "least: -1", 28, "whole number of at least 0"),
        ("each: x,", "each: context,", 28, "another name"),
        ("error_strategy: compensate", "error_strategy: give-up", 18, "retry-then-compensate"),
        ("version: 2.0.0, title", "version: 0.1.0, title", 1, "Write 1.0.0"),
        ("dsl: 1.0.3", "dsl: 2.0.0", 1, "1.0"),
        ("title: Too heavy }", 'title: "${ .n }" }', 8, "under detail"),
    ],
)
def test_a_mistake_is_named_with_its_line_and_what_to_write_instead(
    right: str, wrong: str, line: int, instead: str
) -> None:
    text = WHOLE.replace('when: "true"', 'exceptWhen: "false"')
    assert right in text
    found = lines(text.replace(right, wrong, 1))
    assert any(one.startswith(f"FILE:{line}: ") and instead in one for one in found), found


@pytest.mark.parametrize("steps", [199, 200, 2_000])
def test_a_definition_has_no_more_steps_than_a_saga_can_keep(steps: int) -> None:
    """A longer one would be deployed, and every saga of it set aside; one far longer ends the programs that walk it."""
    tasks = [{f"s{number}": {"wait": {"seconds": 1}}} for number in range(steps)]
    head = {"dsl": "1.0.3", "namespace": "test", "name": "long", "version": "1.0.0"}
    found = lines(json.dumps({"document": head, "timeout": {"after": {"days": 1}}, "do": tasks}))
    if steps < MAX_NODES:
        assert found == []
    else:
        assert any(f"at most {MAX_NODES}" in one for one in found)


EVERY_JUDGED = 41
EVERY_COMPILED = 5
"""To try every single one takes minutes; some from every part are enough each time."""


def test_no_value_of_the_wrong_kind_anywhere_makes_the_compiler_or_the_checks_crash() -> None:
    wrong = 0
    for name, changed in islice(mutants(WRITTEN), 0, None, EVERY_COMPILED):
        try:
            _compiled(changed)
        except DefinitionError:
            wrong += 1
        except Exception as error:  # noqa: BLE001 - that there is none is what is tested
            pytest.fail(f"{name}: {error!r}")
    assert wrong > 200


@pytest.mark.parametrize("part", sorted(WRITTEN))
def test_no_value_of_the_wrong_kind_makes_the_checks_crash(part: str) -> None:
    for name, changed in islice(mutants({part: WRITTEN[part]}), 0, None, EVERY_JUDGED):
        assert judged(yaml.safe_dump(changed, sort_keys=False)).findings is not None, name
