"""What any client of HTTP may expect: HEAD, Allow, and no word of an address that is passed over."""

from __future__ import annotations

import pytest

from tests.contract.gateway.gate import Gate
from tests.contract.gateway.shop import Shop
from tests.contract.gateway.story import Story


def test_what_can_be_got_can_be_asked_for_its_head(shop: Shop) -> None:
    async def scenario(gate: Gate) -> None:
        for url in ("/healthz", "/v1/orders", "/subjects", "/openapi.json"):
            got, head = await gate.call("GET", url), await gate.call("HEAD", url)
            assert (head.status, head.headers["content-type"]) == (200, got.headers["content-type"]), url
        assert (await gate.call("HEAD", "/v1/orders/ord_nobody")).status == 404

    shop.run(scenario)


def test_the_head_of_a_stream_is_answered_at_once(shop: Shop) -> None:
    """It would wait for the end of the stream, and take the place of somebody who listens."""
    shop.project(Story("ord_a").started().awaiting_approval())

    async def scenario(gate: Gate) -> None:
        head = await gate.call("HEAD", "/v1/orders/ord_a/events", stay_for=1_000)
        got = await gate.call("GET", "/v1/orders/ord_a/events")
        assert (head.status, head.headers, head.raw) == (200, got.headers, b"")
        assert got.raw != b""

    shop.run(scenario)


@pytest.mark.parametrize(
    ("method", "url", "allowed"),
    [
        ("DELETE", "/v1/orders", "GET, POST"),
        ("PUT", "/v1/orders/ord_1", "GET"),
        ("GET", "/v1/orders/ord_1/cancel", "POST"),
        ("POST", "/healthz", "GET"),
    ],
)
def test_a_method_that_is_not_there_is_answered_with_those_that_are(
    shop: Shop, method: str, url: str, allowed: str
) -> None:
    async def scenario(gate: Gate) -> None:
        refused = await gate.call(method, url)
        assert (refused.status, refused.headers["allow"]) == (405, allowed)
        assert allowed in refused.body["detail"]

    shop.run(scenario)


@pytest.mark.parametrize(
    ("method", "url", "named"),
    [
        ("GET", "/v1/dead-letters?saga=ord_1", "saga"),
        ("POST", "/v1/dead-letters/0-1/redrive?dry_run=true", "dry_run"),
        ("GET", "/v1/sagas?definitions=etl", "definitions"),
        ("GET", "/v1/orders?stauts=RUNNING", "stauts"),
        ("GET", "/v1/orders/ord_1?expand=lines", "expand"),
        ("GET", "/v1/stats/failures?day=2026-11-20", "day"),
        ("GET", "/v1/approvals?page=2", "page"),
    ],
)
def test_a_parameter_that_the_route_does_not_know_is_refused(shop: Shop, method: str, url: str, named: str) -> None:
    """A list with a misspelt filter is not filtered, and a redrive whose dry run was passed over is done."""

    async def scenario(gate: Gate) -> None:
        refused = await gate.call(method, url, {} if method == "POST" else None)
        assert (refused.status, refused.body["errors"][0]["field"]) == (422, named)

    shop.run(scenario)


@pytest.mark.parametrize(
    "url",
    [
        "/v1/orders?status=RUNNING&limit=5",
        "/v1/orders?created_from=2026-11-21&created_before=2026-11-22T10:00:00%2B01:00",
        "/v1/dead-letters?saga_id=ord_1&code=undecodable&state=open&limit=5",
        "/subjects?subjectPrefix=sagaline&deleted=false",
    ],
)
def test_parameters_that_are_known_are_taken(shop: Shop, url: str) -> None:
    async def scenario(gate: Gate) -> None:
        assert (await gate.call("GET", url)).status == 200

    shop.run(scenario)


@pytest.mark.parametrize("moment", ["2023", "1700000000", "-1", "yesterday", "2026-11-31", "2026-11-21T10:00:00", ""])
def test_a_time_is_a_day_or_a_time_with_its_zone_and_never_a_number(shop: Shop, moment: str) -> None:
    async def scenario(gate: Gate) -> None:
        refused = await gate.call("GET", f"/v1/orders?created_from={moment}")
        assert (refused.status, refused.body["errors"][0]["field"]) == (422, "created_from")

    shop.run(scenario)
