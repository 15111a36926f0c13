"""Documents for tests of the language: the examples of its reference, and one with every word and its mutants."""

from __future__ import annotations

import re
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import yaml

PAGE = (Path(__file__).parents[1] / "docs" / "language.md").read_text()
BLOCKS = re.findall(r"^```yaml\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
_FIRST = yaml.safe_load(BLOCKS[0])

WHOLE = """\
document: { dsl: 1.0.3, namespace: test, name: whole, version: 2.0.0, title: All, tags: { a: b } }
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
WRITTEN = yaml.safe_load(WHOLE)


def example(block: str) -> Any:
    """Return a block of the reference as a whole document: what it leaves out is that of the page's first one."""
    parsed = yaml.safe_load(block)
    if isinstance(parsed, list):
        return {**_FIRST, "do": parsed}
    return {"document": _FIRST["document"], **parsed}


def title(block: str) -> str:
    """Return the names of the tasks of a block."""
    parsed = yaml.safe_load(block)
    return "+".join(next(iter(task)) for task in (parsed if isinstance(parsed, list) else parsed["do"]))


def mutants(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[str, Any]]:
    """Yield the document with each part of it, below `value`, replaced by each wrong kind of value."""
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
        yield from mutants(part, (*path, key))
