"""Payment: never charged twice, never refunded twice, an unknown outcome is looked up."""

from __future__ import annotations

from typing import Any

import pytest

from services.participant.client import NotSent, Trouble
from streams.errors import Fatal
from tests.contract.participants.providers import FakePsp, Silent
from tests.contract.participants.world import World

CAPTURE = "payment.CapturePayment"
REFUND = "payment.RefundPayment"


def _charge(**changes: Any) -> dict[str, Any]:
    return {
        "customer_id": "17850", "amount_minor": 13_912, "currency": "GBP", "payment_method": "pm_card_ok", **changes
    }  # fmt: skip


def _states(world: World) -> dict[str, str]:
    return {str(row[0]): str(row[1]) for row in world.rows("SELECT token, state FROM effects")}


def test_a_charge_is_captured_under_its_token(payment: World, psp: FakePsp) -> None:
    payment.replica()
    payment.send(CAPTURE, payment.meta("s1", "pay"), **_charge())
    payment.settle()
    name, reply = payment.reply()
    assert (name, reply["amount_minor"], reply["currency"]) == ("payment.PaymentCaptured", 13_912, "GBP")
    assert psp.calls == [("charge", "s1:pay", {"order_id": "s1", **_charge()})]
    assert payment.rows("SELECT token, amount_minor, refunded_minor FROM charges") == [("s1:pay", 13_912, 0)]


def test_a_command_that_comes_ten_times_is_charged_once_and_answered_alike(payment: World, psp: FakePsp) -> None:
    payment.replica()
    record = payment.send(CAPTURE, payment.meta("s1", "pay"), **_charge())
    payment.settle()
    for _ in range(9):
        payment.send_again(record)
        payment.settle()
    replies = payment.read("saga.replies")
    assert len(replies) == 10
    assert len({reply.value for reply in replies}) == 1
    assert psp.asked("charge") == 1


def test_ten_copies_in_one_batch_are_charged_once(payment: World, psp: FakePsp) -> None:
    payment.replica()
    record = payment.send(CAPTURE, payment.meta("s1", "pay"), **_charge())
    for _ in range(9):
        payment.send_again(record)
    payment.settle()
    assert {name for name, _ in payment.replies()} == {"payment.PaymentCaptured"}
    assert psp.asked("charge") == 1


def test_a_decline_is_definite_and_stays_the_answer_to_its_token(payment: World, psp: FakePsp) -> None:
    payment.replica()
    payment.send(CAPTURE, payment.meta("s1", "pay"), **_charge(payment_method="pm_card_declined"))
    payment.settle()
    payment.send(CAPTURE, payment.meta("s1", "pay", n=1), **_charge())
    payment.settle()
    assert [(reply["kind"], reply["code"]) for _, reply in payment.replies()] == [("REJECTED", "card_declined")] * 2
    assert psp.asked("charge") == 1


def test_trouble_at_the_psp_is_transient_and_the_token_free_again(payment: World, psp: FakePsp) -> None:
    payment.replica()
    psp.script["charge"] = [Trouble("the provider answered 503")]
    payment.send(CAPTURE, payment.meta("s1", "pay"), **_charge())
    payment.settle()
    assert payment.reply()[1]["kind"] == "TRANSIENT"
    payment.send(CAPTURE, payment.meta("s1", "pay", n=1), **_charge())
    payment.settle()
    assert payment.reply()[0] == "payment.PaymentCaptured"
    assert list(psp.charges) == ["s1:pay"]


def test_an_open_circuit_is_unavailable_with_a_time_to_come_back(payment: World, psp: FakePsp) -> None:
    payment.replica()
    psp.script["charge"] = [NotSent(7_500)]
    payment.send(CAPTURE, payment.meta("s1", "pay"), **_charge())
    payment.settle()
    _, reply = payment.reply()
    assert (reply["kind"], reply["retry_after_ms"]) == ("UNAVAILABLE", 7_500)
    assert _states(payment) == {}


