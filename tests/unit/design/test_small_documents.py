"""Documents as strangers write them: what is right is accepted, and one mistake is one finding, with its line."""

from __future__ import annotations

import pytest

from cli.definition_files import Written
from cli.definition_reports import judge
from orchestrator.definitions.findings import Level

HEAD = """\
document: { dsl: 1.0.3, namespace: trips, name: trip, version: 1.0.0 }
use:
  functions:
    book: { call: command, with: { topic: trips.commands, message: trips.Book } }
    cancel: { call: command, with: { topic: trips.commands, message: trips.Cancel } }
timeout: { after: { days: 1 } }
do:
"""
BOOKED = "  - booked: { call: book, compensate: { call: cancel } }\n"
FIRST = HEAD.count("\n") + 1
"""The line of the first task."""


def errors_of(text: str) -> list[str]:
    verdict = judge(Written("trip.yaml", text))
    return [one.line("trip.yaml") for one in verdict.findings if one.finding.level is Level.ERROR]


@pytest.mark.parametrize(
    "tasks",
    [
        "  - flight: { call: book, with: { from: LHR, in: economy, when: noon }, compensate: { call: cancel } }",
        "  - kept: { set: { from: LHR, list: [{ if: maybe so }] } }",
        "  - told: { emit: { event: { with: { type: told, data: { from: LHR, as: a gift } } } } }",
        "  - made: { set: { a: 1 }, output: { as: { from: LHR, made: '${ .a }' } } }",
        "  - flight: { call: book, compensate: { call: cancel, with: { from: LHR } },\n"
        "      retry: { jitter: { from: PT0S, to: PT1S }, limit: { attempt: { count: 1 } } } }",
        "  - child: { run: { workflow: { namespace: a, name: b, input: { from: LHR } } }, timeout: { after: PT1H } }",
        "  - ready:\n      switch:\n        - yes: { when: .ready, then: end }\n        - no: { then: end }",
    ],
)  # fmt: skip
def test_data_may_have_fields_of_any_name(tasks: str) -> None:
    assert errors_of(HEAD + BOOKED + tasks + "\n") == []
