"""The log's lines about sagas: one for each event, once it is committed, and nothing of anybody's data in it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, get_args

import pytest
from jsonschema import Draft7Validator

from orchestrator.core.events import Event
from orchestrator.telemetry import KINDS
from schemas import topics
from schemas.json_schema import json_schema
from schemas.telemetry import Kind
from tests.orchestrator_world import World
from tests.saga_story import order_data
from tests.scripted_participants import Reply, failure, success

TRACE = "0af7651916cd43dd8448eb211c80319c"


def check(lines: list[dict[str, Any]]) -> None:
    """Fail where a line is none of the published schema."""
    schema = json_schema("telemetry")
    assert schema is not None
    validator = Draft7Validator(schema)
    for line in lines:
        validator.validate(line)


def told(world: World, saga_id: str = "ord_a") -> list[tuple[int, str]]:
    """Return the numbers and names of the events that the log tells of."""
    return [(line["sequence"], line["message"]) for line in world.logged() if line["saga_id"] == saga_id]


def happened(world: World, saga_id: str = "ord_a") -> list[tuple[int, str]]:
    """Return the numbers and names of the events on the topic."""
    return [(fields["meta"]["sequence"], name) for name, fields in world.events(saga_id)]


def once_in_trouble(name: str, command: Mapping[str, Any]) -> Reply | None:
    """Answer each command of inventory with trouble at first, and refuse the shipment."""
    if name == "inventory.LockInventory" and command["meta"]["attempt"] == 0:
        return failure(command, "TRANSIENT", "trouble")
    return success(name, command)


def run_with_a_retry(world: World) -> None:
    """Run an order whose first command meets trouble once, to its end."""
    world.start_order()
    world.run(once_in_trouble)
    world.later(60_000)
    world.run(once_in_trouble)


def test_every_event_has_a_kind_that_is_published() -> None:
    schema = json_schema("telemetry")
    assert schema is not None
    assert set(KINDS) == set(get_args(Event))
    assert schema["definitions"]["kind"]["enum"] == [kind.value for kind in Kind]


def test_a_retried_order_leaves_one_line_for_each_of_its_events() -> None:
    """Guards M99."""
    world = World()
    run_with_a_retry(world)

    assert world.statuses()[-1]["status"] == "COMPLETED"
    assert told(world) == happened(world)
    lines = world.logged()
    assert {line["correlation_id"] for line in lines} == {"ord_a"}
    assert {"started", "completed", "failed", "retried"} <= {line["kind"] for line in lines}
    check(lines)


def test_a_line_says_what_a_monitor_needs() -> None:
    world = World()
    run_with_a_retry(world)
    [failed] = [line for line in world.logged() if line["kind"] == "failed"]
    meta = next(fields["meta"] for name, fields in world.events() if name == "StepFailed")

    assert failed == {
        "at_ms": meta["at"],
        "level": "INFO",
        "process": "orchestrator-0",
        "logger": "transition",
        "message": "StepFailed",
        "kind": "failed",
        "correlation_id": "ord_a",
        "saga_id": "ord_a",
        "definition": "order-fulfillment",
        "version": meta["version"],
        "sequence": meta["sequence"],
        "lifecycle": meta["lifecycle"],
        "status": meta["status"],
        "step": "lock-inventory",
        "undo": False,
        "attempt": 0,
        "code": "trouble",
    }


def test_an_undone_order_tells_of_its_compensations() -> None:
    world = World()
    world.start_order()
    world.run(
        lambda name, command: (
            failure(command, "REJECTED", "no") if name == "shipping.ShipOrder" else success(name, command)
        )
    )

    assert told(world) == happened(world)
    assert "compensating" in {line["kind"] for line in world.logged()}
    undone = [line["step"] for line in world.logged() if line.get("undo") and line["kind"] == "completed"]
    assert undone[-1] == "lock-inventory"
    check(world.logged())


def test_the_trace_of_a_saga_is_in_its_lines() -> None:
    world = World()
    meta = {"saga_id": "ord_a", "input_id": "in_1", "at": world.now, "source": "/test"}
    fields = {"meta": meta, "definition": "order-fulfillment", "version": None, "data": json.dumps(order_data())}
    value = world.codec.encode("saga.StartSaga", fields)
    trace = f"00-{TRACE}-b7ad6b7169203331-01".encode()
    world.log.produce(topics.INPUTS.name, b"ord_a", value, [("traceparent", trace)])
    world.run()

    assert {line["trace_id"] for line in world.logged()} == {TRACE}
    check(world.logged())


@pytest.mark.parametrize("failing", range(5))
def test_an_aborted_transaction_tells_nothing_and_its_repetition_tells_all_once(failing: int) -> None:
    """Guards that a line is a fact: written before the commit, it would tell of what never happened."""
    world = World()
    world.start_order()
    for _ in range(failing):
        world.settle()
        world.answer()
    before = told(world)
    world.driver.failing_commits = 1
    world.runtime.run_once()
    assert told(world) == before
    world.run()

    assert told(world) == happened(world)


def test_a_saga_without_an_audit_trail_is_told_of_all_the_same() -> None:
    """Guards C45."""
    world = World()
    data = json.dumps({**order_data(), "order_id": "ord_a"})
    fields = {"definition": "order-fulfillment", "version": None, "data": data, "options": '{"audit": false}'}
    world.send("saga.StartSaga", "ord_a", **fields)
    world.run()

    assert world.records(topics.AUDIT.name) == []
    assert told(world) == happened(world)
    assert len(told(world)) > 20


def test_nothing_of_what_a_client_a_provider_or_a_person_wrote_is_in_a_line() -> None:
    world = World()
    world.start_order(customer_id="cus_planted", note="note_planted")
    world.run(
        lambda name, command: (
            failure(command, "REJECTED", "declined", message="message_planted")
            if name == "payment.CapturePayment"
            else success(name, command)
        )
    )
    world.start_order("ord_b")
    world.settle()
    world.send("saga.CancelSaga", "ord_b", actor="actor_planted", reason="reason_planted")
    world.run()

    assert len(world.logged()) > 20
    assert b"planted" not in world.log_lines


@pytest.mark.parametrize(
    ("code", "shown"),
    [
        ("card_declined", "card_declined"),
        ("R03", "R03"),
        ("acquirer.do-not-honor", "acquirer.do-not-honor"),
        ("card of Ann Planted declined", "other"),
        ("ann@planted.example", "other"),
        ("4000-0000-0000-0002", "other"),
        ("4000000000000002", "other"),
        ("x" * 65, "other"),
        ("caf\u00e9", "other"),
        ("a\n", "other"),
        ("", "other"),
    ],
)
def test_a_code_is_told_where_it_is_a_word_and_no_text_of_a_provider(code: str, shown: str) -> None:
    world = World()
    world.start_order()
    world.run(
        lambda name, command: (
            failure(command, "REJECTED", code) if name == "payment.CapturePayment" else success(name, command)
        )
    )

    failed = [fields["code"] for name, fields in world.events() if name == "StepFailed"]
    assert failed == [code]
    told_codes = {line["code"] for line in world.logged() if "code" in line}
    assert told_codes == {shown}
    check(world.logged())
