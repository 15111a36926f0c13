"""What operators have done about sagas over REST: resolved, migrated, cancelled, refused where it makes no sense."""

from __future__ import annotations

from typing import Any

import pytest

from tests.contract.gateway.gate import Gate
from tests.contract.gateway.shop import Shop
from tests.contract.gateway.story import Story

DEED = {"action": "retry", "actor": "ann", "reason": "the PSP is back"}


def suspended(saga_id: str = "ord_sad") -> Story:
    """Give an order of which two compensations failed for good."""
    story = Story(saga_id).started().event("CompensationStarted", code="declined", message="no", plan=["pay", "lock"])
    return story.event(
        "SagaSuspended", code="declined", message="no", steps=["pay", "lock"], status="MANUAL_INTERVENTION"
    )


def held(saga_id: str = "etl_1", definition: str = "etl") -> Story:
    """Give a saga with a step that is held."""
    story = Story(saga_id, definition=definition).started().scheduled("load")
    return story.event("StepHeld", step="load", code="disk_full", message="no room", status="MANUAL_INTERVENTION")


def intervened(story: Story, action: str, *steps: str, undo: bool = True) -> Story:
    """Add a person's decision."""
    return story.event("InterventionMade", action=action, steps=steps, undo=undo, actor="ann", reason="seen")


@pytest.mark.parametrize(
    ("asked", "step"),
    [({}, None), ({"step": "pay"}, "pay"), ({"action": "skip", "step": "lock"}, "lock"), ({"action": "resume"}, None)],
)
def test_what_waits_for_a_person_is_resolved(shop: Shop, asked: dict[str, str], step: str | None) -> None:
    shop.project(suspended())

    async def scenario(gate: Gate) -> None:
        for _ in range(2):
            answer = await gate.call("POST", "/v1/sagas/ord_sad/resolve", {**DEED, **asked}, "r1")
            assert (answer.status, answer.headers["location"]) == (202, "/v1/sagas/ord_sad")
        first, again = gate.outlet.sent
        assert (first.topic, first.key, first.message) == ("saga.inputs", "ord_sad", "saga.ResolveSaga")
        assert first.fields == again.fields
        meta = first.fields.pop("meta")
        action = asked.get("action", "retry")
        assert meta["input_id"] == f"ord_sad:resolve:{action}:{step or ''}:r1"
        told = {"action": action, "step": step, "actor": "ann", "reason": "the PSP is back", "expected": None}
        assert first.fields == told

    shop.run(scenario)


def test_a_held_step_is_resolved(shop: Shop) -> None:
    shop.project(held())

    async def scenario(gate: Gate) -> None:
        answer = await gate.call("POST", "/v1/sagas/etl_1/resolve", {"action": "retry", "actor": "ann", "step": "load"})
        assert answer.status == 202
        assert (await gate.call("GET", "/v1/sagas/etl_1")).body["current_steps"] == ["load"]

    shop.run(scenario)


@pytest.mark.parametrize(
    ("story", "step"),
    [
        (Story("sag_x", definition="etl").started(), None),
        (suspended("sag_x"), "ship"),
        (intervened(suspended("sag_x"), "retry", "pay", "lock"), None),
        (intervened(suspended("sag_x"), "skip", "pay"), "pay"),
        (intervened(held("sag_x"), "retry", "load", undo=False), None),
    ],
    ids=["running", "another step", "tried again", "skipped", "a held step tried again"],
)
def test_what_waits_for_no_person_is_a_problem(shop: Shop, story: Story, step: str | None) -> None:
    shop.project(story)

    async def scenario(gate: Gate) -> None:
        refused = await gate.call("POST", "/v1/sagas/sag_x/resolve", {**DEED, "step": step})
        assert (refused.status, refused.body["type"]) == (409, "/problems/not-waiting")
        assert gate.outlet.sent == []

    shop.run(scenario)


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("resolve", {"action": "skip", "actor": "ann"}, "reason"),
        ("resolve", {"action": "skip", "actor": "ann", "reason": " "}, "reason"),
        ("resolve", {"action": "undo", "actor": "ann"}, "action"),
        ("resolve", {"action": "retry"}, "actor"),
        ("migrate", {"version": 0, "actor": "ann"}, "version"),
        ("migrate", {"version": 2}, "actor"),
    ],
)
def test_what_is_wrong_with_a_request_is_named(shop: Shop, path: str, body: dict[str, Any], field: str) -> None:
    shop.project(suspended())

    async def scenario(gate: Gate) -> None:
        refused = await gate.call("POST", f"/v1/sagas/ord_sad/{path}", body)
        assert refused.status == 422
        assert [error["field"] for error in refused.body["errors"]] == [field]
        assert (await gate.call("POST", f"/v1/sagas/none/{path}", {**DEED, "version": 2})).status in (404, 422)
        assert gate.outlet.sent == []

    shop.run(scenario)


