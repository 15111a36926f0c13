"""Limits of clients and of sizes, at the edge of the gateway."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from services.gateway.security.limits import Limits
from tests.contract.gateway.callers import CALLERS, call, guarded, having
from tests.contract.gateway.gate import Gate
from tests.contract.gateway.story import Story, entries, projector
from tests.order_form import form

Urls = tuple[str, str]


@pytest.fixture
def urls(new_sqlite_url: Callable[[str], str]) -> Urls:
    """Give migrated databases of the gateway and the projector."""
    return new_sqlite_url("gateway"), new_sqlite_url("projector")


def test_a_client_that_asks_too_often_is_told_to_wait_and_others_are_not(urls: Urls) -> None:
    clock = [0.0]

    async def scenario() -> None:
        async with guarded(urls, limits=Limits(2.0, None, lambda: clock[0])) as gate:
            answers = [await call(gate, "ann", "GET", "/v1/orders") for _ in range(6)]
            assert [answer.status for answer in answers] == [200] * 4 + [429] * 2
            assert (answers[-1].body["type"], answers[-1].headers["retry-after"]) == ("/problems/rate-limited", "1")
            assert (await call(gate, "bob", "GET", "/v1/orders")).status == 200
            assert (await gate.call("GET", "/healthz")).status == 200
            clock[0] = 1.0
            assert (await call(gate, "ann", "GET", "/v1/orders")).status == 200

    asyncio.run(scenario())


def test_all_keys_of_a_client_share_its_limit_which_may_be_its_own(urls: Urls) -> None:
    callers = {
        "olga": replace(CALLERS["olga"], rate_per_s=1.0),
        "otto": replace(CALLERS["olga"], name="otto", rate_per_s=1.0),
    }

    async def scenario() -> None:
        async with guarded(urls, callers, Limits(1000.0, None, lambda: 0.0)) as gate:
            names = ("olga", "otto", "olga")
            assert [(await call(gate, name, "GET", "/v1/orders")).status for name in names] == [200, 200, 429]

    asyncio.run(scenario())


def test_a_client_has_so_many_requests_in_hand(urls: Urls) -> None:
    async def scenario() -> None:
        async with guarded(urls, limits=Limits(None, 3, lambda: 0.0)) as gate:
            gate.outlet.gate = asyncio.Event()
            held = [
                asyncio.create_task(call(gate, "shop", "POST", "/v1/orders", form(), key=f"k{n}")) for n in range(3)
            ]
            while len(gate.outlet.sent) < 3:
                gate.outlet.arrived.clear()
                await gate.outlet.arrived.wait()
            refused = await call(gate, "shop", "POST", "/v1/orders", form(), key="k3")
            assert (refused.status, refused.headers["retry-after"]) == (429, "1")
            gate.outlet.gate.set()
            assert {answer.status for answer in await asyncio.gather(*held)} == {202}
            assert (await call(gate, "shop", "POST", "/v1/orders", form(), key="k3")).status == 202

    asyncio.run(asyncio.wait_for(scenario(), 180))


def test_long_addresses_and_headers_are_refused_before_anything_else(urls: Urls) -> None:
    async def scenario() -> None:
        async with guarded(urls) as gate:
            for url in ("/v1/orders/" + "x" * 9_000, "/v1/orders?cursor=" + "x" * 9_000):
                assert (await gate.call("GET", url)).status == 414
            assert (await gate.call("GET", "/v1/orders", None, None, (), more="x" * 17_000)).status == 431
            assert (await call(gate, "olga", "GET", "/v1/orders?cursor=" + "x" * 8_000)).status == 422

    asyncio.run(scenario())


def test_a_body_that_says_it_is_too_long_is_not_waited_for(urls: Urls) -> None:
    async def scenario() -> None:
        async with guarded(urls) as gate:
            headers = having({"content-length": "131073"})
            refused = await gate.call("POST", "/v1/orders", None, "k1", (b"x", b"x"), **headers)
            assert (refused.status, refused.headers["connection"]) == (413, "close")

    asyncio.run(scenario())


async def status_without_a_body(gate: Gate, caller: str, path: str) -> int:
    """Return the status of a request whose client goes away before its body is there."""
    headers = [(b"authorization", f"Bearer {caller}".encode()), (b"idempotency-key", b"k1")]
    about = {"method": "POST", "path": path, "raw_path": path.encode(), "root_path": "", "query_string": b""}
    scope = {"type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "scheme": "http", "headers": headers}
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        sent.append(message)

    await gate.app({**scope, **about}, receive, send)
    return int(sent[0]["status"])


def test_a_client_that_goes_away_in_mid_body_is_no_bug(urls: Urls, caplog: pytest.LogCaptureFixture) -> None:
    """Else whoever likes can fill the log with stacks."""

    async def scenario() -> None:
        async with guarded(urls) as gate:
            for caller, path in (("ann", "/v1/orders"), ("olga", "/v1/sagas"), ("adam", "/v1/definitions")):
                assert await status_without_a_body(gate, caller, path) == 400

    asyncio.run(scenario())
    assert "bug" not in caplog.text


def test_without_the_read_model_ownership_is_known_from_the_submission(urls: Urls) -> None:
    with projector(urls[1]) as (projection, _):
        projection.project(entries(Story("ord_ann").started()))

    async def scenario() -> None:
        async with guarded(urls) as gate:
            fresh = (await call(gate, "ann", "POST", "/v1/orders", form(), key="k1")).body["order_id"]
            with sqlite3.connect(urls[1].removeprefix("sqlite:///")) as connection:
                connection.execute("ALTER TABLE orders RENAME TO away")
            assert (await call(gate, "bob", "GET", f"/v1/orders/{fresh}")).status == 404
            for caller in ("ann", "bob"):
                unknown = await call(gate, caller, "GET", "/v1/orders/ord_ann")
                assert (unknown.status, unknown.body["type"]) == (503, "/problems/database-unavailable")

    asyncio.run(scenario())


MARKERS = (
    "<script>alert(1)</script>",
    "planted\u0000null",
    "planted\u001b[31mred",
    "planted\u202eevil",
    "planted" * 80,
)


def planted(marker: str) -> list[dict[str, object]]:
    """Return free data with the marker, made long where its length is what is wrong."""
    long = marker if len(marker) < 100 else marker * 30
    return [{"note": long}, {"notes": [{"note": long}]}, {long: 1}]


@pytest.mark.parametrize("marker", MARKERS, ids=ascii)
def test_planted_text_reaches_neither_topics_nor_logs(
    urls: Urls, marker: str, caplog: pytest.LogCaptureFixture
) -> None:
    line = {"sku": "85123A", "quantity": 6, "unit_price": "2.55"}
    shipping = {"method": "standard", "country": "United Kingdom", "address": "1 High St"}
    forms = [
        form(customer_id=marker),
        form(reference=marker),
        form(payment_method=marker),
        form(currency=marker),
        form(process=marker),
        form(lines=[{**line, "sku": marker}]),
        form(lines=[{**line, "description": marker}]),
        form(lines=[{**line, "unit_price": marker}]),
        form(shipping={**shipping, "address": marker * 2}),
        form(shipping={**shipping, "country": marker}),
        form(shipping={**shipping, "method": marker}),
        form(**{marker: "x"}),
        form(lines=[{**line, marker: 1}]),
    ]
    caplog.set_level("DEBUG")

    async def scenario() -> None:
        async with guarded(urls) as gate:
            for number, document in enumerate(forms):
                refused = await call(gate, "shop", "POST", "/v1/orders", document, key=f"k{number}")
                assert refused.status == 422, document
                assert refused.headers["content-type"] == "application/problem+json"
            for action in ("approve", "reject", "cancel"):
                url = f"/v1/orders/ord_a/{action}"
                assert (await call(gate, "olga", "POST", url, {"reason": marker * 8})).status == 422
            signals = [{"name": marker * 2}, *({"name": "x", "data": data} for data in planted(marker))]
            for signal in signals:
                assert (await call(gate, "olga", "POST", "/v1/sagas/ord_a/signals", signal)).status == 422
            for data in planted(marker):
                start = {"definition": "etl", "data": data}
                assert (await call(gate, "olga", "POST", "/v1/sagas", start, key="k1")).status == 422
            assert gate.outlet.sent == []

    asyncio.run(scenario())
    logged = json.dumps([vars(record) for record in caplog.records], default=str)
    assert marker not in logged
    assert json.dumps(marker)[1:-1] not in logged