def test_a_charge_without_answer_is_looked_up_and_not_charged_again(payment: World, psp: FakePsp) -> None:
    payment.replica()
    psp.script["charge"] = [Silent(acts=True)]
    payment.send(CAPTURE, payment.meta("s1", "pay"), **_charge())
    payment.settle()
    assert payment.reply()[0] == "payment.PaymentCaptured"
    assert (psp.asked("charge"), psp.asked("lookup")) == (1, 1)


def test_a_charge_that_the_psp_never_saw_is_sent_again_under_the_same_key(payment: World, psp: FakePsp) -> None:
    payment.replica()
    psp.script["charge"] = [Silent(acts=False)]
    payment.send(CAPTURE, payment.meta("s1", "pay"), **_charge())
    payment.settle()
    assert payment.reply()[0] == "payment.PaymentCaptured"
    assert [key for operation, key, _ in psp.calls if operation == "charge"] == ["s1:pay", "s1:pay"]


def test_trouble_after_a_charge_without_answer_is_never_called_transient(payment: World, psp: FakePsp) -> None:
    payment.replica()
    psp.script["charge"] = [Silent(acts=False), *[Trouble("503")] * 50]
    psp.script["lookup"] = [Trouble("503")] * 3
    payment.send(CAPTURE, payment.meta("s1", "pay"), **_charge())
    payment.settle()
    assert payment.reply()[1]["kind"] == "UNKNOWN"
    assert _states(payment) == {"s1:pay": "open"}


def test_at_the_deadline_an_unknown_outcome_is_said_to_be_unknown(payment: World, psp: FakePsp) -> None:
    payment.replica()
    psp.script["charge"] = [Silent(acts=True)]
    psp.script["lookup"] = [Silent(acts=False)] * 50
    payment.send(CAPTURE, payment.meta("s1", "pay"), **_charge())
    payment.settle()
    assert payment.reply()[1]["kind"] == "UNKNOWN"


def test_a_refund_gives_everything_back_once(payment: World, psp: FakePsp) -> None:
    payment.replica()
    payment.send(CAPTURE, payment.meta("s1", "pay"), **_charge())
    payment.settle()
    record = payment.send(REFUND, payment.meta("s1", "pay", undo=True))
    payment.settle()
    payment.send_again(record)
    payment.send(REFUND, payment.meta("s1", "pay", n=1, undo=True))
    payment.settle()
    amounts = [reply["amount_minor"] for name, reply in payment.replies() if name == "payment.PaymentRefunded"]
    assert amounts == [13_912] * 3
    assert psp.net_minor() == 0
    assert [key for operation, key, _ in psp.calls if operation == "refund"] == ["s1:pay:undo"]
    assert payment.rows("SELECT refunded_minor FROM charges") == [(13_912,)]
    assert _states(payment) == {"s1:pay": "undone", "s1:pay:undo": "done"}


def test_a_refund_of_an_unknown_charge_finds_and_refunds_it(payment: World, psp: FakePsp) -> None:
    payment.replica()
    psp.script["charge"] = [Silent(acts=True)]
    psp.script["lookup"] = [Silent(acts=False)] * 50
    payment.send(CAPTURE, payment.meta("s1", "pay"), **_charge())
    payment.settle()
    psp.script.clear()
    payment.send(REFUND, payment.meta("s1", "pay", undo=True))
    payment.settle()
    assert payment.replies()[-1][1]["amount_minor"] == 13_912
    assert psp.net_minor() == 0
    assert payment.rows("SELECT amount_minor, refunded_minor FROM charges") == [(13_912, 13_912)]


