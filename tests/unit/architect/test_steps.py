"""The steps of a text: every one that is listed, known or not, and what is known of each."""

from __future__ import annotations

import pytest

from architect.catalogue import Kind, known
from architect.clauses import clean
from architect.listing import listed_steps
from tests.unit.architect.asked import SAMPLE_PROMPT, designed, facts, section, texts


@pytest.mark.parametrize(
    ("text", "names"),
    [
        (
            "Order fulfillment with payment, inventory, shipping, strict compensation",
            ["payment", "inventory", "shipping"],
        ),
        ("coordinating payment, inventory, and shipping services", ["payment", "inventory", "shipping"]),
        ("payment -> inventory -> shipping", ["payment", "inventory", "shipping"]),
        ("payment → inventory → shipping", ["payment", "inventory", "shipping"]),
        ("Flow: quench => temper => polish", ["quench", "temper", "polish"]),
        ("1. Quench the blade 2. Temper it 3. Sell it", ["Quench the blade", "Temper it", "Sell it"]),
        ("Steps:\n- quench\n- temper\n- sell", ["quench", "temper", "sell"]),
        ("quench, temper, then polish and finally sell", ["quench", "temper", "polish", "sell"]),
        ("take payment, then print label; if printing fails, refund the payment", ["take payment", "print label"]),
        ("A customer places an order. The system charges the card, then ships it.", ["charges the card", "ships it"]),
        ("Document moves through the states draft, reviewed and closed", ["draft", "reviewed", "closed"]),
    ],
)
def test_every_listed_step_is_taken(text: str, names: list[str]) -> None:
    assert [step.name for step in listed_steps(clean(text))] == names


@pytest.mark.parametrize(
    ("name", "kind", "undo"),
    [
        ("payment", Kind.ACTION, "refund"),
        ("charge the card", Kind.ACTION, "refund"),
        ("payment validation", Kind.ACTION, "void"),
        ("inventory reservation", Kind.ACTION, "release"),
        ("deduct inventory", Kind.ACTION, "restock"),
        ("fulfillment assignment", Kind.ACTION, "withdraw"),
        ("generate shipping label", Kind.ACTION, "void the label"),
        ("shipping", Kind.ACTION, "cancel the shipment"),
        ("shipping notification", Kind.MESSAGE, "cancellation message"),
        ("book hotel", Kind.ACTION, "cancel the booking"),
        ("create account", Kind.ACTION, "delete"),
        ("fraud check", Kind.CHECK, ""),
        ("manager approval", Kind.APPROVAL, ""),
        ("request quotes from five insurers", Kind.QUERY, ""),
        ("frobnicate the widget", Kind.UNKNOWN, ""),
    ],
)
def test_a_step_is_known_by_its_words(name: str, kind: Kind, undo: str) -> None:
    entry = known(name)

    assert entry.kind is kind
    assert undo in entry.compensation
    assert bool(undo) == bool(entry.compensation)


def test_the_sample_prompt_lists_each_step_with_its_compensation() -> None:
    lines = section(designed(SAMPLE_PROMPT), "Compensation")

    for name in ("payment validation", "inventory reservation", "fulfillment assignment", "shipping notification"):
        (line,) = [line for line in lines if line.startswith(f"- **{name}**: ")]
        assert len(line) > len(name) + 20


def test_an_unknown_step_is_a_step_whose_compensation_is_an_open_point() -> None:
    asked = texts("payment, frobnicate the widget, shipping")
    step = facts(asked)["steps"][1]

    assert (step["name"], step["compensation"], step["compensation_open"]) == ("frobnicate the widget", None, True)
    assert any("frobnicate the widget" in line for line in section(designed(asked), "Open points"))


def test_steps_in_parallel_share_a_level() -> None:
    steps = facts(texts("charge the card, then ship it. Send email, SMS and push in parallel"))["steps"]

    assert [step["level"] for step in steps] == [0, 1, 2, 2, 2]
