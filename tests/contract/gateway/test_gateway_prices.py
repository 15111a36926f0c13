"""With a catalogue, an order at prices of its own is refused by line, and nothing reaches a topic."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from services.gateway.catalogue import BadCatalogue, Catalogue, load, read
from tests.contract.gateway.gate import Gate, gateway
from tests.order_form import form

CATALOGUE = read(["sku,currency,unit_price", "85123A,GBP,2.55", "71053,GBP,3.39", "71053,EUR,4.00"])
SHIPPED = Path(__file__).parents[3] / "services" / "gateway" / "catalogue.csv"


def line(sku: str, unit_price: str) -> dict[str, Any]:
    """Return a line of one unit."""
    return {"sku": sku, "quantity": 1, "unit_price": unit_price}


def order(*lines: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """Return an order that adds up."""
    pence = sum(round(float(one["unit_price"]) * 100) for one in lines)
    return form(lines=list(lines), total=f"{pence / 100:.2f}", **changes)


async def post(gate: Gate, body: object, key: str = "k1") -> Any:
    """Post an order."""
    return await gate.call("POST", "/v1/orders", body, key)


def test_a_price_of_the_clients_own_is_refused_by_line(new_sqlite_url: Callable[[str], str]) -> None:
    urls = (new_sqlite_url("gateway"), new_sqlite_url("projector"))

    async def scenario() -> None:
        async with gateway(*urls, catalogue=CATALOGUE) as gate:
            cheap = await post(gate, order(line("85123A", "2.55"), line("71053", "0.01"), line("22752", "1.00")))
            assert (cheap.status, cheap.body["type"]) == (422, "/problems/invalid-request")
            assert cheap.body["errors"] == [
                {"field": "lines[1].unit_price", "message": "is not the price, which is 3.39"},
                {"field": "lines[2].sku", "message": "is not sold in GBP"},
            ]
            assert (await post(gate, order(line("85123A", "2.55"), currency="EUR"))).status == 422
            assert gate.outlet.sent == []
            assert (await post(gate, order(line("85123A", "2.55"), line("71053", "3.39")))).status == 202
            assert (await post(gate, order(line("71053", "4.00"), currency="EUR"), "k2")).status == 202

    asyncio.run(scenario())


def test_an_order_that_was_taken_stays_taken_when_prices_change(new_sqlite_url: Callable[[str], str]) -> None:
    urls = (new_sqlite_url("gateway"), new_sqlite_url("projector"))
    body = order(line("85123A", "2.55"))

    async def answers(catalogue: Catalogue, key: str) -> Any:
        async with gateway(*urls, catalogue=catalogue) as gate:
            return await post(gate, body, key)

    taken = asyncio.run(answers(CATALOGUE, "k1"))
    dearer = read(["sku,currency,unit_price", "85123A,GBP,2.95"])
    again = asyncio.run(answers(dearer, "k1"))
    assert (taken.status, again.status, again.body) == (202, 202, taken.body)
    assert asyncio.run(answers(dearer, "k2")).status == 422


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ([], "first line"),
        (["sku,unit_price"], "first line"),
        (["sku,currency,unit_price"], "no product"),
        (["sku,currency,unit_price", "85123A,GBP,cheap"], "line 2: unit_price"),
        (["sku,currency,unit_price", "85123A,GBP,0"], "line 2: unit_price"),
        (["sku,currency,unit_price", "85123A,GBP"], "line 2: unit_price"),
        (["sku,currency,unit_price", "85123A,GBP,1,2"], "line 2"),
        (["sku,currency,unit_price", "85123A,GBP,1.00", "85123A,GBP,1.10"], "line 3: the product is there"),
    ],
)
def test_an_unusable_catalogue_is_refused_by_line(text: list[str], told: str) -> None:
    with pytest.raises(BadCatalogue, match=told):
        read(text)


def test_the_shipped_catalogue_can_be_used() -> None:
    assert load(SHIPPED).prices["85123A", "GBP"] == 295
    with pytest.raises(BadCatalogue, match=r"none\.csv"):
        load(SHIPPED.with_name("none.csv"))