def test_a_refund_of_a_charge_that_is_not_there_bars_its_key_for_ever(payment: World, psp: FakePsp) -> None:
    payment.replica()
    psp.script["charge"] = [Silent(acts=False)] * 50
    payment.send(CAPTURE, payment.meta("s1", "pay", budget_ms=300), **_charge())
    payment.settle()
    payment.send(REFUND, payment.meta("s1", "pay", undo=True))
    payment.settle()
    name, reply = payment.replies()[-1]
    assert (name, reply["amount_minor"], reply["refund_id"]) == ("payment.PaymentRefunded", 0, None)
    assert psp.closed == {"s1:pay"}
    assert _states(payment) == {"s1:pay": "barred", "s1:pay:undo": "done"}


def test_a_refund_before_its_charge_bars_the_late_charge(payment: World, psp: FakePsp) -> None:
    payment.replica()
    payment.send(REFUND, payment.meta("s1", "pay", undo=True))
    payment.send(CAPTURE, payment.meta("s1", "pay"), **_charge())
    payment.settle()
    answers = dict(payment.replies())
    assert answers["payment.PaymentRefunded"]["amount_minor"] == 0
    assert answers["saga.CommandFailed"]["code"] == "superseded_by_undo"
    assert psp.charges == {}
    assert psp.closed == {"s1:pay"}


def test_a_refund_during_the_charge_waits_for_it_and_then_refunds(payment: World, psp: FakePsp) -> None:
    payment.replica()
    psp.held.add("charge")
    payment.send(CAPTURE, payment.meta("s1", "pay"), **_charge())
    payment.settle()
    payment.send(REFUND, payment.meta("s1", "pay", undo=True))
    payment.settle()
    assert payment.replies() == []
    assert psp.asked("refund") == 0
    psp.held.clear()
    payment.settle()
    assert [name for name, _ in payment.replies()] == ["payment.PaymentCaptured", "payment.PaymentRefunded"]
    assert psp.net_minor() == 0


def test_a_retry_during_the_call_gets_the_answer(payment: World, psp: FakePsp) -> None:
    payment.replica()
    psp.held.add("charge")
    payment.send(CAPTURE, payment.meta("s1", "pay"), **_charge())
    payment.settle()
    payment.send(CAPTURE, payment.meta("s1", "pay", n=1), **_charge())
    payment.settle()
    psp.held.clear()
    payment.settle()
    assert payment.reply()[1]["meta"]["command_id"] == "s1:pay:1"
    assert psp.asked("charge") == 1


def test_a_refund_of_a_declined_charge_asks_nobody(payment: World, psp: FakePsp) -> None:
    payment.replica()
    payment.send(CAPTURE, payment.meta("s1", "pay"), **_charge(payment_method="pm_card_declined"))
    payment.settle()
    payment.send(REFUND, payment.meta("s1", "pay", undo=True))
    payment.settle()
    assert payment.replies()[-1][1]["amount_minor"] == 0
    assert (psp.asked("refund"), psp.asked("lookup")) == (0, 0)


def test_a_refund_in_trouble_is_transient_and_works_when_it_comes_again(payment: World, psp: FakePsp) -> None:
    payment.replica()
    payment.send(CAPTURE, payment.meta("s1", "pay"), **_charge())
    payment.settle()
    psp.script["refund"] = [Trouble("500"), NotSent(4_000)]
    for n in range(3):
        payment.send(REFUND, payment.meta("s1", "pay", n=n, undo=True))
        payment.settle()
    kinds = [reply.get("kind", name) for name, reply in payment.replies()]
    assert kinds == ["payment.PaymentCaptured", "TRANSIENT", "UNAVAILABLE", "payment.PaymentRefunded"]
    assert psp.net_minor() == 0


def test_a_refund_without_answer_is_sent_again_under_the_same_key(payment: World, psp: FakePsp) -> None:
    payment.replica()
    payment.send(CAPTURE, payment.meta("s1", "pay"), **_charge())
    payment.settle()
    psp.script["refund"] = [Silent(acts=True), Silent(acts=False)]
    payment.send(REFUND, payment.meta("s1", "pay", undo=True))
    payment.settle()
    assert payment.replies()[-1][0] == "payment.PaymentRefunded"
    assert len(psp.refunds) == 1
    assert psp.net_minor() == 0


