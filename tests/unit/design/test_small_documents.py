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


ORDER = "order_id: o, customer_id: c, amount_minor: 5, currency: EUR, payment_method: pm"
PAID = """\
document: { dsl: 1.0.3, namespace: trips, name: trip, version: 1.0.0 }
use:
  functions:
    pay: { call: command, with: { topic: payment.commands, message: payment.CapturePayment } }
    refund: { call: command, with: { topic: payment.commands, message: payment.RefundPayment } }
    lock: { call: command, with: { topic: inventory.commands, message: inventory.LockInventory } }
    release: { call: command, with: { topic: inventory.commands, message: inventory.ReleaseInventory } }
timeout: { after: { days: 1 } }
do:
  - paid: { call: pay, with: { %s }, compensate: { call: refund, with: { order_id: o } } }
  - locked:
      call: lock
      with: { order_id: o, lines: [{ sku: a, quantity: 1 }] }
      compensate: { call: release, with: { order_id: o } }
"""


def test_messages_that_fit_what_is_published_are_accepted() -> None:
    assert errors_of(PAID % ORDER) == []
    computed = ORDER.replace("o,", '"${ .o }",', 1).replace("5", '"${ .amount }"').replace("EUR", '"${ .currency }"')
    assert errors_of(PAID % computed) == []


@pytest.mark.parametrize(
    ("old", "new", "line", "says", "instead"),
    [
        ("currency: EUR, ", "", 10, "payment.CapturePayment is sent without currency", "Add currency"),
        ("currency:", "curency: EUR, currency:", 10, "has no field curency", "Write currency"),
        ("amount_minor: 5", "amount_minor: five", 10, "amount_minor is a whole number, not \"five\"", "a whole number"),
        ("amount_minor: 5", "amount_minor: true", 10, "amount_minor is a whole number, not true", "a whole number"),
        ("quantity: 1", "count: 1", 13, "LockInventory.lines is sent without quantity", "Add quantity"),
        ("lines: [{ sku: a, quantity: 1 }]", "lines: { sku: a }", 13, "lines is a list", "Write a list"),
        ("call: refund, with: { order_id: o }", "call: refund", 10, "is sent without order_id", "Add order_id"),
        ("call: refund", "call: release", 10, "release goes to inventory.commands", "whose topic is payment.commands"),
        ("topic: payment.commands, message: payment.R", "topic: tasks.commands, message: payment.R", 5,
         "payment.RefundPayment is read from payment.commands, not from tasks.commands", "Write payment.commands"),
        ("payment.RefundPayment", "payment.Refund", 5, "nobody who reads payment.commands knows payment.Refund",
         "Write payment.RefundPayment"),
    ],
)  # fmt: skip
def test_a_message_that_nobody_could_read_is_named(old: str, new: str, line: int, says: str, instead: str) -> None:
    text = PAID % ORDER
    assert old in text

    said = [one for one in errors_of(text.replace(old, new, 1)) if says in one]

    assert len(said) == 1
    assert said[0].startswith(f"trip.yaml:{line}: ")
    assert instead in said[0]
