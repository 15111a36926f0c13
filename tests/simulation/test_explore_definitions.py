"""Exploration of random definitions: whatever can be written, every property holds under every single failure."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orchestrator.core.definition import Call, Definition
from simulator.exploration.explore import Bounds, explore
from simulator.scenario import Scenario
from tests.saga_histories import definitions


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(definitions(), st.integers(0, 9))
def test_every_property_holds_for_random_definitions(definition: Definition, amount: int) -> None:
    kept = {node.name for node in definition.nodes.values() if isinstance(node, Call) and node.compensation is None}
    scenario = Scenario("random", definition, {"n": amount}, {}, frozenset(kept))

    found = explore(scenario, Bounds(faults=1, max_states=4_000))

    assert found.broken == {}
