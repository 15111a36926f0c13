"""Raw records become the log: decoded, in order, and nothing unreadable goes unnoticed."""

from __future__ import annotations

import json
from typing import Any

from schemas.codec import Codec
from verify.log_reading import LogBuilder
from verify.topics import Raw

CODEC = Codec()
META = {
    "saga_id": "ord_1",
    "sequence": 1,
    "at": 5,
    "definition": "order-fulfillment",
    "version": 1,
    "lifecycle": "pending",
    "status": "RUNNING",
    "cause": "c",
}
COMMAND = {
    "saga_id": "ord_1",
    "sequence": 3,
    "command_id": "ord_1:lock:undo:0",
    "token": "ord_1:lock:undo",
    "undoes": "ord_1:lock",
    "step": "lock",
    "attempt": 0,
    "issued_at": 5,
    "deadline": 9,
}


def _raw(topic: str, offset: int, value: bytes | None, key: str = "ord_1", **headers: str) -> Raw:
    return Raw(topic, 0, offset, 1_000, key, value, headers)


def _start(definition: str, data: Any) -> bytes:
    meta = {"saga_id": "ord_1", "input_id": "i", "at": 1, "source": "gateway"}
    fields = {"meta": meta, "definition": definition, "version": None, "data": json.dumps(data)}
    return CODEC.encode("saga.StartSaga", fields)


def _log(*records: Raw) -> LogBuilder:
    builder = LogBuilder(Codec())
    builder.add(records)
    return builder


def test_a_start_gives_price_and_lines() -> None:
    line = {"sku": "85123A", "description": "", "quantity": 6, "unit_price_minor": 255}
    data = {"total_minor": 1530, "currency": "GBP", "lines": [line]}
    (start,) = _log(_raw("saga.inputs", 0, _start("order-fulfillment", data))).build().starts
    assert (start.saga_id, start.price_minor, start.lines[0].quantity) == ("ord_1", 1530, 6)


def test_a_start_of_another_definition_has_no_price() -> None:
    (start,) = _log(_raw("saga.inputs", 0, _start("four-steps", {}))).build().starts
    assert (start.definition, start.price_minor, start.lines) == ("four-steps", 0, ())


def test_an_order_with_data_that_is_none_is_read_and_worth_nothing() -> None:
    """Operators may start any definition with any data; its own first step refuses it."""
    log = _log(_raw("saga.inputs", 0, _start("order-fulfillment", {"lines": 5}))).build()
    assert log.unreadable == []
    assert (log.starts[0].price_minor, log.starts[0].lines) == (0, ())


def test_events_of_a_saga_stay_in_the_order_of_the_log() -> None:
    cancel = {"meta": {**META, "sequence": 2}, "actor": "a", "reason": "r"}
    revoked = {"meta": {**META, "sequence": 3}, "code": "c", "message": "m"}
    log = _log(
        _raw("saga.events", 0, CODEC.encode("saga.CancelRequested", cancel)),
        _raw("saga.events", 1, CODEC.encode("saga.SagaRevoked", revoked)),
    ).build()
    assert [(event.sequence, event.name) for event in log.events["ord_1"]] == [
        (2, "CancelRequested"),
        (3, "SagaRevoked"),
    ]


def test_garbage_without_a_dead_letter_is_held_against_the_installation() -> None:
    log = _log(_raw("saga.replies", 7, b"\xde\xad")).build()
    assert len(log.unreadable) == 1
    assert log.unreadable[0].startswith("saga.replies/0@7")


def test_garbage_with_its_dead_letter_is_accounted_for() -> None:
    letter = _raw(
        "saga.dead-letters", 0, b"\xde\xad", origin_topic="saga.replies", origin_partition="0", origin_offset="7"
    )
    log = _log(_raw("saga.replies", 7, b"\xde\xad"), letter).build()
    assert log.unreadable == []
    assert log.dead_letters[0].origin == "saga.replies/0@7"


def test_a_decision_about_a_dead_letter_is_none_and_a_command_that_was_put_back_is_the_one_that_was_sent() -> None:
    decision = _raw("saga.dead-letters", 0, b"{}", decides="0-7")
    command = CODEC.encode("inventory.ReleaseInventory", {"meta": COMMAND, "order_id": "ord_1"})
    again = _raw("inventory.commands", 1, command, **{"redriven-of": "inventory.commands:0:0"})
    log = _log(decision, _raw("inventory.commands", 0, command), again).build()
    assert log.dead_letters == []
    assert len(log.commands) == 1


def test_commands_to_participants_of_somebody_else_are_read_from_their_topics() -> None:
    scheduled = {
        "step": "award", "undo": False, "attempt": 0, "command_id": "ord_1:award:0", "token": "ord_1:award",
        "command": "loyalty.AwardPoints", "topic": "loyalty.commands", "data": "{}", "deadline": 9,
    }  # fmt: skip
    event = CODEC.encode("saga.StepScheduled", {"meta": META, **scheduled})
    command = {"meta": {**COMMAND, "undoes": None}, "type": "loyalty.AwardPoints", "data": "{}"}
    builder = _log(_raw("saga.events", 0, event))
    assert builder.further_topics == ["loyalty.commands"]
    theirs = _raw("loyalty.commands", 1, b"what others write there")
    builder.add([_raw("loyalty.commands", 0, CODEC.encode("saga.GenericCommand", command)), theirs])
    log = builder.build()
    assert [(one.name, one.place.topic) for one in log.commands] == [("AwardPoints", "loyalty.commands")]
    assert log.unreadable == []


def test_a_tombstone_takes_a_state_away_and_origins_are_no_states() -> None:
    origin = CODEC.encode("saga.Origin", {"saga_id": "ord_1", "data": "{}", "parameters": "{}"})
    changelog = "orchestrator.sagas-changelog"
    log = _log(_raw(changelog, 0, origin, key="ord_1/origin"), _raw(changelog, 1, None)).build()
    assert log.states == {}


def test_reading_goes_on_where_it_ended() -> None:
    builder = _log(_raw("saga.replies", 7, b"\xde\xad"))
    assert builder.next_offsets == {("saga.replies", 0): 8}


def test_what_a_saga_sends_its_child_is_a_command_of_the_step_that_runs_it() -> None:
    meta = {"saga_id": "ord_1.notify", "input_id": "ord_1:notify:undo:2", "at": 1, "source": "/sagaline/orchestrator"}
    fields = {"meta": meta, "actor": "saga:ord_1", "reason": "r", "parent": None}
    undo = _raw("saga.inputs", 0, CODEC.encode("saga.UndoSaga", fields), causationid="ord_1:7")
    from_a_person = CODEC.encode("saga.UndoSaga", {**fields, "meta": {**meta, "source": "gateway"}})
    (command,) = _log(undo, _raw("saga.inputs", 1, from_a_person)).build().commands
    assert (command.saga_id, command.sequence, command.step, command.attempt) == ("ord_1", 7, "notify", None)
    assert (command.token, command.undoes, command.name) == ("ord_1:notify:undo", "ord_1:notify", "UndoSaga")
