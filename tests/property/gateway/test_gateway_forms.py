"""Whatever is posted, the gateway either takes it unchanged or names what is wrong."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from services.gateway.fields import money_text
from services.gateway.orders import MAX_QUANTITY, Accepted, Refused, lines_form, read_order
from services.gateway.views import cursor_of, read_cursor

CURRENCIES = frozenset({"GBP", "EUR"})
_TURNS_TEXT_AROUND = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff"
_CLEAN = st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"], exclude_characters=f"<{_TURNS_TEXT_AROUND}")
_TEXT = st.text(_CLEAN, max_size=64)
_LINE = st.fixed_dictionaries(
    {
        "sku": st.integers(0, 99_999).map(lambda number: f"{number:05d}A"),
        "description": _TEXT,
        "quantity": st.integers(1, MAX_QUANTITY),
        "unit_price_minor": st.integers(1, 99_999),
    }
)
_JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
_NAMES = ("customer_id", "currency", "total", "payment_method", "lines", "shipping", "reference", "extra")


def to_form(data: dict[str, Any]) -> dict[str, Any]:
    """Return saga data as the HTTP form it came in."""
    form = {
        "customer_id": data["customer_id"],
        "currency": data["currency"],
        "total": money_text(data["total_minor"]),
        "payment_method": data["payment_method"],
        "lines": lines_form(data["lines"]),
        "shipping": data["shipping"],
    }
    return {**form, "reference": data["reference"]} if data["reference"] else form


@st.composite
def saga_data(draw: st.DrawFn) -> dict[str, Any]:
    """Draw the saga data of an order without fault."""
    lines: list[dict[str, Any]] = draw(st.lists(_LINE, min_size=1, max_size=5))
    return {
        "customer_id": draw(st.sampled_from(["17850", "a.b@c-d_e"])),
        "currency": draw(st.sampled_from(sorted(CURRENCIES))),
        "total_minor": sum(line["quantity"] * line["unit_price_minor"] for line in lines),
        "payment_method": draw(st.sampled_from(["pm_card_ok", "pm_flaky_2"])),
        "lines": lines,
        "shipping": {
            "method": draw(st.sampled_from(["standard", "express"])),
            "country": draw(_TEXT.filter(str.strip)),
            "address": draw(_TEXT.filter(str.strip)),
        },
        "reference": draw(st.none() | _TEXT.filter(bool)),
    }


@given(saga_data())
def test_a_form_and_its_saga_data_say_the_same(data: dict[str, Any]) -> None:
    assert read_order(to_form(data), CURRENCIES) == Accepted(data)


@given(saga_data(), st.integers(-10_000, 10_000).filter(bool))
def test_a_total_that_does_not_add_up_is_refused(data: dict[str, Any], off: int) -> None:
    wrong = data["total_minor"] + off
    form = to_form(data) | {"total": money_text(wrong) if wrong >= 0 else f"-{money_text(-wrong)}"}
    refused = read_order(form, CURRENCIES)
    assert isinstance(refused, Refused)
    assert [error.field for error in refused.errors] == ["total"]


@given(_JSON)
def test_any_document_is_taken_or_refused_with_names(document: object) -> None:
    refused = read_order(document, CURRENCIES)
    assert isinstance(refused, Refused)
    assert refused.errors
    assert all(error.field and error.message for error in refused.errors)


@given(saga_data(), st.sampled_from(_NAMES), _JSON)
def test_one_field_of_anything_never_makes_anything_else_than_an_answer(
    data: dict[str, Any], name: str, value: object
) -> None:
    outcome = read_order(to_form(data) | {name: value}, CURRENCIES)
    match outcome:
        case Accepted(taken):
            assert taken["total_minor"] == sum(line["quantity"] * line["unit_price_minor"] for line in taken["lines"])
        case Refused(errors):
            assert all(error.field.startswith((name, "total")) for error in errors)


@given(st.integers(0, 2**50), st.text(st.sampled_from("abc234567"), max_size=30))
def test_a_cursor_says_where_to_go_on(at_ms: int, order_id: str) -> None:
    assert read_cursor(cursor_of({"created_at_ms": at_ms, "order_id": order_id})) == (at_ms, order_id)


@given(st.text())
def test_a_cursor_of_somebody_else_is_no_error(cursor: str) -> None:
    read_cursor(cursor)
