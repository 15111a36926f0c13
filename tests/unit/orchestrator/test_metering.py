"""The orchestrator's metrics: what sagas did is counted, an illegal event by one, and every bound shows its use."""

from __future__ import annotations

from functools import partial

import pytest

from orchestrator.metering import runtime_metrics
from schemas import topics
from streams.runtime_config import RuntimeConfig
from tests.orchestrator_world import World
from tests.scraping import Scrape, scraped, total

CONFIG = RuntimeConfig((topics.INPUTS.name, topics.REPLIES.name), topics.CHANGELOG.name, topics.DEAD_LETTERS.name)


@pytest.fixture
def world() -> World:
    """Give an orchestrator without sagas."""
    return World()


def scrape(world: World) -> Scrape:
    """Return what the process would serve."""
    return scraped(world.counts.read, partial(runtime_metrics, world.runtime, CONFIG))


def signal(world: World, name: str) -> None:
    """Send a signal to the order."""
    world.send("saga.Signal", "ord_a", name=name, actor="olga", data="{}")
    world.settle()


@pytest.mark.parametrize("name", ["approve", "reject", "delivered", "no-such-signal"])
def test_given_a_running_order_when_an_illegal_event_comes_then_the_counter_is_one_more(
    world: World, name: str
) -> None:
    world.start_order()
    world.settle()
    status = world.records(topics.STATUS.name)
    before = total(scrape(world), "illegal_transition_total")

    signal(world, name)

    after = scrape(world)
    assert total(after, "illegal_transition_total") == before + 1
    assert total(after, "illegal_transition_total", definition="order-fulfillment") == before + 1
    assert world.records(topics.STATUS.name) == status


def test_given_a_completed_order_when_it_is_cancelled_then_the_counter_is_one_more(world: World) -> None:
    world.start_order()
    world.run()
    before = total(scrape(world), "illegal_transition_total")

    world.send("saga.CancelSaga", "ord_a", actor="olga", reason="too late")
    world.settle()

    assert total(scrape(world), "illegal_transition_total") == before + 1


def test_what_sagas_did_is_counted_by_definition_step_and_outcome(world: World) -> None:
    for order_id in ("ord_a", "ord_b"):
        world.start_order(order_id)
    world.run()

    found = scrape(world)
    orders = {"definition": "order-fulfillment"}
    assert total(found, "saga_started_total", **orders) == 2
    assert total(found, "saga_ended_total", outcome="COMPLETED", **orders) == 2
    assert total(found, "saga_duration_seconds_count", **orders) == 2
    assert total(found, "saga_events_total", type="StepCompleted", step="capture-payment", **orders) == 2


def test_the_iterations_of_a_loop_are_one_step(world: World) -> None:
    lines = [{"sku": f"A{n}", "quantity": 1, "unit_price_minor": 100} for n in range(3)]
    world.start_saga("sag_a", "basket", {"lines": lines})
    world.run()

    found = scrape(world)
    assert total(found, "saga_events_total", type="StepCompleted", step="price", definition="basket") == 3
    steps = {dict(labels).get("step", "") for name, labels in found if name == "saga_events_total"}
    assert not any("/" in step or step.isdecimal() for step in steps)


def test_the_runtime_counts_its_work_and_shows_its_bounds(world: World) -> None:
    world.start_order()
    world.run()
    world.put(topics.INPUTS.name, b"ord_a", b"no message")
    world.settle()

    found = scrape(world)
    assert total(found, "stream_records_total") > 5
    transactions = total(found, "stream_transactions_total")
    assert total(found, "stream_commit_seconds_count") == transactions > 5
    assert total(found, "stream_commit_seconds_bucket", le="+Inf") == transactions
    assert total(found, "stream_dead_letters_total") == 1
    assert total(found, "stream_backlog_records_limit") == CONFIG.max_records
    assert total(found, "stream_tasks_running") == topics.INPUTS.partitions


def test_a_rebuilt_store_is_counted(world: World) -> None:
    world.start_order()
    world.run()
    world.restart(keep_stores=False)
    world.settle()

    assert total(scrape(world), "stream_restored_records_total") > 0
