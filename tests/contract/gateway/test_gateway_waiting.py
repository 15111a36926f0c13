"""Clients learn of changes without asking again and again, and change nothing that they have not seen."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from services.gateway.reading import streaming
from tests.contract.gateway.callers import having
from tests.contract.gateway.gate import Answer, Gate
from tests.contract.gateway.shop import Shop
from tests.contract.gateway.story import Story
from tests.order_form import form

ACTOR = {"actor": "ann", "reason": "late"}


def events(answer: Answer) -> list[dict[str, Any]]:
    """Return the events of a stream as (id, event, data); heartbeats are left out."""
    found = []
    for block in answer.raw.decode().split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.splitlines() if not line.startswith(":"))
        if fields:
            found.append({**fields, "data": json.loads(fields["data"])})
    return found


def test_what_the_client_has_is_not_sent_again(shop: Shop) -> None:
    shop.project(Story("ord_a").shipped(), Story("etl_1", definition="etl").started())

    async def scenario(gate: Gate) -> None:
        for url in ("/v1/orders/ord_a", "/v1/sagas/ord_a", "/v1/sagas/etl_1"):
            shown = await gate.call("GET", url)
            tag = shown.headers["etag"]
            assert tag == f'"{shown.body["sequence"]}"'
            for known in (tag, f"W/{tag}", f'"x", {tag}', "*"):
                unchanged = await gate.call("GET", url, **having({"if-none-match": known}))
                assert (unchanged.status, unchanged.raw, unchanged.headers["etag"]) == (304, b"", tag)
            assert (await gate.call("GET", url, **having({"if-none-match": '"0"'}))).status == 200
        taken = await gate.call("POST", "/v1/orders", form(), "k1")
        assert (await gate.call("GET", taken.headers["location"])).headers["etag"] == '"0"'

    shop.run(scenario)


def test_a_change_of_another_state_is_refused_and_leaves_no_record(shop: Shop) -> None:
    story = Story("ord_a").started().awaiting_approval()
    held = Story("etl_1", definition="etl").started()
    held.event("StepHeld", step="load", code="gone", message="no host", status="WAITS")
    shop.project(story, held)
    changes: list[tuple[str, str, dict[str, Any]]] = [
        ("ord_a", "/v1/orders/ord_a/cancel", ACTOR),
        ("ord_a", "/v1/orders/ord_a/approve", ACTOR),
        ("ord_a", "/v1/approvals/ord_a", {"decision": "approve", **ACTOR}),
        ("ord_a", "/v1/sagas/ord_a/cancel", ACTOR),
        ("etl_1", "/v1/sagas/etl_1/resolve", {"action": "retry", **ACTOR}),
    ]

    async def scenario(gate: Gate) -> None:
        for saga_id, url, body in changes:
            tag = (await gate.call("GET", f"/v1/sagas/{saga_id}")).headers["etag"]
            already = len(gate.outlet.sent)
            for other in ('"1"', '"99", "98"', "nonsense"):
                refused = await gate.call("POST", url, body, "k", **having({"if-match": other}))
                assert (refused.status, refused.body["type"]) == (412, "/problems/precondition-failed"), url
                assert refused.headers["etag"] == tag
            assert len(gate.outlet.sent) == already
            seen = int(tag.strip('"'))
            for good, expected in ((tag, seen), ("*", None), (f'"1", {tag}', seen)):
                assert (await gate.call("POST", url, body, "k", **having({"if-match": good}))).status == 202, url
                assert gate.outlet.sent[-1].fields["expected"] == expected
            assert (await gate.call("POST", url, body, "k")).status == 202
            assert gate.outlet.sent[-1].fields["expected"] is None

    shop.run(scenario)


def test_what_the_saga_refused_after_all_is_in_its_history_and_explained(shop: Shop) -> None:
    story = Story("ord_a").started()
    cancel = {"input": "cancel", "actor": "ann"}
    named = {"expected": 7, "meant_for": None}
    asked = {"input_id": "ord_a:cancel:k1", "cause": "ord_a:cancel:k1"}
    story.event("InputIgnored", **asked, reason="too late", **cancel, **named)
    signal = {"step": "approval", "signal": "approve", "actor": "ann", "data": "{}", "settles": True}
    story.event("SignalReceived", cause="ord_a:approve:k2", **signal)
    again = {"input": "approve", "actor": "ann"}
    story.event("InputIgnored", input_id="ord_a:approve:k2", reason="again", cause="ord_a:approve:k2", **again)
    shop.project(story)

    async def scenario(gate: Gate) -> None:
        told = (await gate.call("GET", "/v1/orders/ord_a/explain")).body
        assert told["refused"] == [{"at": "2023-11-14T22:13:20.003Z", **cancel, "reason": "too late", **named}]
        events = (await gate.call("GET", "/v1/orders/ord_a/history")).body["events"]
        assert "cancel of ann is ignored: too late" in [event["summary"] for event in events]

    shop.run(scenario)


def test_a_client_that_prefers_to_wait_gets_the_end_of_its_order(shop: Shop) -> None:
    async def scenario(gate: Gate) -> None:
        posting = asyncio.create_task(gate.call("POST", "/v1/orders", form(), "k1", prefer="respond-async, wait=20"))
        await gate.outlet.arrived.wait()
        order_id = gate.outlet.sent[0].key
        await asyncio.to_thread(shop.project, Story(order_id).shipped())
        done = await posting
        assert (done.status, done.body["status"], done.headers["preference-applied"]) == (200, "COMPLETED", "wait=20")
        assert done.headers["location"] == f"/v1/orders/{order_id}"
        assert (await gate.call("POST", "/v1/orders", form(), "k1", prefer="wait=5")).body == done.body
        assert (await gate.call("POST", "/v1/orders", form(), "k1")).status == 202

    shop.run(scenario)


@pytest.mark.parametrize("prefer", ["wait=0", "wait=1", "wait=x", "wait", "return=minimal"])
def test_an_order_that_is_not_done_in_time_is_a_202(shop: Shop, prefer: str) -> None:
    async def scenario(gate: Gate) -> None:
        answer = await gate.call("POST", "/v1/orders", form(), "k1", prefer=prefer)
        assert answer.status == 202
        assert answer.headers.get("preference-applied") == (prefer if prefer in ("wait=0", "wait=1") else None)

    shop.run(scenario)


def test_a_read_that_knows_a_state_waits_for_the_next_one(shop: Shop) -> None:
    story = Story("ord_a").started()
    shop.project(story)

    async def scenario(gate: Gate) -> None:
        tag = (await gate.call("GET", "/v1/orders/ord_a")).headers["etag"]
        same = await gate.call("GET", "/v1/orders/ord_a", **having({"if-none-match": tag, "prefer": "wait=1"}))
        assert (same.status, same.headers["preference-applied"]) == (304, "wait=1")
        reading = asyncio.create_task(
            gate.call("GET", "/v1/orders/ord_a", **having({"if-none-match": tag, "prefer": "wait=30"}))
        )
        await asyncio.to_thread(shop.project, story.scheduled("lock-inventory"))
        assert (await reading).body["current_steps"] == ["lock-inventory"]
        reading = asyncio.create_task(gate.call("GET", "/v1/orders/ord_a", prefer="wait=30"))
        await asyncio.to_thread(shop.project, story.completed("lock-inventory"))
        await asyncio.to_thread(shop.project, story.event("SagaCompleted", output="{}", status="COMPLETED"))
        assert (await reading).body["status"] == "COMPLETED"

    shop.run(scenario)


def test_the_events_of_an_order_are_those_of_its_history(shop: Shop) -> None:
    shop.project(Story("ord_a").shipped())

    async def scenario(gate: Gate) -> None:
        answer = await gate.call("GET", "/v1/orders/ord_a/events", stay_for=1_000)
        assert (answer.status, answer.headers["cache-control"]) == (200, "no-store")
        assert answer.headers["content-type"].startswith("text/event-stream")
        history = (await gate.call("GET", "/v1/orders/ord_a/history")).body["events"]
        streamed = events(answer)
        assert [one["data"] for one in streamed] == history
        assert [one["event"] for one in streamed] == [entry["type"] for entry in history]
        numbers = [int(one["id"]) for one in streamed if "id" in one]
        assert numbers == list(range(1, history[-1]["sequence"] + 1))
        for last in numbers[:-1]:
            rest = events(
                await gate.call("GET", "/v1/orders/ord_a/events", stay_for=99, **having({"last-event-id": str(last)}))
            )
            assert [one["data"] for one in rest] == [entry for entry in history if entry["sequence"] > last]
        over = await gate.call("GET", "/v1/orders/ord_a/events", **having({"last-event-id": str(numbers[-1])}))
        assert (over.status, over.raw) == (204, b"")
        assert (await gate.call("GET", "/v1/orders/ord_none/events")).status == 404

    shop.run(scenario)


def test_events_come_as_they_happen_with_heartbeats_between_until_the_end(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streaming, "HEARTBEAT_S", 0.1)
    story: list[Story] = []

    async def scenario(gate: Gate) -> None:
        taken = await gate.call("POST", "/v1/orders", form(), "k1")
        following = asyncio.create_task(gate.call("GET", f"{taken.headers['location']}/events", stay_for=1_000))
        story.append(Story(taken.body["order_id"]).started())
        await asyncio.to_thread(shop.project, story[0])
        await asyncio.sleep(0.3)
        assert not following.done()
        end = story[0].scheduled("ship").event("SagaCompleted", output="{}", status="COMPLETED")
        await asyncio.to_thread(shop.project, end)
        answer = await following
        assert b": still here\n\n" in answer.raw
        assert [one["event"] for one in events(answer)][-2:] == ["StepScheduled", "SagaCompleted"]

    shop.run(scenario)


def test_streams_are_bounded_and_a_client_that_leaves_makes_room(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streaming, "MOST_STREAMS", 1)
    shop.project(Story("ord_a").started())

    async def scenario(gate: Gate) -> None:
        for _ in range(3):
            assert (await gate.call("GET", "/v1/orders/ord_a/events", stay_for=1)).status == 200
        following = asyncio.create_task(gate.call("GET", "/v1/orders/ord_a/events", stay_for=1_000))
        done, _ = await asyncio.wait({following}, timeout=0.3)
        assert not done
        refused = await gate.call("GET", "/v1/orders/ord_a/events")
        assert (refused.status, refused.body["type"]) == (503, "/problems/too-many-streams")
        assert refused.headers["retry-after"] == "5"
        following.cancel()
        await asyncio.wait({following})
        assert (await gate.call("GET", "/v1/orders/ord_a/events", stay_for=1)).status == 200

    shop.run(scenario)


def test_the_history_says_who_and_under_which_version_without_gaps(shop: Shop) -> None:
    story = Story("ord_a").started()
    story.event("SignalAwaited", step="approval", signals=["reject"], status="AWAITING_APPROVAL")
    signal = {"step": "approval", "signal": "reject", "actor": "ann", "data": "{}", "settles": True}
    story.event("SignalReceived", **signal, cause="ord_a:reject:d1", status="RUNNING")
    turned = {"code": "rejected", "message": "", "plan": [], "status": "COMPENSATING"}
    story.event("CompensationStarted", **turned, cause="ord_a:reject:d1")
    story.event("SagaRevoked", code="rejected", message="", status="TRANSACTION_REVOKED", cause="t1")
    shop.project(story)

    async def scenario(gate: Gate) -> None:
        told = (await gate.call("GET", "/v1/orders/ord_a/history")).body["events"]
        assert [(one["sequence"], one["actor"], one["version"]) for one in told] == [
            (1, "orchestrator", 1),
            (2, "orchestrator", 1),
            (2, "orchestrator", 1),
            (3, "orchestrator", 1),
            (4, "ann", 1),
            (5, "ann", 1),
            (6, "orchestrator", 1),
        ]

    shop.run(scenario)
