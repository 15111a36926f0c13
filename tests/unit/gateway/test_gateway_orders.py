"""What the gateway refuses in an order, and by which name."""

from __future__ import annotations

from typing import Any

import pytest

from services.gateway.orders import Accepted, Refused, order_id_of, read_order

CURRENCIES = frozenset({"GBP", "EUR"})


def order(**changes: Any) -> dict[str, Any]:
    """Return an order without fault, with changes; a change to None takes the field away."""
    form: dict[str, Any] = {
        "customer_id": "17850",
        "currency": "GBP",
        "total": "20.34",
        "payment_method": "pm_card_ok",
        "lines": [line(), line(sku="71053", quantity=2, unit_price="2.52")],
        "shipping": {"method": "standard", "country": "United Kingdom", "address": "1 High St"},
        "reference": "536365",
    }
    form.update(changes)
    return {name: value for name, value in form.items() if value is not None}


def line(**changes: Any) -> dict[str, Any]:
    """Return a line without fault, with changes."""
    fields = {"sku": "85123A", "description": "HEART", "quantity": 6, "unit_price": "2.55"}
    return {name: value for name, value in (fields | changes).items() if value is not None}


def faults(form: object) -> list[str]:
    """Return the names of the fields that are wrong."""
    refused = read_order(form, CURRENCIES)
    assert isinstance(refused, Refused), refused
    return [error.field for error in refused.errors]


def test_a_good_order_becomes_saga_data_in_minor_units() -> None:
    accepted = read_order(order(), CURRENCIES)
    assert isinstance(accepted, Accepted)
    assert accepted.data == {
        "customer_id": "17850",
        "currency": "GBP",
        "total_minor": 2034,
        "payment_method": "pm_card_ok",
        "lines": [
            {"sku": "85123A", "description": "HEART", "quantity": 6, "unit_price_minor": 255},
            {"sku": "71053", "description": "HEART", "quantity": 2, "unit_price_minor": 252},
        ],
        "shipping": {"method": "standard", "country": "United Kingdom", "address": "1 High St"},
        "reference": "536365",
    }


@pytest.mark.parametrize("written", ["2", "2.0", "2.00"])
def test_amounts_may_have_fewer_decimals(written: str) -> None:
    form = order(total="12", lines=[line(unit_price=written)])
    assert isinstance(read_order(form, CURRENCIES), Accepted)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"customer_id": None}, "customer_id"),
        ({"customer_id": ""}, "customer_id"),
        ({"customer_id": 17850}, "customer_id"),
        ({"customer_id": "x" * 65}, "customer_id"),
        ({"currency": "XXX"}, "currency"),
        ({"currency": None}, "currency"),
        ({"total": "20.35"}, "total"),
        ({"total": 20.34}, "total"),
        ({"total": "-20.34"}, "total"),
        ({"total": "20.340"}, "total"),
        ({"total": "1e3"}, "total"),
        ({"total": "\u0662\u0660.\u0663\u0664"}, "total"),
        ({"total": "20.34\n"}, "total"),
        ({"payment_method": None}, "payment_method"),
        ({"payment_method": "Card"}, "payment_method"),
        ({"lines": None}, "lines"),
        ({"lines": []}, "lines"),
        ({"lines": {}}, "lines"),
        ({"lines": ["tea"]}, "lines[0]"),
        ({"shipping": None}, "shipping"),
        ({"shipping": "by air"}, "shipping"),
        ({"reference": 5}, "reference"),
        ({"reference": "a\x00b"}, "reference"),
        ({"colour": "red"}, "colour"),
        ({"order_id": "ord_mine"}, "order_id"),
    ],
)
def test_a_wrong_field_is_named(changes: dict[str, Any], field: str) -> None:
    assert faults(order(**changes)) == [field]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"quantity": 0}, "quantity"),
        ({"quantity": -6}, "quantity"),
        ({"quantity": 1.5}, "quantity"),
        ({"quantity": True}, "quantity"),
        ({"quantity": "6"}, "quantity"),
        ({"quantity": 1_000_001}, "quantity"),
        ({"quantity": None}, "quantity"),
        ({"unit_price": "0.00"}, "unit_price"),
        ({"unit_price": "2.555"}, "unit_price"),
        ({"unit_price": 2.55}, "unit_price"),
        ({"unit_price": None}, "unit_price"),
        ({"sku": None}, "sku"),
        ({"sku": "POST"}, "sku"),
        ({"sku": "BANK CHARGES"}, "sku"),
        ({"sku": "C2"}, "sku"),
        ({"description": "tab\there"}, "description"),
        ({"description": "x" * 257}, "description"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_a_wrong_line_is_named_with_its_number(changes: dict[str, Any], field: str) -> None:
    assert faults(order(lines=[line(), line(**changes)])) == [f"lines[1].{field}"]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"method": "pigeon"}, "method"),
        ({"method": None}, "method"),
        ({"country": "  "}, "country"),
        ({"address": "x" * 513}, "address"),
        ({"planet": "Mars"}, "planet"),
    ],
)
def test_wrong_shipping_is_named(changes: dict[str, Any], field: str) -> None:
    shipping = {"method": "standard", "country": "United Kingdom", "address": "1 High St"} | changes
    assert faults(order(shipping=shipping)) == [f"shipping.{field}"]


def test_every_fault_is_named_not_only_the_first() -> None:
    form = order(customer_id=None, lines=[line(quantity=-1, sku="M"), line(unit_price="x")], currency="???")
    assert faults(form) == ["customer_id", "currency", "lines[0].sku", "lines[0].quantity", "lines[1].unit_price"]


@pytest.mark.parametrize("document", [None, [], "order", 5, True])
def test_what_is_no_object_is_refused_as_a_whole(document: object) -> None:
    assert faults(document) == ["body"]


def test_a_flood_of_faults_is_cut_off() -> None:
    assert len(faults(order(lines=[5] * 1000))) == 100


def test_an_order_id_follows_from_client_and_key() -> None:
    assert order_id_of("public", "k1") == order_id_of("public", "k1")
    ids = {order_id_of(client, key) for client in ("a", "ab") for key in ("k", "bk", "")}
    assert len(ids) == 6
    for order_id in ids:
        assert order_id.startswith("ord_")
        assert len(order_id) == 30
        assert order_id == order_id.lower()
