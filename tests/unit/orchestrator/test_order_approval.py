"""The approval gate: whom it stops, and how it opens, refuses or closes by itself."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from orchestrator.core.events import SignalAwaited
from orchestrator.definitions import library
from tests.orchestrator_world import world_with
from tests.saga_story import HOUR, NOON, ORDER_FULFILLMENT, after, begun, order, order_data, says, the_next_timer

ABOVE = 10_001


@pytest.mark.parametrize("total_minor", [1, 9_999, 10_000])
def test_an_order_of_at_most_100_passes_without_a_person(total_minor: int) -> None:
    order(total_minor).then("started", "done validate", "chose within-limit", "send lock-inventory")


def test_an_order_of_100_01_waits_for_a_person_and_sends_no_command() -> None:
    story = order(ABOVE).then("started", "done validate", "chose above-limit", "awaits approve or reject")

    assert story.is_now("validated", "AWAITING_APPROVAL").commands == []
    [waiting] = [recorded.event for recorded in story.told if isinstance(recorded.event, SignalAwaited)]
    assert waiting.timeout_at == NOON + 72 * HOUR


@pytest.mark.parametrize(("currency", "total_minor", "branch"), [("GBP", 501, "above"), ("USD", 10_000, "within")])
def test_each_currency_has_the_limit_the_deployment_gives_it(currency: str, total_minor: int, branch: str) -> None:
    limits = {"approval_limits_minor": {"GBP": 500, "USD": 10_000}}
    story = begun(ORDER_FULFILLMENT, "ord_a", order_data(total_minor, currency=currency), limits)

    assert f"chose {branch}-limit" in story.history


def test_a_currency_without_a_limit_is_refused_before_anything_is_reserved() -> None:
    story = order(currency="JPY")

    story.then(
        "started",
        "failed validate REJECTED invalid_order for good",
        "turned round invalid_order, to undo nothing",
        "revoked invalid_order",
    ).is_now("cancelled", "TRANSACTION_REVOKED").ended("REVOKED")


def test_an_approved_order_goes_on() -> None:
    story = order(ABOVE).when(says("approve"))

    story.then("got approve", "chose granted", "send lock-inventory").is_now("validated", "RUNNING")


def test_a_rejected_order_ends_with_nothing_to_undo() -> None:
    story = order(ABOVE).when(says("reject"))

    story.then(
        "got reject",
        "chose rejected",
        "turned round approval_rejected, to undo nothing",
        "revoked approval_rejected",
    ).is_now("cancelled", "TRANSACTION_REVOKED").ended("REVOKED")


def test_an_order_nobody_decides_about_ends_after_72_hours_and_not_before() -> None:
    story = order(ABOVE).when(after(72 * HOUR - 1)).then_nothing()

    story.when(the_next_timer).then(
        "failed approval REJECTED approval_timeout for good",
        "turned round approval_timeout, to undo nothing",
        "revoked approval_timeout",
    ).ended("REVOKED")


def test_an_expiry_of_its_own_cancels_after_ten_seconds_with_the_reason(tmp_path: Path) -> None:
    document = yaml.safe_load(Path(library.__file__).with_name("order-fulfillment.yaml").read_text(encoding="utf-8"))
    document["document"]["version"] = "2.0.0"
    [approval] = [task["approval"] for task in document["do"] if "approval" in task]
    approval["timeout"]["after"] = {"seconds": 10}
    world = world_with(tmp_path, yaml.safe_dump(document, sort_keys=False))
    data = json.dumps({**order_data(15_000), "order_id": "ord_a"})
    world.send("saga.StartSaga", "ord_a", definition="order-fulfillment", version=2, data=data)
    world.settle()

    world.later(9_999)
    assert world.statuses()[-1]["status"] == "AWAITING_APPROVAL"
    world.later(1)
    last = world.statuses()[-1]
    assert (last["lifecycle"], last["status"], last["reason"]) == (
        "cancelled", "TRANSACTION_REVOKED", "approval_timeout",
    )  # fmt: skip
    assert world.commands() == []


def test_a_second_decision_changes_nothing_and_is_on_record() -> None:
    story = order(ABOVE).when(says("approve"))

    story.when(says("reject")).then("ignored reject")
    story.when(says("approve")).then("ignored approve")


def test_a_decision_after_the_time_out_does_not_revive_the_order() -> None:
    order(ABOVE).when(the_next_timer, says("approve")).ended("REVOKED").when(says("approve")).then("ignored approve")


@pytest.mark.parametrize("name", ["approve", "reject", "delivered", "no-such-signal"])
def test_a_signal_that_is_not_waited_for_is_only_recorded(name: str) -> None:
    story = order()

    ignored = story.when(says(name)).then(f"ignored {name}")
    assert ignored.is_now("validated", "RUNNING").commands == story.commands
