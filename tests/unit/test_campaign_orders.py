"""The packaged real orders: what they are, what is wrong with some, and what a plan makes of them."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from itertools import islice

import pytest

from campaigns.plan import Decision, Mix, Planned, real_orders, synthetic_orders
from campaigns.retail import Invoice, demo_invoices, order_of, read_invoices
from campaigns.stock import SOLD_OUT, SPLIT, shelves
from services.gateway.orders import Accepted, Refused, read_order

POUNDS = frozenset({"GBP"})


@pytest.fixture(scope="module")
def invoices() -> list[Invoice]:
    return list(read_invoices())


def test_the_extract_holds_its_512_invoices(invoices: list[Invoice]) -> None:
    assert len(invoices) == 512
    assert sum(not invoice.faults for invoice in invoices) == 374


@pytest.mark.parametrize("merged", [False, True])
def test_the_gateway_takes_faultless_invoices_and_no_others(invoices: list[Invoice], merged: bool) -> None:
    for invoice in invoices:
        answer = read_order(order_of(invoice, merged=merged), POUNDS)
        assert isinstance(answer, Refused if invoice.faults else Accepted), (invoice.number, invoice.faults, answer)


def test_merging_lines_keeps_every_unit_and_every_penny(invoices: list[Invoice]) -> None:
    for invoice in invoices:
        apart, merged = order_of(invoice), order_of(invoice, merged=True)
        assert apart["total"] == merged["total"]
        assert sum(line["quantity"] for line in apart["lines"]) == sum(line["quantity"] for line in merged["lines"])


def test_the_demonstration_shows_every_kind_of_fault(invoices: list[Invoice]) -> None:
    shown = demo_invoices(invoices)
    faults = {fault for invoice in shown for fault in invoice.faults}
    assert {"cancelled invoice", "missing customer", "zero price", "negative quantity"} <= faults
    assert {"no product: POST", "no product: M", "no product: D", "no product: BANK CHARGES"} <= faults
    assert len(shown) == 40


def test_a_plan_is_the_same_for_the_same_seed_and_another_for_another() -> None:
    assert real_orders(50, 1, Mix(), "x") == real_orders(50, 1, Mix(), "x")
    assert real_orders(50, 1, Mix(), "x") != real_orders(50, 2, Mix(), "x")


def test_a_plan_of_500_real_orders_has_every_failure_and_different_keys() -> None:
    plan = real_orders(500, 1, Mix(), "x")
    methods = Counter(planned.document["payment_method"] for planned in plan)
    assert {"pm_card_declined", "pm_timeout_after_capture", "pm_timeout_before_capture", "pm_flaky_2"} <= methods.keys()
    assert any(planned.cancel_after_s is not None for planned in plan)
    assert any(planned.decision is Decision.REJECT for planned in plan)
    assert len({planned.key for planned in plan}) == len(plan)
    assert sum(_is_taken(planned) for planned in plan) == 500


def test_synthetic_orders_add_up() -> None:
    for planned in islice(synthetic_orders(200, 3, Mix(), "x"), 200):
        added_up = sum(line["quantity"] * Decimal(line["unit_price"]) for line in planned.document["lines"])
        assert added_up == Decimal(planned.document["total"])
        assert _is_taken(planned)


def test_the_stock_has_one_product_sold_out_and_some_split(invoices: list[Invoice]) -> None:
    stock: dict[str, list[int]] = {}
    for _, sku, units in shelves(invoices):
        stock.setdefault(sku, []).append(units)
    assert sum(stock[SOLD_OUT]) == 0
    assert all(len(units) == 3 for units in stock.values())
    demand = Counter[str]()
    for invoice in invoices:
        if not invoice.faults:
            demand.update({item.sku: 0 for item in invoice.items})
            for item in invoice.items:
                demand[item.sku] += item.quantity
    assert all(max(stock[sku]) < demand[sku] <= sum(stock[sku]) for sku in SPLIT)
    assert all(sum(stock[sku]) >= demand[sku] for sku in demand if sku != SOLD_OUT)


def _is_taken(planned: Planned) -> bool:
    return isinstance(read_order(planned.document, POUNDS), Accepted)
