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


def findings_of(text: str, level: Level) -> list[str]:
    verdict = judge(Written("trip.yaml", text))
    return [one.line("trip.yaml") for one in verdict.findings if one.finding.level is level]


def errors_of(text: str) -> list[str]:
    return findings_of(text, Level.ERROR)


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
        ("payment.commands, message: payment.R", "saga.events, message: x.R", 5, "saga.events belongs to the", "Write"),
        ("payment.commands, message: payment.R", "a b, message: x.R", 5, "a b is no name that a topic can", "Write"),
        ("payment.RefundPayment", "saga.StartSaga", 5, "saga.StartSaga is no command", "Write the type"),
    ],
)  # fmt: skip
def test_a_message_that_nobody_could_read_is_named(old: str, new: str, line: int, says: str, instead: str) -> None:
    text = PAID % ORDER
    assert old in text

    said = [one for one in errors_of(text.replace(old, new, 1)) if says in one]

    assert len(said) == 1
    assert said[0].startswith(f"trip.yaml:{line}: ")
    assert instead in said[0]


def test_a_message_that_only_a_participant_of_the_users_own_can_know_is_a_warning() -> None:
    text = (PAID % ORDER).replace("payment.RefundPayment", "payment.Refund", 1)
    assert errors_of(text) == []
    [said] = [one for one in findings_of(text, Level.WARNING) if "payment.Refund" in one]
    assert "no participant of the product that reads payment.commands knows payment.Refund" in said
    assert "Write payment.RefundPayment" in said


@pytest.mark.parametrize(
    ("tasks", "line", "says", "instead"),
    [
        ("  - call: book\n    compensate: { call: cancel }\n", 0, "this task has no name", "Write `- NAME:`"),
        ("  - a: { set: { b: 1 } }\n    c: { set: { d: 1 } }\n", 0, "a and c stand in one entry", "Begin each task"),
        ("  - a: booked\n", 0, "nothing says what a does", "Write `a: {call: FUNCTION}`"),
        ("  - booked\n", 0, "this is no task", "Write `- NAME: {call: FUNCTION}`"),
        ("  - 12: { set: { a: 1 } }\n", 0, "'12' cannot name a task", "is no number"),
        ('  - "a\\tb": { set: { a: 1 } }\n', 0, "cannot name a task", "Write a word"),
        ("  - a: { set: { b: 1 } }\n  - a: { set: { b: 2 } }\n", 1, "the name a is taken", "Call it a-2"),
        ("  - a: { wait: 30 }\n", 0, "'30' is no duration", "{seconds: 30}"),
        ("  - a: { wait: P1Y2M }\n", 0, "counts years, months or weeks", "{days: 30}"),
        ("  - a: { wait: PT0S }\n", 0, "is no time at all", "Write a longer one"),
        ("  - a: { for: { in: [1, 2] }, do: [{ b: { set: { c: 1 } } }] }\n", 0, "is no expression", "${ [1, 2] }"),
        ("  - a: { set: { b: 1 }, if: true }\n", 0, "'true' is no expression", "Write a text"),
        ("  - a: { fork: { branches: [{ b: { wait: PT1S } }, { c: { wait: PT1S } }], gather: {} } }\n", 0,
         "gather is not known here", "beside `fork` or `for`"),
        ("  - a: { for: { in: .l, while: .x }, do: [{ b: { set: { c: 1 } } }] }\n", 0, "while is not", "beside `for`"),
        ("  - a: { try: [{ b: { wait: PT1S } }], catch: {}, retry: { limit: { attempt: { count: 1 } } } }\n", 0,
         "retry is not known", "in the `catch` of a try"),
        ("  - a: { do: [{ b: { wait: PT1S } }], catch: {} }\n", 0, "catch is not", "on a task with `try`"),
        ("  - a: { set: { b: '${ $parameters.most }' } }\n", 0, "reads the parameter most", "under `parameters`"),
        ("  - a: { do: [{ b: { switch: [{ c: { then: end } }] } }, { d: { set: { e: 1 } } }] }\n", 0, "d is never", ""),
        ("  - a: { wait: PT1S, then: c }\n  - b: { wait: PT1S, then: end }\n  - c: { wait: PT1S, then: b }\n", 2,
         "c goes back to b, and to go back in a list is not supported", "Move b behind c"),
        ("  - a: { wait: PT1S }\n  - b: { wait: PT1S, then: a }\n", 1, "b goes back to a: a cycle", "Write a `for`"),
        ("  - a: { listen: { to: { one: { with: { type: '${ .x }' } } } } }\n", 0, "type is an expression", "Write"),
        ("  - a: { emit: { event: { with: { type: '${ .x }' } } } }\n", 0, "type is an expression", "Write the name"),
        ("  - a: { run: { workflow: { namespace: trips, name: trip } } }\n", 0, "a runs trip itself", "`schedule`"),
        ("  - a: { for: { each: x, at: x, in: .l }, do: [{ b: { wait: PT1S } }] }\n", 0, "the item as well", "another"),
        ("  - a: { do: [{ b: { wait: PT1S } }], timeout: { minutes: 5 } }\n", 0, "minutes is not known", "in `after`"),
        ("  - a: { do: [{ b: { wait: PT1S } }], timeout: PT5M }\n", 0, "there is no PT5M", "Write {after: PT5M}"),
        ("  - a: { do: [{ b: { wait: PT1S } }], timeout: 5 }\n", 0, "'5' is no time-out", "{after: "),
        ("  - a: { call: book, locks: [x, x], compensate: { call: cancel } }\n", 0, "takes x twice", "Take one"),
        ("  - a: { if: '.x && .y', wait: PT1S }\n", 0, "which is no sign of jq", "Write and"),
        ("  - a.if: { wait: PT1S }\n  - a: { if: .x, wait: PT1S }\n", 1, "the name a.if is taken", "Write another one"),
        ("migrations: [{ from: 1 }]\n", 0, "from is 1, which comes not before 1", "Write an older version"),
        ("schedule: { cron: '61 * * * *' }\n", 0, "cron never comes true", "0 6 * * 1-5"),
    ],
)  # fmt: skip
def test_a_mistake_is_one_finding_with_its_line(tasks: str, line: int, says: str, instead: str) -> None:
    said = errors_of(HEAD + BOOKED + tasks)

    assert len(said) == 1, said
    assert said[0].startswith(f"trip.yaml:{FIRST + 1 + line}: ")
    assert says in said[0]
    assert instead in said[0]


@pytest.mark.parametrize(
    "text", ["", "hello\n", "- a\n", HEAD.replace("do:", "doo:"), BOOKED.replace("  -", "do: # -")]
)
def test_a_text_that_is_no_definition_is_told_so_once(text: str) -> None:
    said = errors_of(text)

    assert len(said) == len({one.split(": ", 1)[1] for one in said}) <= 3
    assert any("Begin with" in one for one in said)


def test_what_no_task_is_left_to_use_is_not_called_unused() -> None:
    verdict = judge(Written("trip.yaml", HEAD + "  - call: book\n    compensate: { call: cancel }\n"))

    assert [one.finding.rule for one in verdict.findings] == ["schema"]


def test_a_time_out_that_nothing_uses_is_read_as_well() -> None:
    text = (HEAD + BOOKED).replace("use:\n", "use:\n  timeouts: { long: { aftr: PT5M } }\n")

    assert errors_of(text) == ["trip.yaml:3: aftr is not known here. Write after."]