def test_a_crash_during_the_call_is_resumed_with_a_look_up(payment: World, psp: FakePsp) -> None:
    first = payment.replica()
    psp.script["charge"] = [Silent(acts=True)]
    psp.held.add("charge")
    payment.send(CAPTURE, payment.meta("s1", "pay"), **_charge())
    payment.settle()
    payment.crash(first)
    psp.charges["s1:pay"] = {
        "id": "ch_9", "status": "captured", "amount_minor": 13_912, "currency": "GBP", "refunded_minor": 0
    }  # fmt: skip
    psp.held.clear()
    payment.replica()
    payment.settle()
    assert payment.reply()[1]["charge_id"] == "ch_9"
    assert psp.asked("charge") == 1


def test_a_crash_after_the_call_and_before_kafka_sends_the_reply_from_the_outbox(payment: World, psp: FakePsp) -> None:
    first = payment.replica()
    psp.held.add("charge")
    payment.send(CAPTURE, payment.meta("s1", "pay"), **_charge())
    payment.settle()
    psp.held.clear()
    payment.log.take_over("replica-0")
    with pytest.raises(Fatal):
        payment.settle()
    assert payment.replies() == []
    payment.crash(first)
    payment.replica()
    payment.settle()
    assert payment.reply()[0] == "payment.PaymentCaptured"
    assert psp.asked("charge") == 1
    payment.settle(30)
    assert payment.rows("SELECT id FROM outbox") == []


def test_a_partition_that_moves_takes_its_open_charges_along(payment: World, psp: FakePsp) -> None:
    first = payment.replica("replica-0")
    psp.held.add("charge")
    for n in range(8):
        payment.send(CAPTURE, payment.meta(f"s{n}", "pay"), **_charge())
    payment.settle()
    second = payment.replica("replica-1")
    payment.settle()
    psp.held.clear()
    payment.settle()
    names = [name for name, _ in payment.replies()]
    assert names == ["payment.PaymentCaptured"] * 8
    assert len(psp.charges) == 8
    assert psp.net_minor() == 8 * 13_912
    assert first is not second


def test_a_slow_charge_delays_nobody_else(payment: World, psp: FakePsp) -> None:
    payment.replica()
    psp.held.add("slow:pay")
    payment.send(CAPTURE, payment.meta("slow", "pay"), **_charge())
    payment.settle()
    for n in range(20):
        payment.send(CAPTURE, payment.meta(f"quick-{n}", "pay"), **_charge())
    payment.settle()
    assert {reply["meta"]["saga_id"] for _, reply in payment.replies()} == {f"quick-{n}" for n in range(20)}


def test_intake_pauses_while_too_much_is_open_and_goes_on(payment: World, psp: FakePsp) -> None:
    payment.bounds = type(payment.bounds)(batch=5, open_effects=6)
    payment.replica()
    psp.held.add("charge")
    for n in range(40):
        payment.send(CAPTURE, payment.meta(f"s{n}", "pay", budget_ms=60_000), **_charge())
    payment.settle(20)
    assert 6 < psp.asked("charge") <= 15
    psp.held.clear()
    payment.settle(40)
    assert len(payment.replies()) == 40
    assert len(psp.charges) == 40


def test_bad_amounts_are_refused_without_a_call(payment: World, psp: FakePsp) -> None:
    payment.replica()
    payment.send(CAPTURE, payment.meta("s1", "pay"), **_charge(amount_minor=0))
    payment.send(CAPTURE, payment.meta("s2", "pay"), **_charge(currency=""))
    payment.settle()
    assert [reply["code"] for _, reply in payment.replies()] == ["invalid_command"] * 2
    assert psp.calls == []
