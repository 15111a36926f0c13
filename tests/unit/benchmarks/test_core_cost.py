"""The cost of the core is measured on sagas that run to their end."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest
import yaml

from benchmarks import wide_sagas as wide
from benchmarks.core_cost import Story, all_done, measure, turned_round
from orchestrator.definitions.registry import compiled

FOUR_STEPS = Path(__file__).parents[3] / "benchmarks" / "definitions" / "four-steps.yaml"


@pytest.mark.parametrize(("story", "inputs", "events"), [(all_done, 5, 10), (turned_round, 8, 17)])
def test_a_measured_saga_has_its_start_its_replies_and_an_end(story: Story, inputs: int, events: int) -> None:
    cost = measure(compiled(yaml.safe_load(FOUR_STEPS.read_text())).definition, story, 1, 1)
    assert (cost.inputs, cost.events) == (inputs, events)


def test_large_sagas_go_through_all_their_branches_and_lines() -> None:
    gathered = measure(wide.gathered_branches(), partial(wide.answers_of_branches, gathered=True), 1, 1)
    joined = measure(wide.joined_branches(), partial(wide.answers_of_branches, gathered=False), 1, 1)
    lines = measure(wide.many_lines(), wide.answers_of_lines, 1, 1)

    assert gathered.inputs == joined.inputs == wide.BRANCHES * wide.STEPS + 1
    assert lines.inputs == wide.LINES * wide.STEPS_OF_A_LINE + 1


def test_a_story_that_does_not_end_is_no_measurement() -> None:
    definition = compiled(yaml.safe_load(FOUR_STEPS.read_text())).definition
    with pytest.raises(ValueError, match="has not ended"):
        measure(definition, lambda: iter(()), 1, 1)
