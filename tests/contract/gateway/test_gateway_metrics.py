"""The gateway's metrics: requests by route and status, duplicates, and nothing that a client can make grow."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from tests.contract.gateway.callers import call, guarded, having
from tests.contract.gateway.gate import Gate
from tests.contract.gateway.shop import Shop
from tests.order_form import form
from tests.scraping import Scrape, parsed, total


async def scrape(gate: Gate) -> Scrape:
    """Return what the gateway shows."""
    answer = await gate.call("GET", "/metrics")
    assert answer.status == 200
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    return parsed(answer.body)


def test_requests_are_counted_by_route_and_status(shop: Shop) -> None:
    async def scenario(gate: Gate) -> None:
        await gate.call("POST", "/v1/orders", form(), "k1")
        await gate.call("POST", "/v1/orders", {}, "k2")
        for number in range(3):
            assert (await gate.call("GET", f"/v1/orders/ord_{number}")).status == 404
        await gate.call("GET", "/nothing/at/all")
        await gate.call("BREW", "/v1/orders")

        found = await scrape(gate)
        assert total(found, "http_requests_total", route="/v1/orders", status="202") == 1
        assert total(found, "http_requests_total", route="/v1/orders", status="422") == 1
        assert total(found, "http_requests_total", route="/v1/orders/{order_id}", status="404") == 3
        assert total(found, "http_request_duration_seconds_count", route="/v1/orders", status="202") == 1
        labels = [str(one) for _, one in found]
        assert not [one for one in labels if "ord_" in one or "nothing" in one or "BREW" in one]

    shop.run(scenario)


def test_a_repeated_order_raises_the_duplicates_by_one(shop: Shop) -> None:
    async def scenario(gate: Gate) -> None:
        await gate.call("POST", "/v1/orders", form(), "k1")
        before = total(await scrape(gate), "duplicates_filtered_total")
        assert (await gate.call("POST", "/v1/orders", form(), "k1")).status == 202

        assert total(await scrape(gate), "duplicates_filtered_total") == before + 1
        assert len(gate.outlet.sent) == 1

    shop.run(scenario)


def test_what_is_refused_before_it_is_routed_counts_as_the_route_that_it_was_meant_for(
    new_sqlite_url: Callable[[str], str],
) -> None:
    async def scenario() -> None:
        async with guarded((new_sqlite_url("gateway"), new_sqlite_url("projector"))) as gate:
            for caller, method, url, status in REFUSED:
                assert (await call(gate, caller, method, url)).status == status, url
            big = having({"x-more": "x" * 20_000})
            assert (await call(gate, "shop", "POST", "/v1/orders", form(), **big)).status == 431
            found = parsed((await call(gate, "olga", "GET", "/metrics")).body)
            counted = {
                (route, status): total(found, "http_requests_total", route=route, status=str(status))
                for route, status in COUNTED
            }
            assert counted == COUNTED

    asyncio.run(asyncio.wait_for(scenario(), 180))


REFUSED = (
    ("nobody", "POST", "/v1/orders", 401),
    ("nobody", "GET", "/v1/orders/ord_a/history", 401),
    ("shop", "GET", "/v1/approvals", 403),
    ("shop", "GET", f"/v1/orders/{'a' * 9_000}", 414),
    ("shop", "PUT", "/v1/orders/ord_a", 405),
    ("nobody", "GET", "/nothing/at/all", 401),
    ("shop", "GET", "/nothing/at/all", 404),
)
COUNTED = {
    ("/v1/orders", 401): 1,
    ("/v1/orders/{order_id}/history", 401): 1,
    ("/v1/approvals", 403): 1,
    ("/v1/orders/{order_id}", 414): 1,
    ("/v1/orders/{order_id}", 405): 1,
    ("/v1/orders", 431): 1,
    ("unmatched", 401): 1,
    ("unmatched", 404): 1,
}
