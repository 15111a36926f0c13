"""What the gateway tells of itself: a line of the log for each input that Kafka has, and messages near their limit."""

from __future__ import annotations

from typing import Any

from jsonschema import Draft7Validator

from schemas.json_schema import json_schema
from tests.contract.gateway.gate import TRACE, Gate
from tests.contract.gateway.shop import Shop
from tests.contract.gateway.story import Story
from tests.order_form import form
from tests.scraping import Scrape, parsed, total

DECISION = {"actor": "planted-actor", "reason": "planted-reason"}


def waiting(order_id: str) -> Story:
    """Give an order that waits for a person."""
    return (
        Story(order_id).started().event("SignalAwaited", step="review", signals=["approve"], status="AWAITING_APPROVAL")
    )


def of_length(size: int) -> dict[str, Any]:
    """Return an order whose record has about so many bytes."""
    line = {"sku": "85123A", "description": "x" * 200, "quantity": 1, "unit_price": "1.00"}
    lines = size // 272
    return form(lines=[line] * lines, total=f"{lines}.00")


async def scrape(gate: Gate) -> Scrape:
    """Return the gateway's metrics."""
    return parsed((await gate.call("GET", "/metrics")).body)


def check(gate: Gate) -> None:
    """Fail where a line is none of the published schema."""
    schema = json_schema("telemetry")
    assert schema is not None
    for line in gate.logged():
        Draft7Validator(schema).validate(line)


def test_an_order_that_kafka_has_is_one_line_with_its_id(shop: Shop) -> None:
    async def scenario(gate: Gate) -> None:
        taken = await gate.call("POST", "/v1/orders", form(), "planted-key")
        again = await gate.call("POST", "/v1/orders", form(), "planted-key")
        assert (taken.status, again.status) == (202, 202)
        order_id = taken.body["order_id"]
        assert gate.logged() == [
            {
                "at_ms": 1_700_000_000_000,
                "level": "INFO",
                "process": "gateway",
                "logger": "request",
                "message": "saga.StartSaga",
                "kind": "accepted",
                "correlation_id": order_id,
                "saga_id": order_id,
                "trace_id": TRACE[3:35],
            }
        ]
        check(gate)
        assert b"planted" not in gate.log_lines

    shop.run(scenario)


def test_an_order_that_kafka_does_not_have_is_none(shop: Shop) -> None:
    """Guards that a line is a fact: written before Kafka confirms, it would tell of orders that never begin."""

    async def scenario(gate: Gate) -> None:
        gate.outlet.refuses = True
        assert (await gate.call("POST", "/v1/orders", form(), "k1")).status == 503
        assert gate.logged() == []
        gate.outlet.refuses = False
        assert (await gate.call("POST", "/v1/orders", form(), "k1")).status == 202
        assert len(gate.logged()) == 1

    shop.run(scenario)


def test_what_people_and_programs_tell_a_saga_is_a_line_each(shop: Shop) -> None:
    shop.project(waiting("ord_a"))

    async def scenario(gate: Gate) -> None:
        saga = {"definition": "basket", "data": {}}
        signal = {"name": "goods-arrived", "actor": "planted-actor", "data": {"note": "planted-note"}}
        for path, body in (
            ("/v1/orders/ord_a/approve", DECISION),
            ("/v1/sagas/ord_a/signals", signal),
            ("/v1/sagas/ord_a/cancel", DECISION),
            ("/v1/sagas", saga),
        ):
            answer = await gate.call("POST", path, body, "planted-key")
            assert answer.status == 202, (path, answer.body)
        assert [(line["message"], line["correlation_id"]) for line in gate.logged()] == [
            ("saga.Signal", "ord_a"),
            ("saga.Signal", "ord_a"),
            ("saga.CancelSaga", "ord_a"),
            ("saga.StartSaga", answer.body["saga_id"]),
        ]
        check(gate)
        assert b"planted" not in gate.log_lines

    shop.run(scenario)


def test_an_order_of_80000_bytes_is_taken_and_counted_as_near_the_limit(shop: Shop) -> None:
    async def scenario(gate: Gate) -> None:
        await gate.call("POST", "/v1/orders", of_length(70_000), "k1")
        assert total(await scrape(gate), "messages_near_limit_total") == 0
        assert (await gate.call("POST", "/v1/orders", of_length(85_000), "k2")).status == 202
        assert gate.outlet.sizes[1] >= 80_000
        found = await scrape(gate)
        assert total(found, "messages_near_limit_total", message="saga.StartSaga") == 1
        assert total(found, "message_largest_bytes") == gate.outlet.sizes[1]
        assert total(found, "message_largest_bytes_limit") == 100_000

    shop.run(scenario)


def test_an_order_of_103000_bytes_is_refused_and_counted(shop: Shop) -> None:
    async def scenario(gate: Gate) -> None:
        refused = await gate.call("POST", "/v1/orders", of_length(103_000), "k1")
        assert (refused.status, refused.body["type"]) == (413, "/problems/too-large")
        assert gate.outlet.sent == []
        assert total(await scrape(gate), "messages_over_limit_total", message="saga.StartSaga") == 1

    shop.run(scenario)
