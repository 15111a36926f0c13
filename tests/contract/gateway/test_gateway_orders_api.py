"""Taking orders over HTTP: once per key, only when Kafka has them, and nothing for a bad one."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from tests.contract.gateway.gate import TRACE, Gate, Run, gateway, runner
from tests.order_form import form


@pytest.fixture
def run(new_url: Callable[[str], str]) -> Run:
    """Give a runner of scenarios on a fresh gateway, on each kind of database."""
    return runner(partial(gateway, new_url("gateway"), new_url("projector")))


@pytest.fixture
def run_once(new_sqlite_url: Callable[[str], str]) -> Run:
    """Give a runner of scenarios in which the kind of database plays no part."""
    return runner(partial(gateway, new_sqlite_url("gateway"), new_sqlite_url("projector")))


async def post(gate: Gate, body: object, key: str | None = "k1", **more: Any) -> Any:
    """Post an order."""
    return await gate.call("POST", "/v1/orders", body, key, **more)


def test_an_order_may_choose_its_process(run_once: Run) -> None:
    async def scenario(gate: Gate) -> None:
        chosen = await post(gate, form(process="order-fulfillment-payment-first"))
        assert chosen.status == 202
        assert [sent.fields["definition"] for sent in gate.outlet.sent] == ["order-fulfillment-payment-first"]
        assert "process" not in json.loads(gate.outlet.sent[0].fields["data"])
        assert (await post(gate, form())).status == 422
        await post(gate, form(), key="k2")
        assert gate.outlet.sent[-1].fields["definition"] == "order-fulfillment"
        unknown = await post(gate, form(process="two-approver-chain"), key="k3")
        assert [error["field"] for error in unknown.body["errors"]] == ["process"]

    run_once(scenario)


def test_an_order_is_taken_when_kafka_has_it(run: Run) -> None:
    async def scenario(gate: Gate) -> None:
        gate.outlet.gate = asyncio.Event()
        posted = asyncio.create_task(post(gate, form()))
        await gate.outlet.arrived.wait()
        answered, _ = await asyncio.wait({posted}, timeout=0.2)
        assert not answered
        gate.outlet.gate.set()
        taken = await posted
        order_id = taken.body["order_id"]
        assert taken.status == 202
        assert taken.headers["location"] == f"/v1/orders/{order_id}"
        assert taken.body == {
            "order_id": order_id,
            "status_url": f"/v1/orders/{order_id}",
            "lifecycle": "pending",
            "status": "RUNNING",
        }
        (sent,) = gate.outlet.sent
        assert (sent.topic, sent.key, sent.message) == ("saga.inputs", order_id, "saga.StartSaga")
        assert sent.fields["definition"] == "order-fulfillment"
        data = json.loads(sent.fields["data"])
        assert (data["order_id"], data["total_minor"], data["lines"][0]["unit_price_minor"]) == (order_id, 1530, 255)
        assert (sent.headers["ce_type"], sent.headers["ce_subject"]) == ("sagaline.saga.StartSaga", order_id)
        assert sent.headers["traceparent"] == TRACE

    run(scenario)


def test_the_callers_trace_goes_on(run_once: Run) -> None:
    async def scenario(gate: Gate) -> None:
        trace = "00-" + "1" * 32 + "-" + "2" * 16 + "-00"
        await post(gate, form(), "k1", traceparent=trace)
        await post(gate, form(), "k2", traceparent="00-nonsense")
        assert [sent.headers["traceparent"] for sent in gate.outlet.sent] == [trace, TRACE]

    run_once(scenario)


def test_the_same_key_is_the_same_order(run: Run) -> None:
    async def scenario(gate: Gate) -> None:
        first, again = await post(gate, form()), await post(gate, form())
        assert again == first
        assert len(gate.outlet.sent) == 1
        other = await post(gate, form(), "k2")
        assert other.body["order_id"] != first.body["order_id"]

    run(scenario)


def test_the_same_key_with_another_body_is_refused(run: Run) -> None:
    async def scenario(gate: Gate) -> None:
        await post(gate, form())
        refused = await post(gate, form(reference="other"))
        assert (refused.status, refused.body["type"]) == (422, "/problems/idempotency-key-reused")
        assert len(gate.outlet.sent) == 1

    run(scenario)


def test_a_request_that_is_worked_on_is_not_begun_again(run: Run) -> None:
    async def scenario(gate: Gate) -> None:
        gate.outlet.gate = asyncio.Event()
        first = asyncio.create_task(post(gate, form()))
        await gate.outlet.arrived.wait()
        second = await post(gate, form())
        gate.outlet.gate.set()
        assert (second.status, second.body["type"]) == (409, "/problems/request-in-progress")
        assert second.body["order_id"] == (await first).body["order_id"]
        assert len(gate.outlet.sent) == 1

    run(scenario)


def test_without_kafka_nothing_is_claimed_and_a_repetition_heals_it(run: Run) -> None:
    async def scenario(gate: Gate) -> None:
        gate.outlet.refuses = True
        refused = await post(gate, form())
        assert (refused.status, refused.body["type"]) == (503, "/problems/kafka-unavailable")
        assert refused.headers["retry-after"] == "1"
        assert refused.headers["content-type"] == "application/problem+json"
        gate.outlet.refuses = False
        taken = await post(gate, form())
        assert taken.status == 202
        assert {sent.key for sent in gate.outlet.sent} == {taken.body["order_id"]}

    run(scenario)


def test_more_orders_than_kafka_takes_are_turned_away(run_once: Run) -> None:
    async def scenario(gate: Gate) -> None:
        gate.outlet.full = True
        refused = await post(gate, form())
        assert (refused.status, refused.body["type"]) == (503, "/problems/overloaded")
        assert refused.headers["retry-after"] == "1"
        gate.outlet.full = False
        assert (await post(gate, form())).status == 202

    run_once(scenario)


def test_a_database_that_is_gone_is_a_503_and_no_record(new_sqlite_url: Callable[[str], str]) -> None:
    submissions_url, read_model_url = new_sqlite_url("gateway"), new_sqlite_url("projector")

    async def scenario() -> None:
        async with gateway(submissions_url, read_model_url) as gate:
            with sqlite3.connect(submissions_url.removeprefix("sqlite:///")) as connection:
                connection.execute("ALTER TABLE submissions RENAME TO away")
            refused = await post(gate, form())
            assert (refused.status, refused.body["type"]) == (503, "/problems/database-unavailable")
            assert gate.outlet.sent == []
            with sqlite3.connect(submissions_url.removeprefix("sqlite:///")) as connection:
                connection.execute("ALTER TABLE away RENAME TO submissions")
            assert (await post(gate, form())).status == 202

    asyncio.run(scenario())


def test_a_crash_before_the_answer_is_healed_by_the_clients_repetition(new_url: Callable[[str], str]) -> None:
    submissions_url, read_model_url = new_url("gateway"), new_url("projector")

    async def until_kafka_has_it() -> str:
        async with gateway(submissions_url, read_model_url) as gate:
            gate.outlet.gate = asyncio.Event()
            cut_off = asyncio.create_task(post(gate, form()))
            await gate.outlet.arrived.wait()
            cut_off.cancel()
            return gate.outlet.sent[0].key

    async def again() -> str:
        async with gateway(submissions_url, read_model_url) as gate:
            taken = await post(gate, form())
            assert taken.status == 202
            assert [sent.key for sent in gate.outlet.sent] == [taken.body["order_id"]]
            return str(taken.body["order_id"])

    assert asyncio.run(until_kafka_has_it()) == asyncio.run(again())


BAD: list[tuple[str, dict[str, Any], int, str]] = [
    ("unknown field", {"colour": "red"}, 422, "colour"),
    ("total", {"total": "15.31"}, 422, "total"),
    ("decimals", {"total": "15.300"}, 422, "total"),
    ("currency", {"currency": "XXX"}, 422, "currency"),
    ("no customer", {"customer_id": None}, 422, "customer_id"),
    ("control", {"reference": "a\u0007"}, 422, "reference"),
    ("too long", {"reference": "x" * 65}, 422, "reference"),
    ("negative", {"lines": [{"sku": "1", "quantity": -1, "unit_price": "1.00"}]}, 422, "lines[0].quantity"),
    ("zero", {"lines": [{"sku": "1", "quantity": 0, "unit_price": "1.00"}]}, 422, "lines[0].quantity"),
    ("type", {"lines": [{"sku": "1", "quantity": "1", "unit_price": "1.00"}]}, 422, "lines[0].quantity"),
]


@pytest.mark.parametrize(("changes", "status", "field"), [bad[1:] for bad in BAD], ids=[bad[0] for bad in BAD])
def test_a_bad_order_is_named_and_leaves_no_record(
    run_once: Run, changes: dict[str, Any], status: int, field: str
) -> None:
    async def scenario(gate: Gate) -> None:
        refused = await post(gate, form(**changes))
        assert refused.status == status
        assert refused.headers["content-type"] == "application/problem+json"
        assert refused.body["type"] == "/problems/invalid-request"
        assert refused.body["status"] == status
        assert [error["field"] for error in refused.body["errors"]] == [field]
        assert gate.outlet.sent == []
        assert (await post(gate, form())).status == 202

    run_once(scenario)


@pytest.mark.parametrize("text", [b"{", b'{"a":', b"\xff\xfe", b"[" * 5000, b'{"a": NaN}'])
def test_broken_json_is_refused(run_once: Run, text: bytes) -> None:
    async def scenario(gate: Gate) -> None:
        refused = await post(gate, None, chunks=[text])
        assert (refused.status, refused.body["type"]) == (400, "/problems/invalid-json")
        assert gate.outlet.sent == []

    run_once(scenario)


@pytest.mark.parametrize("key", [None, "", "   ", "x" * 256, "caf\u00e9"])
def test_an_order_needs_a_usable_key(run_once: Run, key: str | None) -> None:
    async def scenario(gate: Gate) -> None:
        refused = await post(gate, form(), key)
        assert (refused.status, refused.body["type"]) == (400, "/problems/missing-idempotency-key")
        assert gate.outlet.sent == []

    run_once(scenario)


def many_lines(number: int) -> dict[str, Any]:
    """Return a correct order of so many lines."""
    line = {"sku": "85123A", "description": "x" * 20, "quantity": 1, "unit_price": "1.00"}
    return form(lines=[line] * number, total=f"{number}.00")


def test_the_record_may_have_100000_bytes_and_not_one_more(run_once: Run) -> None:
    async def scenario(gate: Gate) -> None:
        taken, refused = 1, 1200
        while refused - taken > 1:
            middle = (taken + refused) // 2
            answer = await post(gate, many_lines(middle), f"n{middle}")
            assert answer.status == 202 or answer.body["type"] == "/problems/too-large"
            taken, refused = (middle, refused) if answer.status == 202 else (taken, middle)
        largest = max(gate.outlet.sizes)
        line = len(json.dumps(many_lines(1)["lines"][0], separators=(",", ":"))) + len("_minor")
        assert largest <= 100_000 < largest + line

    run_once(scenario)


def test_a_body_is_counted_as_it_comes(run_once: Run) -> None:
    async def scenario(gate: Gate) -> None:
        refused = await post(gate, None, chunks=[b" " * 40_000] * 1000)
        assert (refused.status, refused.body["type"]) == (413, "/problems/too-large")
        assert gate.outlet.sent == []

    run_once(scenario)


def test_many_orders_at_once_are_all_taken(run: Run) -> None:
    async def scenario(gate: Gate) -> None:
        taken = await asyncio.gather(*(post(gate, form(), f"k{n}") for n in range(500)))
        assert {answer.status for answer in taken} == {202}
        assert {sent.key for sent in gate.outlet.sent} == {answer.body["order_id"] for answer in taken}
        assert len(gate.outlet.sent) == 500

    run(scenario)
