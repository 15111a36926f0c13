"""History and audit topic tell the same transitions, from the orchestrator's own records."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from schemas import topics
from schemas.cloudevents import rfc3339
from tests.contract.gateway.gate import Gate
from tests.contract.gateway.shop import Shop
from tests.contract.gateway.story import Story
from tests.orchestrator_world import World
from tests.saga_story import order_data
from tests.scripted_participants import Reply, failure, success

ORDER = "ord_a"


def _well(world: World) -> None:
    world.start_order(ORDER)
    world.run()


def _revoked(world: World) -> None:
    def declined(name: str, command: Mapping[str, Any]) -> Reply:
        return failure(command, "REJECTED", "no") if name == "payment.CapturePayment" else success(name, command)

    world.start_order(ORDER)
    world.run(declined)


def _approved(world: World) -> None:
    data = json.dumps({**order_data(15_000), "order_id": ORDER})
    world.send("saga.StartSaga", ORDER, definition="order-fulfillment", version=None, data=data)
    world.settle()
    world.send("saga.Signal", ORDER, name="approve", actor="ann", data="{}")
    world.run()


def _cancelled(world: World) -> None:
    world.start_order(ORDER)
    world.settle()
    world.send("saga.CancelSaga", ORDER, actor="mara", reason="changed my mind")
    world.run()


@pytest.mark.parametrize(
    ("happens", "actors"),
    [
        (_well, {"orchestrator"}),
        (_revoked, {"orchestrator"}),
        (_approved, {"orchestrator", "ann"}),
        (_cancelled, {"orchestrator", "mara"}),
    ],
)
def test_history_and_audit_tell_the_same_transitions(
    shop: Shop, happens: Callable[[World], None], actors: set[str]
) -> None:
    world = World()
    happens(world)
    story = Story(ORDER)
    story.values = [record.value or b"" for record in world.records(topics.EVENTS.name)]
    shop.project(story)
    audit = [json.loads(record.value or b"") for record in world.records(topics.AUDIT.name)]

    async def scenario(gate: Gate) -> None:
        entries = (await gate.call("GET", f"/v1/orders/{ORDER}/history")).body["events"]
        assert sorted({one["sequence"] for one in entries}) == list(range(1, len(story.values) + 1))
        assert all(one["at"] and one["version"] == 1 for one in entries)
        told = [
            (one["sequence"], one["from"], one["to"], one["type"], one["at"], one["actor"], one["version"])
            for one in entries
            if one["from"] != one["to"]
        ]
        recorded = [
            (one["sequence"], one["from"], one["to"], one["event"], rfc3339(one["at"]), one["actor"], one["version"])
            for one in audit
        ]
        assert told == recorded
        assert len(recorded) > 3
        assert {one[5] for one in recorded} == actors

    shop.run(scenario)
