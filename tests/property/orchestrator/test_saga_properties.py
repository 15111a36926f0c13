"""What holds for every saga, whatever comes in whichever order."""

from __future__ import annotations

from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.core.definition import Call
from orchestrator.core.events import (
    CompensationStarted,
    InputIgnored,
    Recorded,
    SagaCompleted,
    SagaRevoked,
    SagaSuspended,
    SignalReceived,
    StepCompleted,
    StepFailed,
    StepScheduled,
)
from orchestrator.core.state import path_of
from tests.saga_histories import (
    EVERYTHING,
    REPLIES,
    SUCCESSES,
    Happening,
    any_stories,
    ended,
    happenings,
    lived,
    moment,
    order_stories,
    sent,
)
from tests.saga_story import RESULTS, UNKNOWN, Story, cancels, done, order

ENDS = (SagaCompleted, SagaRevoked, SagaSuspended)
thorough = settings(max_examples=200, deadline=None)
quick = settings(max_examples=80, deadline=None)


@thorough
@given(any_stories(), happenings(EVERYTHING), st.sampled_from(["done", "done", "rejected", "unknown"]))
def test_every_saga_ends_exactly_once_and_keeps_the_laws(story: Story, what: list[Happening], answers: str) -> None:
    story = ended(lived(story, what), answers)
    story = lived(story, what)

    assert [recorded.sequence for recorded in story.told] == list(range(1, len(story.told) + 1))
    ends = [index for index, recorded in enumerate(story.told) if isinstance(recorded.event, ENDS)]
    assert len(ends) == 1
    assert all(isinstance(one.event, InputIgnored | SignalReceived) for one in story.told[ends[0] + 1 :])
    ids = [command.command_id for command in sent(story)]
    assert len(ids) == len(set(ids))
    assert max(Counter(completions(story)).values(), default=0) <= 1
    check_compensation(story)


def completions(story: Story) -> list[str]:
    return [path_of(one.event.step, one.event.undo) for one in story.told if isinstance(one.event, StepCompleted)]


def check_compensation(story: Story) -> None:
    """Assert that what may have happened is undone, uncertain steps first, then last completed first; and no more."""
    turns = [index for index, one in enumerate(story.told) if isinstance(one.event, CompensationStarted)]
    undos = [command.step for command in reversed(sent(story)) if command.undo]
    if not turns:
        assert undos == []
        return
    [turn] = turns
    started = story.told[turn].event
    assert isinstance(started, CompensationStarted)
    before = story.told[:turn]
    assert not any(one.event.undo for one in before if isinstance(one.event, StepScheduled))
    uncertain, settled = expected_plan(story, before)
    assert set(started.plan[: len(uncertain)]) == uncertain
    assert [step for step in started.plan[len(uncertain) :] if step in completed(before)] == [
        step for step in settled if step in completed(before)
    ]
    assert sorted(started.plan) == sorted([*uncertain, *settled])
    assert list(dict.fromkeys(undos)) == list(started.plan), "each undo begins when the one before it is over"
    assert undos == sorted(undos, key=started.plan.index)


def completed(told: tuple[Recorded, ...]) -> list[str]:
    return [one.event.step for one in told if isinstance(one.event, StepCompleted) and not one.event.undo]


def expected_plan(story: Story, before: tuple[Recorded, ...]) -> tuple[set[str], list[str]]:
    """Return the steps whose outcome is uncertain, and those to undo that are settled, told from the events alone."""
    uncertain: set[str] = set()
    settled: list[str] = []
    names = dict.fromkeys(command.step for command in reversed(sent(story)) if not command.undo)
    for name in names:
        node = story.definition.nodes[name]
        assert isinstance(node, Call)
        own = [one.event for one in before if getattr(one.event, "step", None) == name]
        if node.compensation is None or not own:
            continue
        doubted = any(isinstance(event, StepFailed) and event.kind is UNKNOWN for event in own)
        if isinstance(own[-1], StepCompleted):
            settled.append(name)
        elif isinstance(own[-1], StepScheduled) or doubted:
            uncertain.add(name)
        elif isinstance(own[-1], StepFailed) and own[-1].final and node.compensation.always:
            settled.append(name)
    order = completed(before)
    return uncertain, sorted(settled, key=lambda name: -order.index(name) if name in order else 1)


@quick
@given(order_stories(), happenings(EVERYTHING))
def test_a_revoked_order_has_undone_each_effect_exactly_once(story: Story, what: list[Happening]) -> None:
    story = ended(lived(story, what).when(cancels()))

    if story.state.outcome != "REVOKED":
        return
    undone = Counter(path for path in completions(story) if path.endswith(":undo"))
    for step in set(completed(story.told)):
        node = story.definition.nodes[step]
        if isinstance(node, Call) and node.compensation is not None:
            assert undone[f"{step}:undo"] == 1


@quick
@given(happenings(SUCCESSES, 60))
def test_replies_that_come_again_or_out_of_order_lead_to_the_same_end(what: list[Happening]) -> None:
    """Row M11: where nothing fails, the end does not depend on how often and in which order the replies come."""
    story = ended(lived(order(), what))
    in_order = order().when(*(done(step) for step in RESULTS))

    assert (story.state.outcome, story.state.lifecycle, story.state.status) == ("COMPLETED", "shipped", "COMPLETED")
    assert story.state.outputs == in_order.state.outputs
    assert sorted(story.sent) == sorted(in_order.sent)
    assert sorted(story.history) == sorted(in_order.history)


@quick
@given(any_stories(), happenings(REPLIES, 60))
def test_a_reply_that_comes_again_at_once_changes_nothing(story: Story, what: list[Happening]) -> None:
    for happening in what:
        reply = moment(story, happening)
        if reply is not None:
            story = story.when(reply)
            story.when(reply, reply).then_nothing()


@quick
@given(order_stories(), happenings(EVERYTHING, 25), happenings(EVERYTHING, 25))
def test_what_was_decided_is_the_same_in_every_replay(
    story: Story, first: list[Happening], second: list[Happening]
) -> None:
    assert lived(lived(story, first), second).told == lived(story, [*first, *second]).told
