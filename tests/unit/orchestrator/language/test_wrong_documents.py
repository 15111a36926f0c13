"""Wrong documents are refused with the line of the mistake and what to write instead, and never by a crash."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from itertools import islice
from typing import Any

import pytest
import yaml

from orchestrator.definitions.compiler import compile_definition
from orchestrator.definitions.errors import DefinitionError
from orchestrator.definitions.validation import Verdict, validate

WHOLE = """\
document: { dsl: 1.0.3, namespace: test, name: whole, version: 1.0.0, title: All, tags: { a: b } }
use:
  functions:
    act: { call: command, with: { topic: other.commands, message: other.Act } }
    unact: { call: command, with: { topic: other.commands, message: other.Unact } }
  retries:
    patient: { delay: PT1S, backoff: { linear: {} }, limit: { attempt: { count: 2 } }, jitter: { to: PT1S } }
  errors: { heavy: { type: too_heavy, status: 422, title: Too heavy } }
  timeouts: { short: { after: { seconds: 5 } } }
  fragments: { greet: { parameters: { who: you }, do: [ { hello: { set: { text: $fragment.who } } } ] } }
input: { from: "${ . }" }
output: { as: { n: "${ .n }" } }
timeout: { after: PT1H }
schedule: { every: PT1H }
parameters: { limit: 5 }
milestones: { started: { lifecycle: running, status: RUNNING } }
signals: { arrived: { after: [a], lifecycle: { from: running, to: arrived } } }
defaults: { error_strategy: compensate, max_retries: 1, timeout_default: PT9S }
migrations: [ { from: 1, steps: { old: a }, context: "${ $context }" } ]
do:
  - a: { call: act, with: { x: "${ .n }" }, retry: patient, timeout: short, locks: [row],
         compensate: { call: unact, with: { x: 1 }, retry: patient, timeout: short, always: true },
         input: { from: .n }, output: { as: .m }, export: { as: "${ $context + {k: .} }" }, optional: false,
         status: { start: { status: A }, end: { status: B } }, if: .go, then: continue, metadata: { x: 1 } }
  - b: { set: { n: 1 } }
  - c: { switch: [ { one: { when: .n == 1, then: d } }, { other: { then: d } } ] }
  - d: { fork: { compete: true, branches: [ { e: { set: { n: 1 } } }, { f: { set: { n: 2 } } } ] }, timeout: short }
  - g: { for: { each: x, in: "[1]", at: i, concurrency: 2 }, gather: { within: PT5S, least: 1 },
         do: [ { h: { set: { n: 1 } } } ] }
  - i: { try: [ { j: { raise: { error: heavy } } } ],
         catch: { errors: { with: { type: too_heavy } }, as: why, when: "true", retry: patient,
                  do: [ { k: { set: {} } } ] } }
  - l: { listen: { to: { any: [ { with: { type: go, data: .ok } } ] } }, timeout: { after: PT5S, code: late } }
  - m: { wait: PT1S }
  - n: { emit: { event: { with: { type: t, subject: x, data: { n: 1 } } } } }
  - o: { run: { workflow: { namespace: test, name: other, version: 1.0.0, input: { n: 1 } }, await: true } }
  - p: { do: [ { q: { set: { n: 1 } } } ], timeout: { after: PT5S } }
  - r: { fragment: greet, with: { who: me } }
"""


def judged(text: str) -> Verdict:
    return validate(text, _compiled, {})


def _compiled(written: Any) -> Any:
    # The schedule is read by the registry; here its grammar is not in question.
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
        ("wait: PT1S", 'wait: "${ .n }"', 34, "{seconds: 30} or PT30S"),
        ("concurrency: 2", "concurrency: 0", 28, "between 1 and 1000"),
        ("least: 1", "least: -1", 28, "whole number of at least 0"),
        ("each: x,", "each: context,", 28, "another name"),
        ("error_strategy: compensate", "error_strategy: give-up", 18, "retry-then-compensate"),
        ("version: 1.0.0, title", "version: 0.1.0, title", 1, "Write 1.0.0"),
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


def _mutants(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[str, Any]]:
    """Yield the document with each part of it replaced by each wrong kind of value."""
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, part in parts:
        for other in (None, 5, -1, True, "some text", "", [], {}, [5], {"x": 5}):
            if type(other) is not type(part):
                changed = deepcopy(WRITTEN)
                place = changed
                for step in path:
                    place = place[step]
                place[key] = other
                yield f"{'.'.join(map(str, (*path, key)))} = {other!r}", changed
        yield from _mutants(part, (*path, key))


WRITTEN = yaml.safe_load(WHOLE)
EVERY_JUDGED = 41
EVERY_COMPILED = 5
"""To try every single one takes minutes; some from every part are enough each time."""


def test_no_value_of_the_wrong_kind_anywhere_makes_the_compiler_or_the_checks_crash() -> None:
    wrong = 0
    for name, changed in islice(_mutants(WRITTEN), 0, None, EVERY_COMPILED):
        try:
            _compiled(changed)
        except DefinitionError:
            wrong += 1
        except Exception as error:  # noqa: BLE001 - that there is none is what is tested
            pytest.fail(f"{name}: {error!r}")
    assert wrong > 200


@pytest.mark.parametrize("part", sorted(WRITTEN))
def test_no_value_of_the_wrong_kind_makes_the_checks_crash(part: str) -> None:
    for name, changed in islice(_mutants({part: WRITTEN[part]}), 0, None, EVERY_JUDGED):
        assert judged(yaml.safe_dump(changed, sort_keys=False)).findings is not None, name
