"""What the gateway shows of orders, and the decisions it lets people make about them."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any

import pytest

from services.gateway.security.access import ROUTES
from tests.contract.gateway.gate import Gate
from tests.contract.gateway.shop import Shop
from tests.contract.gateway.story import BORN_MS, Story
from tests.order_form import form

FORM = form()


def test_an_order_is_shown_as_pending_until_the_read_model_knows_it(shop: Shop) -> None:
    shown: list[dict[str, Any]] = []

    async def before(gate: Gate) -> None:
        taken = await gate.call("POST", "/v1/orders", FORM, "k1")
        answer = await gate.call("GET", taken.headers["location"])
        assert answer.status == 200
        shown.append(answer.body)
        history = await gate.call("GET", f"{taken.headers['location']}/history")
        assert (history.status, history.body["events"]) == (200, [])

    async def after(gate: Gate) -> None:
        shown.append((await gate.call("GET", f"/v1/orders/{shown[0]['order_id']}")).body)

    shop.run(before)
    shop.project(Story(shown[0]["order_id"]).shipped())
    shop.run(after)
    common = {"reference": "536365", "customer_id": "17850", "currency": "GBP", "total": "15.30"}
    for order in shown:
        assert order.items() >= common.items()
        assert order["lines"] == FORM["lines"]
        assert order.keys() == shown[0].keys()
    assert (shown[0]["lifecycle"], shown[0]["status"], shown[0]["sequence"]) == ("pending", "RUNNING", 0)
    assert (shown[1]["lifecycle"], shown[1]["status"]) == ("shipped", "COMPLETED")
    assert (shown[1]["warehouse_id"], shown[1]["tracking_number"]) == ("LDN", "SL1")


def test_the_history_says_from_what_to_what(shop: Shop) -> None:
    shop.project(Story("ord_a").shipped())

    async def scenario(gate: Gate) -> None:
        events = (await gate.call("GET", "/v1/orders/ord_a/history")).body["events"]
        first, begun, done, *_ = events
        assert (first["type"], first["from"]) == ("SagaStarted", None)
        assert first["to"] == {"lifecycle": "pending", "status": "RUNNING"}
        assert [(e["sequence"], e["type"], e["step"]) for e in (begun, done)] == [
            (2, "StepScheduled", "validate"),
            (2, "StepCompleted", "validate"),
        ]
        assert done["to"] == {"lifecycle": "validated", "status": "RUNNING"}
        for earlier, later in pairwise(events):
            assert later["from"] == earlier["to"]
        locked = next(e for e in events if e["step"] == "lock-inventory" and e["type"] == "StepCompleted")
        assert (locked["attempt"], locked["detail"]["output"]) == (0, {"warehouse_id": "LDN"})
        assert locked["at"].endswith("Z")

    shop.run(scenario)


@pytest.mark.parametrize("path", ["/v1/orders/ord_none", "/v1/orders/ord_none/history", "/v1/nothing"])
def test_what_is_not_there_is_a_problem(shop: Shop, path: str) -> None:
    async def scenario(gate: Gate) -> None:
        missing = await gate.call("GET", path)
        assert (missing.status, missing.headers["content-type"]) == (404, "application/problem+json")

    shop.run(scenario)


@pytest.mark.parametrize(
    "path", ["/v1/orders/a\x00b", "/v1/orders/a\x00b/history", "/v1/orders?status=a%00b", "/v1/orders/" + "x" * 300]
)
def test_an_address_that_no_order_can_have_is_refused_before_the_database_sees_it(shop: Shop, path: str) -> None:
    async def scenario(gate: Gate) -> None:
        assert (await gate.call("GET", path)).status == 422

    shop.run(scenario)


def test_pages_go_through_all_orders_newest_first_each_once(shop: Shop) -> None:
    stories = [Story(f"ord_{n:02d}", BORN_MS + (n // 3) * 1000).shipped() for n in range(11)]
    waiting = Story("ord_99", BORN_MS).started().event("SignalAwaited", step="approval", signals=["approve"])
    waiting.event("SignalAwaited", step="approval", signals=["approve"], status="AWAITING_APPROVAL")
    shop.project(*stories, waiting)

    async def scenario(gate: Gate) -> None:
        seen: list[str] = []
        url = "/v1/orders?limit=4&status=COMPLETED"
        page = (await gate.call("GET", url)).body
        seen += [order["order_id"] for order in page["orders"]]
        while page["next_cursor"] is not None:
            page = (await gate.call("GET", f"{url}&cursor={page['next_cursor']}")).body
            seen += [order["order_id"] for order in page["orders"]]
        assert seen == sorted((story.order_id for story in stories), reverse=True)
        for query in ("status=AWAITING_APPROVAL", "lifecycle=validated"):
            found = (await gate.call("GET", f"/v1/orders?{query}")).body["orders"]
            assert [order["order_id"] for order in found] == ["ord_99"]
        for wrong in ("limit=0", "limit=x", "cursor=%21", "limit=201"):
            refused = await gate.call("GET", f"/v1/orders?{wrong}")
            assert (refused.status, refused.body["errors"][0]["field"]) == (422, wrong.partition("=")[0])

    shop.run(scenario)


def test_a_waiting_order_can_be_approved_or_rejected(shop: Shop) -> None:
    story = Story("ord_a").started().awaiting_approval()
    shop.project(story)

    async def scenario(gate: Gate) -> None:
        decision = {"actor": "manager@example.com", "reason": "known customer"}
        for action in ("approve", "reject"):
            answer = await gate.call("POST", f"/v1/orders/ord_a/{action}", decision, "d1")
            assert answer.status == 202
            sent = gate.outlet.sent[-1]
            assert (sent.key, sent.message, sent.fields["name"]) == ("ord_a", "saga.Signal", action)
            assert sent.fields["actor"] == "manager@example.com"
            assert json.loads(sent.fields["data"]) == {"reason": "known customer"}
            assert sent.fields["meta"]["input_id"] == f"ord_a:{action}:d1"
        await gate.call("POST", "/v1/orders/ord_a/approve", decision)
        assert gate.outlet.sent[-1].fields["meta"]["input_id"] == "ord_a:approve:generated-1"

    shop.run(scenario)


def test_an_order_can_be_cancelled_until_it_ends(shop: Shop) -> None:
    shop.project(Story("ord_running").started(), Story("ord_done").shipped())

    async def scenario(gate: Gate) -> None:
        taken = (await gate.call("POST", "/v1/orders", FORM, "k1")).body["order_id"]
        for order_id in ("ord_running", taken):
            answer = await gate.call("POST", f"/v1/orders/{order_id}/cancel", {"actor": "a", "reason": "b"}, "d1")
            assert answer.status == 202
            sent = gate.outlet.sent[-1]
            assert (sent.key, sent.message, sent.fields["reason"]) == (order_id, "saga.CancelSaga", "b")
            assert sent.fields["meta"]["input_id"] == f"{order_id}:cancel:d1"
        already = len(gate.outlet.sent)
        refusals = {
            "/v1/orders/ord_done/cancel": (409, "/problems/already-ended"),
            "/v1/orders/ord_running/approve": (409, "/problems/not-awaiting-approval"),
            f"/v1/orders/{taken}/reject": (409, "/problems/not-awaiting-approval"),
            "/v1/orders/ord_none/cancel": (404, "/problems/unknown-order"),
        }
        for path, wanted in refusals.items():
            refused = await gate.call("POST", path, {"actor": "a"})
            assert (refused.status, refused.body["type"]) == wanted
        assert len(gate.outlet.sent) == already

    shop.run(scenario)


@pytest.mark.parametrize(
    ("decision", "field"),
    [({}, "actor"), ({"actor": ""}, "actor"), ({"actor": "a", "reason": 5}, "reason"), ({"actor": "a", "x": 1}, "x")],
)
def test_a_bad_decision_is_named_and_leaves_no_record(shop: Shop, decision: dict[str, Any], field: str) -> None:
    async def scenario(gate: Gate) -> None:
        refused = await gate.call("POST", "/v1/orders/ord_a/approve", decision)
        assert refused.status == 422
        assert [error["field"] for error in refused.body["errors"]] == [field]
        assert gate.outlet.sent == []

    shop.run(scenario)


def test_readiness_names_what_is_not_ready(shop: Shop) -> None:
    async def scenario(gate: Gate) -> None:
        assert (await gate.call("GET", "/healthz")).status == 200
        assert (await gate.call("GET", "/readyz")).status == 200
        gate.outlet.refuses = True
        unready = await gate.call("GET", "/readyz")
        assert unready.status == 503
        assert "no broker" in unready.body["checks"]["kafka"]
        assert unready.body["checks"]["database"] == "ok"

    shop.run(scenario)


def test_the_openapi_document_names_every_route(shop: Shop) -> None:
    async def scenario(gate: Gate) -> None:
        document = (await gate.call("GET", "/openapi.json")).body
        described = {(method.upper(), path) for path, operations in document["paths"].items() for method in operations}
        about_itself = {"/openapi.json", "/docs", "/docs/swagger-ui-bundle.js", "/docs/swagger-ui.css"}
        public = {route for route in ROUTES if not route[1].startswith("/internal/")}
        assert described == {route for route in public if route[1] not in about_itself}
        post = document["paths"]["/v1/orders"]["post"]
        schema = post["requestBody"]["content"]["application/json"]["schema"]
        assert set(schema["required"]) == {"customer_id", "currency", "total", "payment_method", "lines", "shipping"}
        assert " ".join(sorted(post["responses"])) == "200 202 400 401 403 409 413 414 415 422 429 431 503"

    shop.run(scenario)
