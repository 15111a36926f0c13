"""Sagas of any definition over REST: started once for each key, shown, signalled and cancelled."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from tests.contract.gateway.gate import Gate
from tests.contract.gateway.shop import Shop
from tests.contract.gateway.story import Story

FORM: dict[str, Any] = {"definition": "nightly-etl", "version": 2, "data": {"day": "2026-11-20"}}


def test_a_saga_is_started_once_for_each_key(shop: Shop) -> None:
    async def scenario(gate: Gate) -> None:
        form = {**FORM, "options": {"max_retries": 5, "audit": False}}
        taken = await gate.call("POST", "/v1/sagas", form, "k1")
        assert (taken.status, taken.headers["location"]) == (202, f"/v1/sagas/{taken.body['saga_id']}")
        again = await gate.call("POST", "/v1/sagas", form, "k1")
        assert again.body == taken.body
        [sent] = gate.outlet.sent
        assert (sent.topic, sent.message, sent.key) == ("saga.inputs", "saga.StartSaga", taken.body["saga_id"])
        assert (sent.fields["definition"], sent.fields["version"]) == ("nightly-etl", 2)
        assert json.loads(sent.fields["data"]) == {"day": "2026-11-20"}
        assert json.loads(sent.fields["options"]) == {"max_retries": 5, "audit": False}
        other = await gate.call("POST", "/v1/sagas", {**form, "data": {}}, "k1")
        assert (other.status, other.body["type"]) == (422, "/problems/idempotency-key-reused")

    shop.run(scenario)


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ({"max_retries": -1}, "options.max_retries"),
        ({"max_retries": 1_001}, "options.max_retries"),
        ({"timeout_ms": 315_360_000_001}, "options.timeout_ms"),
        ({"timeout_ms": 2**64 - 1}, "options.timeout_ms"),
        ({"timeout_ms": 0}, "options.timeout_ms"),
        ({"timeout_ms": 1e20}, "options.timeout_ms"),
        ({"audit": "no"}, "options.audit"),
        ({"retries": 3}, "options.retries"),
    ],
)
def test_options_that_no_saga_can_have_are_refused_at_once(shop: Shop, options: dict[str, Any], field: str) -> None:
    """An orchestrator would set the request aside, and the client would wait for ever for what it was promised."""

    async def scenario(gate: Gate) -> None:
        refused = await gate.call("POST", "/v1/sagas", {**FORM, "options": options}, "k1")
        assert (refused.status, refused.body["errors"][0]["field"]) == (422, field)
        assert gate.outlet.sent == []

    shop.run(scenario)


@pytest.mark.parametrize("version", [2, None])
def test_a_saga_of_no_definition_is_refused_at_once(shop: Shop, version: int | None) -> None:
    async def scenario(gate: Gate) -> None:
        gate.deployments.missing.add(("nightly-etl", version))
        refused = await gate.call("POST", "/v1/sagas", {**FORM, "version": version}, "k1")
        assert (refused.status, refused.body["type"]) == (404, "/problems/unknown-definition")
        assert "nightly-etl" in refused.body["detail"]
        assert gate.outlet.sent == []

    shop.run(scenario)


def test_the_keys_of_sagas_and_of_orders_are_apart(shop: Shop) -> None:
    order = {
        "customer_id": "17850",
        "currency": "GBP",
        "total": "15.30",
        "payment_method": "pm_card_ok",
        "lines": [{"sku": "85123A", "quantity": 6, "unit_price": "2.55"}],
        "shipping": {"method": "standard", "country": "United Kingdom", "address": "1 High St"},
    }

    async def scenario(gate: Gate) -> None:
        ids = [
            (await gate.call("POST", "/v1/orders", order, "k1")).body["order_id"],
            (await gate.call("POST", "/v1/sagas", FORM, "k1")).body["saga_id"],
        ]
        assert len(set(ids)) == 2
        assert (await gate.call("GET", f"/v1/orders/{ids[1]}")).status == 404
        assert (await gate.call("GET", f"/v1/sagas/{ids[0]}")).status == 404

    shop.run(scenario)


def test_a_saga_is_shown_from_its_submission_to_its_end(shop: Shop) -> None:
    shown: list[dict[str, Any]] = []

    async def before(gate: Gate) -> None:
        taken = await gate.call("POST", "/v1/sagas", FORM, "k1")
        answer = await gate.call("GET", taken.headers["location"])
        history = await gate.call("GET", f"{taken.headers['location']}/history")
        assert (answer.status, history.status, history.body["events"]) == (200, 200, [])
        shown.append(answer.body)

    async def after(gate: Gate) -> None:
        url = f"/v1/sagas/{shown[0]['saga_id']}"
        shown.append((await gate.call("GET", url)).body)
        events = (await gate.call("GET", f"{url}/history")).body["events"]
        assert [event["type"] for event in events][-1] == "SagaCompleted"

    shop.run(before)
    shop.project(Story(shown[0]["saga_id"], definition="nightly-etl").shipped())
    shop.run(after)
    assert shown[0].keys() == shown[1].keys()
    assert (shown[0]["status"], shown[0]["definition"], shown[0]["version"]) == ("SUBMITTED", "nightly-etl", 2)
    assert (shown[1]["status"], shown[1]["definition"], shown[1]["version"]) == ("COMPLETED", "nightly-etl", 1)
    assert shown[1]["data"]["reference"] == "536365"


def test_a_saga_of_an_order_s_process_is_shown_as_it_is_and_not_as_it_was_submitted(shop: Shop) -> None:
    """The read model has it among the orders, whatever its id begins with."""

    async def scenario(gate: Gate) -> None:
        form = {"definition": "order-fulfillment", "data": {}}
        saga_id = (await gate.call("POST", "/v1/sagas", form, "k1")).body["saga_id"]
        assert (await gate.call("GET", f"/v1/sagas/{saga_id}")).body["status"] == "SUBMITTED"

        story = Story(saga_id).event("SagaStarted", data="{}", parameters="{}")
        story.event("SagaRevoked", code="invalid_order", message="", status="TRANSACTION_REVOKED")
        await asyncio.to_thread(shop.project, story)
        shown = (await gate.call("GET", f"/v1/sagas/{saga_id}")).body
        assert (shown["status"], shown["definition"], shown["sequence"]) == (
            "TRANSACTION_REVOKED",
            "order-fulfillment",
            2,
        )
        explained = (await gate.call("GET", f"/v1/sagas/{saga_id}/explain")).body
        assert (explained["state"]["status"], explained["way"]) == ("TRANSACTION_REVOKED", "has ended")

    shop.run(scenario)


@pytest.mark.parametrize("lines", [[[]], [1], ["x"], [{}], [{"sku": 1}], [{"sku": "a", "quantity": 1}], {"a": 1}])
def test_a_saga_of_an_order_s_process_with_odd_data_spoils_no_list(shop: Shop, lines: Any) -> None:
    """Guards against one request by which nobody could list orders any more."""
    good = {"sku": "85123A", "description": None, "quantity": 6, "unit_price_minor": 255}
    odd = Story("sag_odd").event("SagaStarted", data=json.dumps({"lines": lines}), parameters="{}")
    data = {"lines": [*lines, good], "total_minor": [], "currency": 7}
    mixed = Story("sag_mixed").event("SagaStarted", data=json.dumps(data), parameters="{}")
    shop.project(odd, mixed)

    async def scenario(gate: Gate) -> None:
        found = {one["order_id"]: one["lines"] for one in (await gate.call("GET", "/v1/orders")).body["orders"]}
        shown = {"sku": "85123A", "description": "", "quantity": 6, "unit_price": "2.55"}
        assert found == {"sag_odd": [], "sag_mixed": [shown]}
        for path in ("", "/explain", "/history"):
            assert (await gate.call("GET", f"/v1/orders/sag_mixed{path}")).status == 200

    shop.run(scenario)


def test_an_order_is_a_saga_too(shop: Shop) -> None:
    shop.project(Story("ord_a").shipped())

    async def scenario(gate: Gate) -> None:
        shown = (await gate.call("GET", "/v1/sagas/ord_a")).body
        assert (shown["definition"], shown["version"], shown["status"]) == ("order-fulfillment", 1, "COMPLETED")
        assert (await gate.call("GET", "/v1/sagas/ord_a/history")).body["events"] != []

    shop.run(scenario)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"definition": None}, "definition"),
        ({"definition": "No Name"}, "definition"),
        ({"version": 0}, "version"),
        ({"version": "2"}, "version"),
        ({"data": [1]}, "data"),
        ({"data": None}, "data"),
        ({"options": "x"}, "options"),
        ({"more": 1}, "more"),
    ],
)
def test_what_is_wrong_with_a_saga_is_named_and_leaves_no_record(
    shop: Shop, change: dict[str, Any], field: str
) -> None:
    async def scenario(gate: Gate) -> None:
        refused = await gate.call("POST", "/v1/sagas", {**FORM, **change}, "k1")
        assert refused.status == 422
        assert [error["field"] for error in refused.body["errors"]] == [field]
        assert (await gate.call("POST", "/v1/sagas", FORM)).status == 400
        assert gate.outlet.sent == []

    shop.run(scenario)


def test_a_saga_is_signalled_and_cancelled(shop: Shop) -> None:
    shop.project(Story("etl_1", definition="nightly-etl").started())

    async def scenario(gate: Gate) -> None:
        signal = {"name": "go", "actor": "mara", "data": {"n": 1}}
        assert (await gate.call("POST", "/v1/sagas/etl_1/signals", signal, "s1")).status == 202
        assert (
            await gate.call("POST", "/v1/sagas/etl_1/cancel", {"actor": "ben", "reason": "late"}, "c1")
        ).status == 202
        told, cancelled = gate.outlet.sent
        assert (told.message, told.fields["name"], told.fields["actor"]) == ("saga.Signal", "go", "mara")
        assert json.loads(told.fields["data"]) == {"n": 1}
        assert told.fields["meta"]["input_id"] == "etl_1:signal:go:s1"
        assert (cancelled.message, cancelled.fields["reason"]) == ("saga.CancelSaga", "late")
        for path in ("signals", "cancel"):
            body = signal if path == "signals" else {"actor": "ben"}
            assert (await gate.call("POST", f"/v1/sagas/none/{path}", body)).status == 404
            assert (await gate.call("POST", f"/v1/sagas/etl_1/{path}", {})).status == 422

    shop.run(scenario)


@pytest.mark.parametrize("path", ["/v1/sagas/none", "/v1/sagas/none/history"])
def test_what_is_not_there_is_a_problem(shop: Shop, path: str) -> None:
    async def scenario(gate: Gate) -> None:
        missing = await gate.call("GET", path)
        assert (missing.status, missing.body["type"]) == (404, "/problems/unknown-saga")

    shop.run(scenario)
