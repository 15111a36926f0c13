"""Card numbers are refused at the edge in every text, and nothing else is taken for one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.gateway.card_numbers import holds_card_number
from services.gateway.fields import CARD_NUMBER, FieldError, Fields

TEST_CARDS = (
    "4242424242424242",
    "4242 4242 4242 4242",
    "4242-4242-4242-4242",
    "card: 5555555555554444.",
    "2223003122003222",
    "378282246310005",
    "3056 930902 5904",
    "6011111111111117",
    "3566002020360505",
    "pm_4242424242424242",
    "4242 - 4242 - 4242 - 4242",
    "4242\n4242\t4242  4242",
    "4242\u20134242\u20134242\u20134242",
    "4242\u00a04242\u202f4242\u20094242",
    "4242\u200b4242\u200b4242\u200b4242",
    "\uff14\uff12" * 8,
    "\u0664\u0662" * 8,
)
INNOCENT = (
    "4242424242424241",
    "ord_okxjsatmuvplllk573acltyblu",
    "550e8400-e29b-41d4-a716-446655440000",
    "2026-11-21 18:12:02",
    "20261121181202",
    "1763748000000",
    "4006381333931",
    "+44 20 7946 0958",
    "536365",
    "12 Rue Haute, 75001 Paris",
    "5, Gr\u00fcne Gasse 4242, 4242 Z\u00fcrich, 4242 4242",
)


@pytest.mark.parametrize("text", TEST_CARDS)
def test_a_card_number_is_seen_however_it_is_written(text: str) -> None:
    assert holds_card_number(text)


@pytest.mark.parametrize("text", INNOCENT)
def test_other_numbers_are_no_card_numbers(text: str) -> None:
    assert not holds_card_number(text)


@given(st.from_regex(r"4[0-9]{14}", fullmatch=True), st.sampled_from(["", " ", "-"]))
def test_exactly_one_check_digit_makes_a_card_number(body: str, separator: str) -> None:
    written = [body + str(digit) for digit in range(10)]
    grouped = [separator.join(text[n : n + 4] for n in range(0, 16, 4)) for text in written]

    assert [holds_card_number(f"paid with {text} today") for text in grouped].count(True) == 1


def test_a_card_number_is_refused_in_every_field_and_not_repeated() -> None:
    errors: list[FieldError] = []
    document = {
        "reason": "paid with 4242 4242 4242 4242",
        "data": {"deep": [{"er": 4242424242424242}]},
        "more": {"deep": [1.5, 4242424242424242.0]},
        "names": {"4242424242424242": 1},
        "4242424242424242": 1,
    }
    fields = Fields(document, errors, "", frozenset({"reason", "data", "names", "more"}))

    fields.text("reason", 64)
    fields.data("data")
    fields.data("names")
    fields.data("more")

    assert [error for error in errors if error.message == CARD_NUMBER] == [
        FieldError("reason", CARD_NUMBER),
        FieldError("data", CARD_NUMBER),
        FieldError("names", CARD_NUMBER),
        FieldError("more", CARD_NUMBER),
    ]
    assert "4242" not in str(errors)
