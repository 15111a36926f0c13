"""Bounds that keep one saga from harming others: how often it may go round, how much it may hold."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import yaml

from orchestrator.core.definition import UNCHANGED, Definition, Local
from orchestrator.core.events import SagaStarted
from orchestrator.definitions.compiler import compile_definition
from orchestrator.definitions.registry import compiled
from tests.orchestrator_world import World, world_with
from tests.saga_documents import ACT, document, told
from tests.saga_story import begun, done, undone

ITEM = {"set": {"text": "${ $item }"}}


def in_a_circle() -> Definition:
    """Return a definition that no author could have compiled: its last step goes on to its second."""
    definition = compile_definition(document({"a": ACT}, {"b": {"set": {"n": 1}}}, {"c": {"set": {"n": 2}}}), {})
    again = Local("c", lambda _scope: {"n": 2}, UNCHANGED, "b")
    return replace(definition, nodes={**definition.nodes, "c": again}, max_events=500)


def test_a_saga_that_goes_round_in_circles_stops_is_undone_and_handed_to_a_person() -> None:
    story = begun(in_a_circle(), "sag_a", {}).when(done("a"))

    assert len(story.told) < 510
    assert [report.kind for report in story.reports] == ["too_many_events"]
    story.when(undone("a")).ended("REVOKED")


def test_a_loop_over_more_items_than_are_allowed_fails_before_it_begins() -> None:
    story = told({"all": {"for": {"in": "[range(1001)]"}, "do": [{"one": ITEM}]}})

    story.ended("REVOKED")
    assert "at most 1000 items" in (story.state.message or "")


def loops(*tasks: dict[str, Any]) -> str:
    body = {"for": {"in": "$workflow.input.items"}, "do": [{"x": ITEM}, {"y": ITEM}]}
    return yaml.safe_dump(document(*tasks, {"all": body}, name="loops"))


def started(directory: Path, text: str, data: dict[str, Any]) -> World:
    world = world_with(directory, text)
    world.start_saga("s", "loops", data)
    world.start_order("ord_b")
    world.settle()
    return world


def test_a_saga_too_large_from_its_start_is_a_dead_letter_and_holds_up_nobody(tmp_path: Path) -> None:
    world = started(tmp_path, loops(), {"items": ["x" * 100] * 400})

    assert [code for code, _, _ in world.dead_letters()] == ["unusable_data"]
    world.run()
    assert world.statuses("ord_b")[-1]["status"] == "COMPLETED"


def test_a_saga_that_grows_too_large_later_is_undone_and_holds_up_nobody(tmp_path: Path) -> None:
    world = started(tmp_path, loops({"a": ACT}, {"rest": {"wait": {"seconds": 5}}}), {"items": ["x" * 100] * 400})
    world.run()
    world.later(6_000)
    world.run()

    last = world.statuses("s")[-1]
    assert (last["status"], last["reason"]) == ("TRANSACTION_REVOKED", "saga_too_large")
    assert world.statuses("ord_b")[-1]["status"] == "COMPLETED"
    assert max(len(record.value or b"") for records in world.changelog().values() for record in records) <= 100_000


def test_a_basket_of_fifty_lines_fits() -> None:
    lines = [{"sku": f"sku-{number}", "quantity": 3, "unit_price_minor": 250} for number in range(50)]
    basket = compiled(yaml.safe_load((Path("orchestrator/definitions/basket.yaml")).read_text())).definition
    story = begun(basket, "sag_a", {"order_id": "ord_a", "currency": "GBP", "lines": lines})

    assert isinstance(story.told[0].event, SagaStarted)
    assert len(json.dumps(dict(story.state.outputs))) < 20_000
