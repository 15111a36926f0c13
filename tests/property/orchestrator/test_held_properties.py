"""What holds for loops and races past the point of no return, however they fail and however often they are repaired."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.core.events import StepCompleted, StepScheduled
from orchestrator.core.parts import counts_of
from orchestrator.core.state import Phase, StepStatus, next_due, path_of
from tests.property.orchestrator.test_evolve_properties import stored
from tests.saga_documents import ACT, ASK, told
from tests.saga_histories import REPLIES, Happening, happenings, lived, moment, reply, sent
from tests.saga_story import Story, done, resolves, the_next_timer

thorough = settings(max_examples=150, deadline=None)
ITEMS = 3
WITHIN = {"within": {"seconds": 20}}
NAMES = ("a", "b", "c")
REPAIRED = (*REPLIES, "done", "timer", "retry", "retry", "skip")


def _branches(body: list[dict[str, Any]]) -> dict[str, Any]:
    return {"branches": [{name: {"do": [{f"{name}-{k}": one} for k, one in enumerate(body)]}} for name in NAMES]}


def _scope(kind: str, least: int, body: list[dict[str, Any]]) -> dict[str, Any]:
    inside = [{f"step-{k}": one} for k, one in enumerate(body)]
    items = {"each": "n", "in": "${ [1, 2, 3] }"}
    match kind:
        case "race":
            return {"fork": {**_branches(body), "compete": True}}
        case "gathering fork":
            return {"fork": _branches(body), "gather": {**WITHIN, "least": least}}
        case "parallel map":
            return {"for": {**items, "concurrency": 2}, "do": inside, "gather": {**WITHIN, "least": least}}
        case _:
            return {"for": items, "do": inside, "gather": {**WITHIN, "least": least}}


def stories() -> st.SearchStrategy[Story]:
    """Return sagas whose point of no return is behind them and that have just begun a scope."""
    kinds = st.sampled_from(["race", "gathering fork", "parallel map", "gathering loop"])
    bodies = st.sampled_from([[ACT], [ACT, ACT], [ASK, ACT], [{"set": {"n": 1}}, ACT]])
    return st.builds(
        lambda kind, least, body: told(
            {"paid": {**ACT, "pivot": True}}, {"scope": _scope(kind, least, body)}, {"last": ACT}
        ).when(done("paid")),
        kinds,
        st.integers(1, ITEMS),
        bodies,
    )


def told_of(story: Story, what: list[Happening]) -> Iterator[Story]:
    """Yield the story after each happening, and then until its end: all succeeds, and what failed is tried again."""
    for happening in what:
        story = lived(story, [happening])
        yield story
    for _ in range(500):
        if story.state.phase is Phase.ENDED:
            return
        waiting = [path for path, step in story.state.steps.items() if step.status is StepStatus.SCHEDULED]
        if waiting:
            story = story.when(reply(next(one for one in sent(story) if _path(one) == waiting[0]), "done"))
        elif any(step.status is StepStatus.HELD for step in story.state.steps.values()):
            story = story.when(resolves("retry"))
        else:
            story = story.when(the_next_timer)
        yield story
    raise AssertionError(f"does not end: {story.history[-20:]}")


def _path(event: StepScheduled) -> str:
    return path_of(event.step, event.undo)


@thorough
@given(stories(), happenings(REPAIRED, 60))
def test_a_person_can_always_bring_it_to_its_end_and_nothing_is_done_twice(story: Story, what: list[Happening]) -> None:
    *_, story = told_of(story, what)

    assert story.state.outcome == "COMPLETED"
    ids = [command.command_id for command in sent(story)]
    assert len(ids) == len(set(ids))
    completed = Counter(
        path_of(one.event.step, one.event.undo) for one in story.told if isinstance(one.event, StepCompleted)
    )
    assert max(completed.values()) == 1
    assert next_due(story.state) is None


@thorough
@given(stories(), happenings(REPAIRED, 60))
def test_each_answer_is_of_the_last_round_that_asked_for_it(story: Story, what: list[Happening]) -> None:
    """A part that answered is never run again, and no item or branch runs in two parts at once."""
    seen: set[str] = set()
    for now in told_of(story, what):
        paths, outputs = now.state.steps, now.state.outputs
        begun = {path.split("/")[1] for path in paths if path.startswith("scope/")}
        answered = {part for part in begun if f"scope/{part}" in outputs}
        running = {part for part in begun if f"scope/{part}" not in paths}
        for group in (answered, running):
            assert len({int(part) % ITEMS for part in group}) == len(group)
        assert not {int(part) % ITEMS for part in answered} & {int(part) % ITEMS for part in running}
        assert seen <= answered
        seen = answered


@thorough
@given(stories(), happenings(REPAIRED, 60))
def test_what_is_kept_of_it_goes_the_same_way_when_it_is_read_back(story: Story, what: list[Happening]) -> None:
    for now in told_of(story, what):
        assert now.state.parts == counts_of(now.state.steps)
        assert stored(now.state) == now.state


@thorough
@given(stories(), happenings(REPAIRED, 40))
def test_an_answer_that_comes_again_changes_nothing(story: Story, what: list[Happening]) -> None:
    for happening in what:
        given = moment(story, happening)
        if given is not None:
            story = story.when(given)
            if happening[0] in REPLIES:
                story.when(given).then_nothing()
