"""The audit trail: one record for each change of a saga's business state, and who or what caused it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from schemas import topics
from tests.orchestrator_world import World
from tests.saga_story import order_data
from tests.scripted_participants import failure, success


def trail(world: World, saga_id: str = "ord_a") -> list[dict[str, Any]]:
    found = [json.loads(record.value or b"") for record in world.records(topics.AUDIT.name)]
    return [entry for entry in found if entry["saga_id"] == saga_id]


def transitions(world: World, saga_id: str = "ord_a") -> list[tuple[int, str, str]]:
    """Return the changes of the business state that the events tell, with their sequence numbers."""
    reached = [fields["meta"] for _, fields in world.events(saga_id)]
    states = [(meta["sequence"], meta["lifecycle"], meta["status"]) for meta in reached]
    return [state for before, state in zip([(0, "", ""), *states], states, strict=False) if before[1:] != state[1:]]


def told(world: World, saga_id: str = "ord_a") -> list[tuple[int, str, str]]:
    return [(one["sequence"], one["to"]["lifecycle"], one["to"]["status"]) for one in trail(world, saga_id)]


def test_each_change_of_an_order_that_goes_well_is_one_record() -> None:
    world = World()
    world.start_order()
    world.run()

    assert told(world) == transitions(world)
    assert len(told(world)) > 5
    first, second = trail(world)[:2]
    assert first["from"] is None
    assert first["event"] == "SagaStarted"
    assert second["from"] == first["to"]


def test_a_change_in_the_middle_of_a_decision_is_not_passed_over() -> None:
    world = World()
    world.start_order()
    world.run(
        lambda name, command: (
            failure(command, "REJECTED", "no") if name == "payment.CapturePayment" else success(name, command)
        )
    )

    assert told(world) == transitions(world)
    assert [entry["to"]["status"] for entry in trail(world)][-2:] == ["COMPENSATING", "TRANSACTION_REVOKED"]


def test_a_record_names_the_person_who_acted() -> None:
    world = World()
    world.start_order()
    world.settle()
    world.send("saga.CancelSaga", "ord_a", actor="mara", reason="changed my mind")
    world.run()

    [turned] = [entry for entry in trail(world) if entry["to"]["status"] == "COMPENSATING"]
    assert turned["actor"] == "mara"
    assert turned["event"] == "CompensationStarted"
    assert trail(world)[0]["actor"] == "orchestrator"


def test_a_saga_that_is_started_without_audit_runs_the_same_and_leaves_no_record() -> None:
    """Guards M105."""
    world = World()
    for saga_id, options in (("ord_a", '{"audit": false}'), ("ord_b", "{}")):
        data = json.dumps({**order_data(), "order_id": saga_id})
        world.send("saga.StartSaga", saga_id, definition="order-fulfillment", version=None, data=data, options=options)
    world.run()

    assert world.names("ord_a") == world.names("ord_b")
    assert trail(world, "ord_a") == []
    assert told(world, "ord_b") == transitions(world, "ord_b")


@pytest.mark.parametrize(
    "options",
    [
        '{"audits": false}',
        '{"audit": 1}',
        '{"max_retries": -1}',
        '{"max_retries": true}',
        '{"timeout_ms": 0}',
        "[]",
        "x",
    ],
)
def test_options_that_nobody_knows_or_understands_start_nothing(options: str) -> None:
    world = World()
    world.send("saga.StartSaga", "ord_a", definition="order-fulfillment", version=None, data="{}", options=options)
    world.settle()

    [code] = [code for code, _, _ in world.dead_letters()]
    assert code in {"unusable_options", "undecodable"}
    assert world.events() == []


def test_an_abort_leaves_no_record_twice() -> None:
    world = World()
    world.driver.failing_commits = 2
    world.start_order()
    world.run()
    world.start_order()
    world.settle()

    assert told(world) == transitions(world)
