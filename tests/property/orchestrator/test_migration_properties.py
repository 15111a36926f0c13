"""A saga that goes over to another version of its fork, whenever that is, comes to its end there, or is refused."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.core.decide import decide
from orchestrator.core.events import InputIgnored, SagaMigrated, StepCompleted, StepScheduled
from orchestrator.core.inputs import Migrate
from orchestrator.core.state import Phase
from orchestrator.definitions.compiler import compile_definition
from tests.saga_documents import ASK, document, told
from tests.saga_histories import EVERYTHING, Happening, documents, ended, happenings, lived
from tests.saga_story import begun, done, in_flight

Shape = tuple[tuple[int, ...], bool]
"""How many steps each branch has, none where there is no such branch; and whether they are a fork or a sequence."""
SHAPES: st.SearchStrategy[Shape] = st.tuples(
    st.lists(st.integers(0, 3), min_size=3, max_size=4).filter(any).map(tuple), st.sampled_from([True, True, False])
)


def tasks(shape: Shape) -> list[dict[str, Any]]:
    steps, at_once = shape
    branches = [
        {f"branch-{n}": {"do": [{f"b{n}-{k}": ASK} for k in range(count)]}} for n, count in enumerate(steps) if count
    ]
    return [*([{"all": {"fork": {"branches": branches}}}] if at_once else branches), {"last": ASK}]


@settings(max_examples=300, deadline=None)
@given(SHAPES, SHAPES, st.lists(st.integers(0, 5), max_size=8))
def test_a_saga_goes_over_and_ends_or_stays_as_it_is(before: Shape, after: Shape, answered: list[int]) -> None:
    story = told(*tasks(before))
    for number in answered:
        waiting = in_flight(story)
        if waiting:
            story = story.when(done(waiting[number % len(waiting)]))
    target = compile_definition(document(*tasks(after), version="2.0.0", migrations=[{"from": 1, "steps": {}}]), {})

    asked = story.when(lambda one: (Migrate("in_9", target, "ann"), one.now))

    if not asked.new:
        assert story.state.outcome == "COMPLETED"
        return
    [what] = [one.event for one in asked.new]
    if isinstance(what, InputIgnored):
        assert asked.state.version == 1
        assert ended(asked).state.outcome == "COMPLETED"
        return
    assert isinstance(what, SagaMigrated)
    story = ended(replace(asked, definition=target))
    assert story.state.outcome == "COMPLETED"
    for kind in (StepScheduled, StepCompleted):
        paths = [one.event.step for one in story.told if isinstance(one.event, kind)]
        assert len(paths) == len(set(paths))


@settings(max_examples=200, deadline=None)
@given(documents(), st.integers(0, 9), happenings(EVERYTHING))
def test_a_version_that_changes_nothing_takes_over_every_saga_wherever_it_is(
    written: dict[str, Any], amount: int, what: list[Happening]
) -> None:
    head = {**written["document"], "version": "2.0.0"}
    target = compile_definition({**written, "document": head, "migrations": [{"from": 1, "steps": {}}]}, {})
    story = begun(compile_definition(written, {}), "sag_a", {"n": amount})
    for happening in what:
        story = lived(story, [happening])
        if story.state.phase is Phase.FORWARD:
            decision = decide(story.definition, story.state, Migrate("in_9", target, "ann"), story.now)
            assert isinstance(decision.events[0].event, SagaMigrated), decision.events[0].event
