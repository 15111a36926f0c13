"""The log's lines about commands: one for each answer, once what it tells is committed, with the ids of its saga."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from jsonschema import Draft7Validator

from schemas.json_schema import json_schema
from services.participant.client import Answer, Trouble
from services.participant.command import Command
from services.participant.database import Conflict
from services.participant.handlers import Local
from services.participant.outcome import Done, Outcome
from services.participant.rounds import Rounds
from services.participant.telemetry import Telemetry
from tests.contract.participants.providers import FakePsp
from tests.contract.participants.world import TRACE, World

LOCK = "inventory.LockInventory"
RELEASE = "inventory.ReleaseInventory"
CAPTURE = "payment.CapturePayment"
CHARGE = {"customer_id": "17850", "amount_minor": 500, "currency": "GBP", "payment_method": "pm_card_ok"}
TEA = [{"sku": "tea", "quantity": 4}]


def lines_of(world: World) -> list[dict[str, Any]]:
    """Return the lines of the log, each of them one of the published schema."""
    schema = json_schema("telemetry")
    assert schema is not None
    validator = Draft7Validator(schema)
    for line in world.logged():
        validator.validate(line)
    return world.logged()


def told(world: World) -> list[tuple[str, str, str, str | None]]:
    """Return what the log says became of which command."""
    return [(line["command_id"], line["message"], line["kind"], line.get("outcome")) for line in lines_of(world)]


def test_an_answer_is_one_line_with_the_ids_of_its_saga(inventory: World) -> None:
    inventory.replica()
    inventory.send(LOCK, inventory.meta("s1", "lock"), lines=TEA)
    inventory.settle()

    [line] = lines_of(inventory)
    took_ms = line.pop("took_ms")
    assert took_ms >= 0
    assert line == {
        "at_ms": inventory.reply()[1]["meta"]["completed_at"],
        "level": "INFO",
        "process": "replica-0",
        "logger": "command",
        "message": "done",
        "kind": "completed",
        "correlation_id": "s1",
        "saga_id": "s1",
        "trace_id": TRACE[3:35],
        "command": LOCK,
        "command_id": "s1:lock:0",
        "step": "lock",
        "undo": False,
        "attempt": 0,
        "outcome": "DONE",
    }


def test_a_refusal_in_a_provider_s_own_words_is_told_as_another_code(payment: World, psp: FakePsp) -> None:
    payment.replica()
    for number, code in enumerate(("do_not_honor", "Ann's card 4000000000000002")):
        psp.script["charge"] = [Answer(402, {"error": {"code": code, "message": "no"}})]
        payment.send(CAPTURE, payment.meta(f"s{number}", "capture"), **CHARGE)
        payment.settle()

    assert [line["code"] for line in lines_of(payment)] == ["do_not_honor", "other"]


def test_refusals_and_compensations_are_told_apart(inventory: World) -> None:
    inventory.replica()
    inventory.send(LOCK, inventory.meta("s1", "lock"), lines=[{"sku": "pot", "quantity": 10_000}])
    inventory.send(LOCK, inventory.meta("s2", "lock"), lines=TEA)
    inventory.settle()
    inventory.send(RELEASE, inventory.meta("s2", "lock", undo=True))
    inventory.settle()

    by_id = {line["command_id"]: line for line in lines_of(inventory)}
    refused = by_id["s1:lock:0"]
    assert (refused["message"], refused["kind"], refused["code"]) == ("refused", "failed", "out_of_stock")
    assert (by_id["s2:lock:undo:0"]["undo"], by_id["s2:lock:undo:0"]["message"]) == (True, "done")


def test_a_command_that_comes_again_is_told_as_a_repetition(inventory: World) -> None:
    inventory.replica()
    record = inventory.send(LOCK, inventory.meta("s1", "lock"), lines=TEA)
    inventory.settle()
    inventory.send_again(record)
    inventory.settle()

    assert told(inventory) == [
        ("s1:lock:0", "done", "completed", "DONE"),
        ("s1:lock:0", "answered again", "repeated", None),
    ]


def test_trouble_at_a_provider_and_the_retry_that_joins_a_call_under_way_are_told(payment: World, psp: FakePsp) -> None:
    payment.replica()
    psp.script["charge"] = [Trouble("the provider answered 503")]
    payment.send(CAPTURE, payment.meta("s1", "pay"), **CHARGE)
    payment.settle()
    psp.held.add("charge")
    payment.send(CAPTURE, payment.meta("s1", "pay", n=1), **CHARGE)
    payment.settle()
    payment.send(CAPTURE, payment.meta("s1", "pay", n=2), **CHARGE)
    payment.settle()
    psp.held.clear()
    payment.settle()

    assert told(payment) == [
        ("s1:pay:0", "failed", "failed", "TRANSIENT"),
        ("s1:pay:2", "joined", "retried", None),
        ("s1:pay:2", "done", "completed", "DONE"),
    ]
    assert b"503" not in payment.log_lines


def test_a_batch_that_is_done_again_tells_each_answer_once(inventory: World) -> None:
    """Guards that a line is a fact: a batch that another replica made void, or a bug, has no lines."""
    database = inventory.database()
    service = inventory.make_service(database)
    handler = service.handlers[LOCK]
    assert isinstance(handler, Local)
    conflicts = iter([True])

    def troubled(command: Command, stock: Any) -> Outcome:
        outcome = handler.apply(command, stock)
        if command.meta["saga_id"] == "s2":
            raise KeyError("a bug")
        if command.meta["saga_id"] == "s4" and next(conflicts, False):
            raise Conflict("as the test demands")
        return outcome

    service = replace(service, handlers={**service.handlers, LOCK: replace(handler, apply=troubled)})
    rounds = Rounds(
        service, database, inventory.codec, inventory.clock.now_ms, Telemetry("r"), inventory.log_lines.extend
    )
    rounds.handle([inventory.send(LOCK, inventory.meta(f"s{n}", "lock"), lines=TEA) for n in range(5)], [], [])

    assert [(line["saga_id"], line["message"]) for line in lines_of(inventory)] == [
        ("s0", "done"),
        ("s1", "done"),
        ("s2", "failed"),
        ("s3", "done"),
        ("s4", "done"),
    ]


def test_a_reply_over_the_limit_is_a_failure_and_told_as_one(inventory: World) -> None:
    """Guards M162."""
    database = inventory.database()
    service = inventory.make_service(database)
    handler = service.handlers[LOCK]
    assert isinstance(handler, Local)

    def wordy(command: Command, stock: Any) -> Outcome:
        outcome = handler.apply(command, stock)
        assert isinstance(outcome, Done)
        return replace(outcome, fields={**outcome.fields, "reservation_id": "x" * 100_000})

    service = replace(service, handlers={**service.handlers, LOCK: replace(handler, apply=wordy)})
    rounds = Rounds(
        service, database, inventory.codec, inventory.clock.now_ms, Telemetry("r"), inventory.log_lines.extend
    )
    harvest = rounds.handle([inventory.send(LOCK, inventory.meta("s1", "lock"), lines=TEA)], [], [])

    [outgoing] = harvest.outgoing
    name, fields = inventory.codec.decode(outgoing.value)
    assert (name, fields["code"], len(outgoing.value or b"") < 1_000) == ("saga.CommandFailed", "reply_too_large", True)
    [line] = lines_of(inventory)
    assert (line["message"], line["outcome"], line["code"]) == ("failed", "UNKNOWN", "reply_too_large")
