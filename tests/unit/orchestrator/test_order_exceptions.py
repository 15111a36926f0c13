"""Orders whose data is unusual wait for a person who is shown what is, before anything is reserved or charged."""

from __future__ import annotations

from typing import Any

import pytest

from campaigns.retail import order_of, read_invoices
from orchestrator.core.definition import Definition
from orchestrator.core.events import StepCompleted
from orchestrator.definitions.registry import load
from tests.saga_story import Story, begun, order_data, says, the_next_timer

REGISTRY = load(None, {})
NAMES = ("order-fulfillment", "order-fulfillment-payment-first")
LIMIT = 2_000


def newest(name: str) -> Definition:
    found = REGISTRY.newest(name)
    assert found is not None
    return found


def of(*quantities: int, unit_price_minor: int = 1) -> dict[str, Any]:
    """Return an order with a line for each quantity."""
    lines = [
        {"sku": f"{85_000 + number}A", "description": "", "quantity": one, "unit_price_minor": unit_price_minor}
        for number, one in enumerate(quantities)
    ]
    return {**order_data(sum(quantities) * unit_price_minor), "lines": lines}


def told(story: Story) -> Any:
    """Return what the validation found."""
    [found] = [one.event.output for one in story.told if isinstance(one.event, StepCompleted)]
    return found


@pytest.mark.parametrize("name", NAMES)
def test_an_order_of_unusual_quantity_waits_for_a_person_who_sees_the_lines(name: str) -> None:
    story = begun(newest(name), "ord_a", of(6, LIMIT + 1, LIMIT))

    story.is_now("validated", "AWAITING_APPROVAL")
    assert (story.commands, story.history[1:3]) == ([], ["done validate", "chose unusual"])
    assert told(story)["exceptions"] == [
        {"rule": "unusual-quantity", "line": 1, "sku": "85001A", "quantity": LIMIT + 1, "limit": LIMIT}
    ]
    assert len(story.when(says("approve")).sent) == 1
    story.when(says("reject")).ended("REVOKED").is_now("cancelled", "TRANSACTION_REVOKED")
    story.when(the_next_timer).ended("REVOKED")
    assert story.when(says("reject")).commands == []


@pytest.mark.parametrize("name", NAMES)
def test_an_order_of_usual_quantities_passes_with_the_events_that_it_always_had(name: str) -> None:
    story = begun(newest(name), "ord_a", of(LIMIT, LIMIT))

    assert story.history[:3] == ["started", "done validate", "chose within-limit"]
    assert (len(story.history), len(story.commands)) == (4, 1)
    assert told(story) == {"units": 2 * LIMIT, "approval_limit_minor": 10_000}


def test_an_order_that_is_large_and_unusual_waits_once_and_both_are_known() -> None:
    story = begun(newest(NAMES[0]), "ord_a", of(LIMIT + 1, unit_price_minor=100))

    assert story.history[2:] == ["chose above-limit", "awaits approve or reject"]
    assert len(told(story)["exceptions"]) == 1
    assert story.when(says("approve")).sent == ["lock-inventory"]


def test_the_deployment_gives_the_quantity_and_without_one_none_is_unusual() -> None:
    limits = {"approval_limits_minor": {"GBP": 10_000_000}}
    for most, status in ((5, "AWAITING_APPROVAL"), (6, "RUNNING"), (None, "RUNNING")):
        parameters = limits if most is None else {**limits, "unusual_quantity": most}
        begun(newest(NAMES[0]), "ord_a", of(6), parameters).is_now("validated", status)


def test_of_very_many_unusual_lines_the_first_are_named() -> None:
    story = begun(newest(NAMES[0]), "ord_a", of(*[LIMIT + 1] * 30))

    assert [one["line"] for one in told(story)["exceptions"]] == list(range(20))


def test_hardly_any_real_order_is_unusual() -> None:
    """The number in docs/definitions/order-fulfillment.md."""
    orders = [order_of(one) for one in read_invoices() if not one.faults]
    unusual = [one for one in orders if any(line["quantity"] > LIMIT for line in one["lines"])]

    assert (len(unusual), len(orders)) == (1, 374)
    assert [float(one["total"]) > 100 for one in unusual] == [True]
