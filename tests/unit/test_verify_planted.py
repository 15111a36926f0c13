"""Each planted bug is found, and the finding names the order it was planted in."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest

from tests.unit.verify_story import (
    COMPLETED,
    DECLINED,
    MANUAL,
    PRICE,
    REVOKED,
    Story,
    honest_evidence,
    repaired_story,
    settled_by_hand,
)
from verify.evidence import DeadLetter, Event, Evidence, Message, Place, Refund, Shipment, Start
from verify.proof import prove

Plant = Callable[[Evidence], Evidence]


def test_an_honest_history_holds() -> None:
    report = prove(honest_evidence())
    assert report.findings == ()
    assert [one for one in report.sums if not one.holds] == []
    assert report.holds
    assert report.outcomes == {"COMPLETED": 1, "REVOKED": 2, "SUSPENDED": 1}
    assert report.manual == (MANUAL,)


def test_a_request_that_could_start_nothing_is_a_dead_letter_and_no_lost_saga() -> None:
    asked = [Start(f"sag_{name}", name, 0, "", (), Place("saga.inputs", 0, n)) for n, name in ((71, "etl"), (72, "x"))]
    letter = DeadLetter("sag_x", "saga.inputs/0@72", "unknown_definition", "x version newest is not loaded")
    honest = honest_evidence()
    report = prove(_log(honest, starts=[*honest.log.starts, *asked], dead_letters=[letter]))
    assert [finding.orders for finding in report.findings] == [("sag_etl",)]


def test_an_order_that_could_not_start_is_lost_all_the_same() -> None:
    honest = honest_evidence()
    lost = Start("ord_9", "order-fulfillment", PRICE, "GBP", (), Place("saga.inputs", 0, 72))
    letter = DeadLetter("ord_9", "saga.inputs/0@72", "unknown_definition", "it is not loaded")
    report = prove(_log(honest, starts=[*honest.log.starts, lost], dead_letters=[letter]))
    assert ("ord_9",) in [finding.orders for finding in report.findings]


def _ledgers(evidence: Evidence, **changes: Any) -> Evidence:
    return replace(evidence, ledgers=replace(evidence.ledgers, **changes))


def _tables(evidence: Evidence, **changes: Any) -> Evidence:
    return replace(evidence, tables=replace(evidence.tables, **changes))


def _log(evidence: Evidence, **changes: Any) -> Evidence:
    return replace(evidence, log=replace(evidence.log, **changes))


def _events(evidence: Evidence, saga_id: str, change: Callable[[list[Event]], Sequence[Event]]) -> Evidence:
    return _log(evidence, events={**evidence.log.events, saga_id: change(list(evidence.log.events[saga_id]))})


def _renumbered(events: Sequence[Event]) -> Sequence[Event]:
    return [replace(event, sequence=n) for n, event in enumerate(events, 1)]


def _index(events: Sequence[Event], name: str, step: str = "", *, undo: bool = False) -> int:
    return next(n for n, e in enumerate(events) if (e.name, e.step, e.undo) == (name, step, undo))


def _double_capture(evidence: Evidence) -> Evidence:
    again = replace(evidence.ledgers.charges[0], charge_id="ch_again", key="another key")
    return _ledgers(evidence, charges=[*evidence.ledgers.charges, again])


def _missing_refund(evidence: Evidence) -> Evidence:
    return _ledgers(evidence, refunds=[])


def _partial_refund(evidence: Evidence) -> Evidence:
    return _ledgers(evidence, refunds=[Refund("re_1", f"ch_{REVOKED}", PRICE - 1)])


def _double_refund(evidence: Evidence) -> Evidence:
    half = PRICE // 2
    return _ledgers(
        evidence, refunds=[Refund("re_1", f"ch_{REVOKED}", half), Refund("re_2", f"ch_{REVOKED}", PRICE - half)]
    )


def _shipped_and_refunded(evidence: Evidence) -> Evidence:
    return _ledgers(evidence, shipments=[*evidence.ledgers.shipments, Shipment("sh_2", REVOKED, "key", "active")])


def _charged_too_little(evidence: Evidence) -> Evidence:
    first, *others = evidence.ledgers.charges
    return _ledgers(evidence, charges=[replace(first, amount_minor=PRICE - 100), *others])


def _shipped_twice(evidence: Evidence) -> Evidence:
    return _ledgers(evidence, shipments=[*evidence.ledgers.shipments, Shipment("sh_2", COMPLETED, "key", "active")])


def _table_forgets_charge(evidence: Evidence) -> Evidence:
    return _tables(evidence, charges=evidence.tables.charges[1:])


def _lost_order(evidence: Evidence) -> Evidence:
    events = {saga_id: events for saga_id, events in evidence.log.events.items() if saga_id != DECLINED}
    return _log(evidence, events=events)


def _lost_before_the_log(evidence: Evidence) -> Evidence:
    return replace(evidence, accepted=evidence.accepted | {"ord_lost"})


def _unfinished(evidence: Evidence) -> Evidence:
    return _events(evidence, DECLINED, lambda events: events[:-1])


def _double_terminal(evidence: Evidence) -> Evidence:
    return _events(
        evidence, REVOKED, lambda events: [*events, replace(events[-1], sequence=len(events) + 1, name="SagaCompleted")]
    )


def _sequence_gap(evidence: Evidence) -> Evidence:
    return _events(evidence, COMPLETED, lambda events: [*events[:5], *events[6:]])


def _sequence_repeat(evidence: Evidence) -> Evidence:
    return _events(evidence, COMPLETED, lambda events: [*events[:6], events[5], *events[6:]])


def _reservation_left(evidence: Evidence) -> Evidence:
    *rest, last = [row for row in evidence.tables.allocations if row.saga_id != MANUAL]
    shelf, *others = evidence.tables.stock
    return _tables(
        evidence,
        allocations=[*rest, replace(last, state="reserved")],
        stock=[replace(shelf, reserved=last.quantity), *others],
    )


def _oversold(evidence: Evidence) -> Evidence:
    shelf, *others = evidence.tables.stock
    return _tables(evidence, stock=[replace(shelf, on_hand=-5, initial=5), *others])


def _stock_vanishes(evidence: Evidence) -> Evidence:
    shelf, *others = evidence.tables.stock
    return _tables(evidence, stock=[replace(shelf, on_hand=shelf.on_hand - 1), *others])


def _deducted_too_few(evidence: Evidence) -> Evidence:
    first, *others = evidence.tables.allocations
    shelf, *shelves = evidence.tables.stock
    return _tables(
        evidence,
        allocations=[replace(first, quantity=9), *others],
        stock=[replace(shelf, on_hand=shelf.on_hand + 1), *shelves],
    )


def _compensation_twice(evidence: Evidence) -> Evidence:
    def again(events: list[Event]) -> Sequence[Event]:
        at = _index(events, "StepCompleted", "capture-payment", undo=True)
        return _renumbered([*events[: at + 1], events[at], *events[at + 1 :]])

    return _events(evidence, REVOKED, again)


def _compensation_out_of_order(evidence: Evidence) -> Evidence:
    """Release the stock before the refund, and plan it so: only the order of the forward steps contradicts it."""

    def swap(events: list[Event]) -> Sequence[Event]:
        turn = _index(events, "CompensationStarted")
        plan = [*events[turn].fields["plan"][:-2], "lock-inventory", "capture-payment"]
        events[turn] = replace(events[turn], fields={**events[turn].fields, "plan": plan})
        at = _index(events, "StepScheduled", "capture-payment", undo=True)
        return _renumbered([*events[:at], *events[at + 2 : at + 4], *events[at : at + 2], *events[at + 4 :]])

    return _events(evidence, REVOKED, swap)


def _compensation_not_planned(evidence: Evidence) -> Evidence:
    def forget(events: list[Event]) -> Sequence[Event]:
        turn = _index(events, "CompensationStarted")
        plan = [step for step in events[turn].fields["plan"] if step != "capture-payment"]
        events[turn] = replace(events[turn], fields={**events[turn].fields, "plan": plan})
        return _renumbered([e for e in events if not (e.undo and e.step == "capture-payment")])

    return _events(evidence, REVOKED, forget)


def _illegal_lifecycle(evidence: Evidence) -> Evidence:
    return _events(
        evidence,
        COMPLETED,
        lambda events: [replace(e, lifecycle="paid") if e.lifecycle == "packed" else e for e in events],
    )


def _illegal_status(evidence: Evidence) -> Evidence:
    return _events(evidence, DECLINED, lambda events: [*events[:-1], replace(events[-1], status="COMPLETED")])


def _changelog_differs(evidence: Evidence) -> Evidence:
    state = {**evidence.log.states[COMPLETED], "lifecycle": "packed"}
    return _log(evidence, states={**evidence.log.states, COMPLETED: state})


def _changelog_behind(evidence: Evidence) -> Evidence:
    states: dict[str, Mapping[str, Any]] = dict(evidence.log.states)
    del states[DECLINED]
    return _log(evidence, states=states)


def _status_topic_behind(evidence: Evidence) -> Evidence:
    behind = replace(evidence.log.statuses[COMPLETED], lifecycle="packed")
    return _log(evidence, statuses={**evidence.log.statuses, COMPLETED: behind})


def _command_without_event(evidence: Evidence) -> Evidence:
    ghost = replace(evidence.log.commands[0], command_id=f"{COMPLETED}:ghost:0")
    return _log(evidence, commands=[*evidence.log.commands, ghost])


def _event_without_command(evidence: Evidence) -> Evidence:
    return _log(evidence, commands=evidence.log.commands[1:])


def _command_sent_twice(evidence: Evidence) -> Evidence:
    again = replace(evidence.log.commands[0], place=Place("inventory.commands", 0, 99))
    return _log(evidence, commands=[*evidence.log.commands, again])


def _two_confirmations(evidence: Evidence) -> Evidence:
    again = Message("email", COMPLETED, "order-confirmed", "another key")
    return _ledgers(evidence, messages=[*evidence.ledgers.messages, again])


def _no_cancellation(evidence: Evidence) -> Evidence:
    kept = [m for m in evidence.ledgers.messages if m.template != "order-cancelled"]
    return _ledgers(evidence, messages=kept)


PLANTED: Sequence[tuple[Plant, str, str]] = [
    (_double_capture, "money", COMPLETED),
    (_missing_refund, "money", REVOKED),
    (_partial_refund, "money", REVOKED),
    (_double_refund, "compensation", REVOKED),
    (_shipped_and_refunded, "money", REVOKED),
    (_charged_too_little, "money", COMPLETED),
    (_shipped_twice, "shipments", COMPLETED),
    (_table_forgets_charge, "agreement", COMPLETED),
    (_lost_order, "outcome", DECLINED),
    (_lost_before_the_log, "outcome", "ord_lost"),
    (_unfinished, "outcome", DECLINED),
    (_double_terminal, "outcome", REVOKED),
    (_sequence_gap, "sequence", COMPLETED),
    (_sequence_repeat, "sequence", COMPLETED),
    (_reservation_left, "stock", DECLINED),
    (_oversold, "stock", COMPLETED),
    (_stock_vanishes, "stock", COMPLETED),
    (_deducted_too_few, "stock", COMPLETED),
    (_compensation_twice, "compensation", REVOKED),
    (_compensation_out_of_order, "compensation", REVOKED),
    (_compensation_not_planned, "compensation", REVOKED),
    (_illegal_lifecycle, "transition", COMPLETED),
    (_illegal_status, "transition", DECLINED),
    (_changelog_differs, "changelog", COMPLETED),
    (_changelog_behind, "changelog", DECLINED),
    (_status_topic_behind, "orders.status", COMPLETED),
    (_command_without_event, "commands", COMPLETED),
    (_event_without_command, "commands", COMPLETED),
    (_command_sent_twice, "commands", COMPLETED),
    (_two_confirmations, "messages", COMPLETED),
    (_no_cancellation, "messages", REVOKED),
]


@pytest.mark.parametrize(("plant", "check", "order"), PLANTED, ids=[plant.__name__[1:] for plant, _, _ in PLANTED])
def test_a_planted_bug_is_named_with_its_order(plant: Plant, check: str, order: str) -> None:
    report = prove(plant(honest_evidence()))
    assert not report.holds
    assert [finding for finding in report.findings if finding.check == check and order in finding.orders], (
        report.findings
    )


def test_an_order_that_waits_for_a_person_is_listed_apart() -> None:
    report = prove(honest_evidence())
    assert MANUAL in report.manual
    assert all(MANUAL not in finding.orders for finding in report.findings)


def test_what_the_topics_have_forgotten_by_age_is_not_held_against_anybody() -> None:
    evidence = honest_evidence()
    begun = {start.saga_id: start for start in evidence.log.starts}
    old = _log(evidence, starts=(), begun=begun, commands=(), states={}, statuses={})
    assert not prove(old).holds
    assert prove(replace(old, forgotten_before_ms=10_000)).holds


def test_a_state_taken_out_of_the_changelog_is_missed_while_its_saga_runs() -> None:
    running = _unfinished(_changelog_behind(honest_evidence()))
    findings = prove(_log(running, expired=frozenset({DECLINED}))).findings
    assert [finding for finding in findings if finding.check == "changelog" and DECLINED in finding.orders]


def _after(evidence: Evidence, story: Story) -> Evidence:
    """Return the evidence where the order that waited for a person went on like this."""
    others = [command for command in evidence.log.commands if command.saga_id != MANUAL]
    return _log(
        evidence,
        events={**evidence.log.events, MANUAL: story.events},
        commands=[*others, *story.commands],
        states={**evidence.log.states, MANUAL: story.state()},
        statuses={**evidence.log.statuses, MANUAL: story.last_status()},
    )


def test_a_refund_that_a_person_skipped_is_that_persons_affair() -> None:
    report = prove(_after(honest_evidence(), settled_by_hand()))
    assert report.findings == ()
    assert report.holds
    assert (report.manual, report.by_hand) == ((), (f"{MANUAL}: capture-payment:undo",))


def test_a_refund_that_was_repaired_has_to_be_in_the_books() -> None:
    evidence = _after(honest_evidence(), repaired_story())
    missing = prove(evidence)
    assert [one for one in missing.findings if one.check == "money" and MANUAL in one.orders]

    refunds = [*evidence.ledgers.refunds, Refund("re_2", f"ch_{MANUAL}", PRICE)]
    rows = [replace(row, refunded_minor=PRICE) if row.saga_id == MANUAL else row for row in evidence.tables.charges]
    report = prove(_tables(_ledgers(evidence, refunds=refunds), charges=rows))
    assert report.findings == ()
    assert report.holds
