"""What waits for a person's decision, in sagas of any definition, and how it is decided."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import orjson
import pytest

from services.gateway.security.identity import Identity, Scope
from tests.contract.gateway.callers import call, guarded
from tests.contract.gateway.gate import Gate
from tests.contract.gateway.shop import Shop
from tests.contract.gateway.story import BORN_MS, DATA, Story

NOW_MS = 1_700_000_000_000
ANN = {"actor": "ann", "reason": "known"}
COMPENSATING = {"code": "cancelled", "message": "", "plan": [], "status": "COMPENSATING"}
FAILED = {"step": "approval", "undo": False, "attempt": 0, "kind": "REJECTED", "final": True, "causes": []}
SIGNAL = {"actor": "bob", "data": "{}", "settles": True}


def asked(story: Story, *signals: str, step: str = "approval", status: str = "AWAITING_APPROVAL", **more: Any) -> Story:
    """Wait for signals, of a person as far as one can tell."""
    until = {"timeout_at": NOW_MS + 72 * 3_600_000, **more}
    return story.event("SignalAwaited", step=step, signals=signals or ["approve", "reject"], status=status, **until)


def purchase(saga_id: str, at_ms: int = BORN_MS) -> Story:
    """Begin a saga that is no order."""
    story = Story(saga_id, at_ms, definition="two-approver-chain")
    return story.event("SagaStarted", data='{"purchase_id": "p1"}', parameters="{}")


async def listed(gate: Gate) -> list[dict[str, Any]]:
    """Return what waits for a decision."""
    return list((await gate.call("GET", "/v1/approvals")).body["approvals"])


def test_what_waits_for_an_approval_is_listed_and_decided(shop: Shop) -> None:
    shop.project(*(asked(Story(f"ord_{n}", BORN_MS + n).started()) for n in range(5)), Story("ord_z").shipped())

    async def scenario(gate: Gate) -> None:
        first = (await gate.call("GET", "/v1/approvals?limit=3")).body
        rest = (await gate.call("GET", f"/v1/approvals?limit=3&cursor={first['next_cursor']}")).body
        found = [*first["approvals"], *rest["approvals"]]
        assert [one["id"] for one in found] == [f"ord_{n}" for n in (4, 3, 2, 1, 0)]
        assert rest["next_cursor"] is None
        assert found[-1] == {
            "id": "ord_0",
            "order_id": "ord_0",
            "saga_id": "ord_0",
            "definition": "order-fulfillment",
            "customer_id": "17850",
            "amount": "15.30",
            "currency": "GBP",
            "reason": "an order of 15.30 GBP takes a person's approval",
            "step": "approval",
            "signals": ["approve", "reject"],
            "approve": "approve",
            "reject": "reject",
            "given": {},
            "since": "2023-11-14T22:13:20.003Z",
            "expires": "2023-11-17T22:13:20.000Z",
            "status_url": "/v1/orders/ord_0",
        }
        for decision in ("approve", "reject"):
            body = {"decision": decision, "actor": "ann", "reason": "known"}
            assert (await gate.call("POST", "/v1/approvals/ord_0", body, "d1")).status == 202
            sent = gate.outlet.sent[-1]
            assert (sent.message, sent.fields["name"], sent.fields["actor"]) == ("saga.Signal", decision, "ann")
        refusals = {"ord_z": 409, "ord_none": 404}
        for order_id, status in refusals.items():
            body = {"decision": "approve", "actor": "ann"}
            assert (await gate.call("POST", f"/v1/approvals/{order_id}", body)).status == status
        for wrong in ({"decision": "maybe", "actor": "a"}, {"actor": "a"}, {"decision": "approve"}):
            assert (await gate.call("POST", "/v1/approvals/ord_0", wrong)).status == 422

    shop.run(scenario)


def test_sagas_of_every_definition_are_listed_with_the_orders_newest_first(shop: Shop) -> None:
    stories = [asked(Story(f"ord_{n}", BORN_MS + 2 * n).started()) for n in range(4)]
    others = [asked(purchase(f"sag_{n}", BORN_MS + 2 * n + 1), "confirm", "decline") for n in range(4)]
    shop.project(*stories, *others, purchase("sag_busy").scheduled("charge"))

    async def scenario(gate: Gate) -> None:
        found: list[str] = []
        url = "/v1/approvals?limit=3"
        page = (await gate.call("GET", url)).body
        found += [one["id"] for one in page["approvals"]]
        while page["next_cursor"] is not None:
            page = (await gate.call("GET", f"{url}&cursor={page['next_cursor']}")).body
            found += [one["id"] for one in page["approvals"]]
        assert found == ["sag_3", "ord_3", "sag_2", "ord_2", "sag_1", "ord_1", "sag_0", "ord_0"]

    shop.run(scenario)


def test_a_saga_that_is_no_order_says_what_is_asked_and_is_decided_by_the_signals_of_its_step(shop: Shop) -> None:
    story = purchase("sag_a").completed("charge", '{"capture_id": "cap_1"}', cause="reply 1")
    story.event("BranchChosen", step="is-large", branch="large", target="second-approval", cause="reply 1")
    shop.project(asked(story, "confirm", "decline", step="second-approval/wait", cause="reply 1"))

    async def scenario(gate: Gate) -> None:
        assert await listed(gate) == [
            {
                "id": "sag_a",
                "order_id": None,
                "saga_id": "sag_a",
                "definition": "two-approver-chain",
                "customer_id": None,
                "amount": None,
                "currency": None,
                "reason": "second-approval/wait of two-approver-chain waits for confirm or decline",
                "step": "second-approval/wait",
                "signals": ["confirm", "decline"],
                "approve": "confirm",
                "reject": "decline",
                "given": {"capture_id": "cap_1"},
                "since": "2023-11-14T22:13:20.004Z",
                "expires": "2023-11-17T22:13:20.000Z",
                "status_url": "/v1/sagas/sag_a",
            }
        ]
        for decision, signal in (("approve", "confirm"), ("reject", "decline")):
            taken = await gate.call("POST", "/v1/approvals/sag_a", {"decision": decision, **ANN}, "d1")
            assert (taken.status, taken.headers["location"]) == (202, "/v1/sagas/sag_a")
            sent = gate.outlet.sent[-1]
            assert (sent.message, sent.fields["name"], sent.fields["actor"]) == ("saga.Signal", signal, "ann")
            assert (sent.fields["data"], sent.fields["step"]) == ('{"reason":"known"}', "second-approval/wait")
            assert sent.fields["meta"]["input_id"] == f"sag_a:{decision}:d1"

    shop.run(scenario)


def test_what_is_unusual_about_an_order_is_shown_with_its_amount_or_alone(shop: Shop) -> None:
    unusual = {"rule": "unusual-quantity", "line": 1, "sku": "84077", "quantity": 2880, "limit": 2000}

    def flagged(order_id: str, limit: int) -> Story:
        story = Story(order_id).event("SagaStarted", data=orjson.dumps(DATA).decode(), parameters="{}")
        checked = {"units": 2886, "approval_limit_minor": limit, "exceptions": [unusual]}
        story.completed("validate", orjson.dumps(checked).decode(), local=True, lifecycle="validated")
        return asked(story.event("BranchChosen", step="needs-approval", branch="unusual", target="approval", source=""))

    shop.project(flagged("ord_both", 1_000), flagged("ord_odd", 10_000))

    async def scenario(gate: Gate) -> None:
        found = {one["id"]: one for one in await listed(gate)}
        why = "2880 of 84077 in line 2 are more than 2000"
        assert found["ord_odd"]["reason"] == why
        assert found["ord_both"]["reason"] == f"an order of 15.30 GBP takes a person's approval; {why}"
        assert found["ord_odd"]["given"]["exceptions"] == [unusual]

    shop.run(scenario)


def test_what_a_step_is_given_is_left_out_where_it_is_long_or_nothing(shop: Shop) -> None:
    long = purchase("sag_long").completed("read", f'{{"rows": "{"x" * 5_000}"}}')
    shop.project(asked(long), asked(purchase("sag_none"), cause="a timer"))

    async def scenario(gate: Gate) -> None:
        assert [one["given"] for one in await listed(gate)] == [None, None]

    shop.run(scenario)


GONE: dict[str, Callable[[Story], Story]] = {
    "decided": lambda s: s.event("SignalReceived", step="approval", signal="approve", status="RUNNING", **SIGNAL),
    "too late": lambda s: s.event("StepFailed", code="approval_timeout", message="", **FAILED),
    "turned round": lambda s: s.event("CompensationStarted", **COMPENSATING),
    "left by its race": lambda s: s.event(
        "ScopeFailed", step="race", part="0", code="x", message="", failed_step=None, plan=[], leaving="CLOSE"
    ),
    "ended": lambda s: s.event("SagaRevoked", code="x", message="", status="TRANSACTION_REVOKED"),
}


@pytest.mark.parametrize("end", GONE.values(), ids=list(GONE))
def test_what_waits_no_longer_is_not_listed_and_not_decided(shop: Shop, end: Callable[[Story], Story]) -> None:
    step = "race/0/approval" if end is GONE["left by its race"] else "approval"
    shop.project(end(asked(purchase("sag_a"), step=step)))

    async def scenario(gate: Gate) -> None:
        assert await listed(gate) == []
        refused = await gate.call("POST", "/v1/approvals/sag_a", {"decision": "approve", **ANN})
        assert (refused.status, refused.body["type"]) == (409, "/problems/not-awaiting-approval")

    shop.run(scenario)


def test_a_step_that_takes_no_such_decision_says_what_it_takes(shop: Shop) -> None:
    shop.project(asked(purchase("sag_odd"), "scrap", "repair"), asked(purchase("sag_yes"), "approve"))

    async def scenario(gate: Gate) -> None:
        assert {one["id"]: (one["approve"], one["reject"]) for one in await listed(gate)} == {
            "sag_odd": (None, None),
            "sag_yes": ("approve", None),
        }
        for saga_id, decision, waits in (("sag_odd", "approve", "scrap or repair"), ("sag_yes", "reject", "approve")):
            refused = await gate.call("POST", f"/v1/approvals/{saga_id}", {"decision": decision, **ANN})
            assert refused.status == 409
            assert waits in refused.body["detail"]

    shop.run(scenario)


def test_a_step_needs_no_status_to_be_listed_and_one_that_programs_answer_is_not(shop: Shop) -> None:
    person = asked(purchase("sag_person"), "accept", "refuse", status="RUNNING")
    shop.project(person, asked(purchase("sag_program"), "paid", "expired", status="RUNNING"))

    async def scenario(gate: Gate) -> None:
        assert [one["id"] for one in await listed(gate)] == ["sag_person"]

    shop.run(scenario)


def test_of_several_that_are_each_waited_for_those_that_came_are_left_out(shop: Shop) -> None:
    story = asked(purchase("sag_a"), "approve", "confirm", every=True)
    shop.project(story.event("SignalReceived", step="approval", signal="approve", **{**SIGNAL, "settles": False}))

    async def scenario(gate: Gate) -> None:
        (one,) = await listed(gate)
        assert (one["signals"], one["approve"], one["reject"]) == (["confirm"], "confirm", None)

    shop.run(scenario)


def test_what_waits_is_known_under_its_new_name_after_a_migration_and_a_restart_of_the_projector(shop: Shop) -> None:
    story = asked(purchase("sag_a"), "confirm", "decline", step="ask")
    shop.project(story)
    shop.project(story.event("SagaMigrated", version=2, renamed='{"ask": "approval"}', outputs=None, actor="mara"))

    async def scenario(gate: Gate) -> None:
        assert [one["step"] for one in await listed(gate)] == ["approval"]

    shop.run(scenario)


def test_a_decision_that_comes_again_is_about_the_step_that_it_was_about(shop: Shop) -> None:
    story = asked(purchase("sag_a"), step="first")
    shop.project(story)
    decision = {"decision": "approve", **ANN}

    async def scenario(gate: Gate) -> None:
        first = await gate.call("POST", "/v1/approvals/sag_a", decision, "d1")
        assert [one.fields["step"] for one in gate.outlet.sent] == ["first"]
        story.event("SignalReceived", step="first", signal="approve", cause="sag_a:approve:d1", **SIGNAL)
        shop.project(asked(story, "confirm", "decline", step="second"))

        again = await gate.call("POST", "/v1/approvals/sag_a", decision, "d1")
        assert (again.status, again.body) == (first.status, first.body)
        assert len(gate.outlet.sent) == 1
        assert (await gate.call("POST", "/v1/approvals/sag_a", decision, "d2")).status == 202
        assert [one.fields["name"] for one in gate.outlet.sent] == ["approve", "confirm"]

    shop.run(scenario)


def test_the_keys_of_two_clients_are_two_however_equal(new_sqlite_url: Callable[[str], str]) -> None:
    urls = (new_sqlite_url("gateway"), new_sqlite_url("projector"))
    story = asked(purchase("sag_a"), step="first")
    callers = {name: Identity(name, name, frozenset({Scope.OPERATOR})) for name in ("olga", "oleg")}

    async def scenario() -> None:
        shop = Shop(*urls)
        shop.project(story)
        async with guarded(urls, callers) as gate:
            decision = {"decision": "approve"}
            assert (await call(gate, "olga", "POST", "/v1/approvals/sag_a", decision, key="1")).status == 202
            cause = gate.outlet.sent[0].fields["meta"]["input_id"]
            story.event("SignalReceived", step="first", signal="approve", cause=cause, **SIGNAL)
            await asyncio.to_thread(shop.project, asked(story, "confirm", "decline", step="second"))

            assert (await call(gate, "oleg", "POST", "/v1/approvals/sag_a", decision, key="1")).status == 202
            assert (await call(gate, "olga", "POST", "/v1/approvals/sag_a", decision, key="1")).status == 202
            told = [(one.fields["actor"], one.fields["name"]) for one in gate.outlet.sent]
            assert told == [("olga", "approve"), ("oleg", "confirm")]

    asyncio.run(asyncio.wait_for(scenario(), 180))


def test_a_change_that_had_its_effect_is_answered_as_before_and_not_made_again(shop: Shop) -> None:
    order = asked(Story("ord_a").started()).event("CancelRequested", actor="ann", reason="", cause="ord_a:cancel:c1")
    order.event("CompensationStarted", cause="ord_a:cancel:c1", **COMPENSATING)
    held = purchase("sag_a").event("StepHeld", step="load", code="gone", message="", status="WAITS")
    made = {"action": "retry", "steps": ["load"], "undo": False, "actor": "ann", "reason": ""}
    held.event("InterventionMade", cause="sag_a:resolve:retry::r1", **made)
    shop.project(order, held)

    async def scenario(gate: Gate) -> None:
        for url, body, key, location in (
            ("/v1/orders/ord_a/cancel", ANN, "c1", "/v1/orders/ord_a"),
            ("/v1/sagas/ord_a/cancel", ANN, "c1", "/v1/sagas/ord_a"),
            ("/v1/sagas/sag_a/resolve", {"action": "retry", **ANN}, "r1", "/v1/sagas/sag_a"),
        ):
            again = await gate.call("POST", url, body, key)
            assert (again.status, again.headers["location"]) == (202, location), url
            assert "consistency-token" in again.headers
        assert gate.outlet.sent == []
        assert (await gate.call("POST", "/v1/orders/ord_a/cancel", ANN, "c2")).status == 409
        assert (await gate.call("POST", "/v1/sagas/sag_a/resolve", {"action": "retry", **ANN}, "r2")).status == 409

    shop.run(scenario)
