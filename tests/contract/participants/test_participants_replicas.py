"""Replicas, races, aborted transactions, broken handlers: one effect all the same."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

from services.participant.command import Command
from services.participant.handlers import Local, Service
from services.participant.job import JobDone
from services.participant.outcome import Done, Outcome, transient
from services.participant.rounds import Rounds
from streams.errors import Abortable
from streams.memory_driver import MemoryDriver
from streams.record import Record, TopicPartition
from tests.contract.participants.providers import FakePsp
from tests.contract.participants.world import World

LOCK = "inventory.LockInventory"
CAPTURE = "payment.CapturePayment"
CHARGE = {"customer_id": "17850", "amount_minor": 500, "currency": "GBP", "payment_method": "pm_card_ok"}
CAPTURED = Done("payment.PaymentCaptured", {"charge_id": "ch_1", "amount_minor": 500, "currency": "GBP"})


def _rounds(world: World, service: Service[Any] | None = None) -> Rounds[Any]:
    database = world.database()
    return Rounds(service or world.make_service(database), database, world.codec, world.clock.now_ms)


def _locks(world: World, first: int, count: int, quantity: int = 1) -> list[Record]:
    lines = [{"sku": "tea", "quantity": quantity}]
    return [world.send(LOCK, world.meta(f"s{first + n}", "lock"), lines=lines) for n in range(count)]


def test_replicas_that_work_at_the_same_moment_never_oversell(inventory: World) -> None:
    replicas = [_rounds(inventory), _rounds(inventory)]
    batches = [[_locks(inventory, 100 * turn + 10 * side, 5) for turn in range(10)] for side in range(2)]

    def work(side: int) -> None:
        for batch in batches[side]:
            replicas[side].handle(batch, [], [])

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(work, range(2)))
    ((reserved, on_hand),) = inventory.rows("SELECT sum(reserved), sum(on_hand) FROM stock WHERE sku = 'tea'")
    assert (reserved, on_hand) == (45, 45)
    states = dict(inventory.rows("SELECT state, count(*) FROM effects GROUP BY state"))
    assert states == {"done": 45, "refused": 55}


def test_replicas_fed_the_same_commands_at_the_same_moment_have_one_effect_each(inventory: World) -> None:
    records = _locks(inventory, 0, 40)
    with ThreadPoolExecutor(4) as pool:
        harvests = list(
            pool.map(lambda replica: replica.handle(records, [], []), [_rounds(inventory) for _ in range(4)])
        )
    answers = [{(outgoing.key, outgoing.value) for outgoing in harvest.outgoing} for harvest in harvests]
    assert len(answers[0]) == 40
    assert all(answer == answers[0] for answer in answers)
    assert inventory.rows("SELECT sum(reserved) FROM stock WHERE sku = 'tea'") == [(40,)]


def test_a_replica_that_lost_its_partition_cannot_end_an_effect_another_one_resumed(payment: World) -> None:
    record = payment.send(CAPTURE, payment.meta("s1", "pay"), **CHARGE)
    first, second = _rounds(payment), _rounds(payment)
    (stale,) = first.handle([record], [], []).jobs
    (resumed,), _ = second.unfinished(record.partition)
    assert resumed.resumed

    late = first.handle([], [JobDone(stale, transient("provider_trouble", "503"))], [])
    assert late.outgoing == []
    assert payment.rows("SELECT state FROM effects") == [("open",)]
    settled = second.handle([], [JobDone(resumed, CAPTURED)], [])
    assert [payment.codec.decode(outgoing.value).name for outgoing in settled.outgoing] == [CAPTURED.reply]
    assert payment.rows("SELECT charge_id FROM charges") == [("ch_1",)]


def test_a_job_ends_an_effect_once(payment: World) -> None:
    record = payment.send(CAPTURE, payment.meta("s1", "pay"), **CHARGE)
    rounds = _rounds(payment)
    (job,) = rounds.handle([record], [], []).jobs
    first = rounds.handle([], [JobDone(job, CAPTURED)], [])
    again = rounds.handle([], [JobDone(job, CAPTURED)], [])
    assert (len(first.outgoing), len(again.outgoing)) == (1, 0)


class AbortingDriver(MemoryDriver):
    """Aborts the first `failures` transactions when they are to commit."""

    failures = 0

    def commit(self, offsets: Mapping[TopicPartition, int]) -> Mapping[TopicPartition, int]:
        """Commit, or fail as told."""
        if self.failures > 0:
            self.failures -= 1
            raise Abortable("scripted")
        return super().commit(offsets)


def test_after_an_aborted_transaction_the_stored_replies_are_sent_again(inventory: World) -> None:
    driver = AbortingDriver(inventory.log, "inventory", "replica-0")
    inventory.replica(driver=driver)
    driver.failures = 3
    _locks(inventory, 0, 5)
    inventory.settle(10)
    assert len(inventory.replies()) == 5
    assert inventory.rows("SELECT sum(reserved) FROM stock WHERE sku = 'tea'") == [(5,)]


def test_after_an_aborted_transaction_the_outbox_is_sent_again(payment: World, psp: FakePsp) -> None:
    driver = AbortingDriver(payment.log, "payment", "replica-0")
    payment.replica(driver=driver)
    psp.held.add("charge")
    payment.send(CAPTURE, payment.meta("s1", "pay"), **CHARGE)
    payment.settle()
    driver.failures = 2
    psp.held.clear()
    payment.settle(10)
    assert payment.reply()[0] == "payment.PaymentCaptured"
    assert psp.asked("charge") == 1


def test_a_broken_handler_stops_nobody_else(inventory: World) -> None:
    database = inventory.database()
    service = inventory.make_service(database)
    handler = service.handlers[LOCK]
    assert isinstance(handler, Local)

    def broken(command: Command, stock: Any) -> Outcome:
        outcome = handler.apply(command, stock)
        if command.meta["saga_id"] in ("s1", "s3"):
            raise KeyError("a bug")
        return outcome

    rounds = _rounds(inventory, replace(service, handlers={**service.handlers, LOCK: replace(handler, apply=broken)}))
    harvest = rounds.handle(_locks(inventory, 0, 5), [], [])
    names = _answers(inventory, harvest.outgoing)
    assert names == {
        b"s0": ["inventory.InventoryLocked"], b"s1": ["UNKNOWN internal_error", "dead letter"],
        b"s2": ["inventory.InventoryLocked"], b"s3": ["UNKNOWN internal_error", "dead letter"],
        b"s4": ["inventory.InventoryLocked"],
    }  # fmt: skip
    assert inventory.rows("SELECT sum(reserved) FROM stock WHERE sku = 'tea'") == [(3,)]


def _answers(world: World, outgoing: Sequence[Any]) -> dict[bytes, list[str]]:
    found: dict[bytes, list[str]] = {}
    for one in outgoing:
        name, fields = world.codec.decode(one.value)
        shown = f"{fields['kind']} {fields['code']}" if "kind" in fields else name
        found.setdefault(one.key, []).append("dead letter" if one.topic == "saga.dead-letters" else shown)
    return found


def test_a_result_that_cannot_be_recorded_is_unknown_and_stops_nobody_else(payment: World) -> None:
    records = [payment.send(CAPTURE, payment.meta(f"s{n}", "pay"), **CHARGE) for n in range(2)]
    rounds = _rounds(payment)
    good, bad = rounds.handle(records, [], []).jobs
    senseless = Done("payment.PaymentCaptured", {"charge_id": "ch_2"})
    harvest = rounds.handle([], [JobDone(bad, senseless), JobDone(good, CAPTURED)], [])
    assert sorted(name for (name,) in _answers(payment, harvest.outgoing).values()) == [
        "UNKNOWN internal_error", "payment.PaymentCaptured",
    ]  # fmt: skip