def test_a_saga_is_migrated_to_a_version_that_is_deployed(shop: Shop) -> None:
    shop.project(Story("etl_1", definition="etl").started(), suspended())

    async def scenario(gate: Gate) -> None:
        gate.deployments.deployed["etl", 2] = gate.deployments.deployed["etl", 1]
        assert (await gate.call("POST", "/v1/sagas/etl_1/migrate", {"version": 2, "actor": "ann"}, "m1")).status == 202
        (sent,) = gate.outlet.sent
        assert (sent.message, sent.fields["version"], sent.fields["actor"]) == ("saga.MigrateSaga", 2, "ann")
        for saga, version, status, problem in (
            ("etl_1", 7, 404, "unknown-definition"),
            ("none", 2, 404, "unknown-saga"),
            ("ord_sad", 1, 409, "saga-ended"),
        ):
            refused = await gate.call("POST", f"/v1/sagas/{saga}/migrate", {"version": version, "actor": "ann"})
            assert (refused.status, refused.body["type"]) == (status, f"/problems/{problem}")

    shop.run(scenario)


def test_the_version_that_a_saga_went_over_to_is_shown(shop: Shop) -> None:
    moved = {"version": 2, "renamed": "{}", "outputs": None, "actor": "ann"}
    shop.project(
        Story("etl_1", definition="etl").started().event("SagaMigrated", **moved),
        Story("ord_a").started().event("SagaMigrated", **moved),
    )

    async def scenario(gate: Gate) -> None:
        for saga_id in ("etl_1", "ord_a"):
            assert (await gate.call("GET", f"/v1/sagas/{saga_id}")).body["version"] == 2

    shop.run(scenario)


@pytest.mark.parametrize(
    ("story", "status"),
    [
        (held("sag_x"), 202),
        (Story("sag_x").shipped(), 409),
        (suspended("sag_x"), 409),
        (Story("sag_x").started().event("CompensationStarted", code="c", message="", plan=[]), 409),
        (Story("sag_x").started().event("PivotPassed", step="pay"), 409),
    ],
    ids=["held", "completed", "suspended", "being undone", "past its pivot"],
)
def test_a_saga_is_cancelled_while_it_can_be(shop: Shop, story: Story, status: int) -> None:
    shop.project(story)

    async def scenario(gate: Gate) -> None:
        answer = await gate.call("POST", "/v1/sagas/sag_x/cancel", {"actor": "ann"})
        assert answer.status == status
        assert len(gate.outlet.sent) == (1 if status == 202 else 0)

    shop.run(scenario)


def test_the_history_tells_each_event_in_words(shop: Shop) -> None:
    story = Story("sag_x", definition="etl").started()
    story.event("ScopeEntered", step="rows", attempt=0, items="[1, 2]", timeout_at=None, source="")
    left = {"step": "rows", "part": "0", "failed_step": "rows/0/load", "plan": ["rows/0/read"], "leaving": "MISS"}
    story.event("ScopeFailed", code="disk_full", message="no room", **left)
    story.event("ScopeUnwound", step="rows", part="0").event("GatherClosed", step="rows")
    story.event("EventEmitted", step="tell", event_id="e", type="loaded", subject="sag_y", data="{}", source="")
    story.event("PivotPassed", step="publish").event("StepHeld", step="sum", code="gone", message="no host")
    intervened(story, "skip", "sum", undo=False)
    story.event("UndoRequested", actor="saga:sag_p", reason="declined", parent=None, settled=True)
    story.event("SagaMigrated", version=2, renamed="{}", outputs=None, actor="ann")
    shop.project(story)

    async def scenario(gate: Gate) -> None:
        events = (await gate.call("GET", "/v1/sagas/sag_x/history")).body["events"]
        told = {event["type"]: event["summary"] for event in events}
        assert told["SagaStarted"] == "etl version 1 begins"
        assert told["ScopeEntered"] == "rows begins over 2 items"
        assert told["ScopeFailed"] == (
            "rows/0 is left at rows/0/load, disk_full: no room; rows/0/read is undone, then rows goes on without it"
        )
        assert told["ScopeUnwound"] == "what rows/0 did is undone"
        assert told["EventEmitted"] == "loaded is published to sag_y"
        assert told["StepHeld"] == "sum failed for good and waits for a person: gone: no host"
        assert told["InterventionMade"] == "ann has sum left as it is: seen"
        assert told["UndoRequested"] == ("saga:sag_p takes the saga back: declined; nothing more happens because of it")
        assert told["SagaMigrated"] == "ann has the saga go on under version 2"
        (left_event,) = [event for event in events if event["type"] == "ScopeFailed"]
        assert left_event["detail"]["plan"] == ["rows/0/read"]

    shop.run(scenario)
