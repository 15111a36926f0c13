"""What holds for every saga, whatever comes in whichever order."""

from __future__ import annotations

from collections import Counter
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.core.definition import Call
from orchestrator.core.events import (
    CompensationStarted,
    InputIgnored,
    SagaCompleted,
    SagaRevoked,
    SagaSuspended,
    ScopeFailed,
    SignalReceived,
    StepCompleted,
    StepFailed,
    StepScheduled,
)
from orchestrator.core.paths import name_of
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
    """Assert that just what may have happened is undone: by the saga's end, or when the part it belongs to was left."""
    told = [one.event for one in story.told]
    for path in dict.fromkeys(command.step for command in sent(story) if not command.undo):
        node = story.definition.nodes[name_of(path)]
        assert isinstance(node, Call)
        undos = [event for event in told if isinstance(event, StepScheduled) and event.undo and event.step == path]
        forward = [one for one in told if getattr(one, "step", None) == path and not getattr(one, "undo", False)]
        if undos:
            later = told[told.index(undos[0]) :]
            assert not [one for one in later if isinstance(one, StepScheduled) and one in forward]
        wanted = node.compensation is not None and is_left(story, path) and may_have_happened(forward, node)
        assert bool(undos) == wanted, (path, story.history)
        if undos and story.state.outcome != "SUSPENDED":
            assert completions(story).count(f"{path}:undo") == 1
    for event in told:
        if isinstance(event, CompensationStarted | ScopeFailed):
            check_order(story, event)


def is_left(story: Story, path: str) -> bool:
    """Tell whether the saga turned round, or a part of a scope that holds the step was left."""
    if story.state.outcome != "COMPLETED":
        return True
    left = [f"{one.event.step}/{one.event.part}/" for one in story.told if isinstance(one.event, ScopeFailed)]
    return any(path.startswith(part) for part in left)


def may_have_happened(events: list[Any], node: Call) -> bool:
    """Tell from a step's own events whether it had, or may have had, its effect."""
    if any(isinstance(event, StepFailed) and event.kind is UNKNOWN for event in events):
        return True
    match events[-1]:
        case StepCompleted() | StepScheduled():
            return True
        case StepFailed() as failed:
            assert node.compensation is not None
            return failed.final and node.compensation.always
        case _:
            return False


def check_order(story: Story, event: CompensationStarted | ScopeFailed) -> None:
    """Assert that what is completed is undone last completed first, after all that is uncertain."""
    before = [one.event for one in story.told[: [one.event for one in story.told].index(event)]]
    done = [one.step for one in before if isinstance(one, StepCompleted) and not one.undo]
    settled = [step for step in event.plan if step in done]
    undoing = {one.step for one in before if isinstance(one, StepScheduled) and one.undo}
    in_order = [step for step in settled if step not in undoing]
    assert in_order == sorted(in_order, key=lambda step: -done.index(step))


@quick
@given(order_stories(), happenings(EVERYTHING))
def test_a_revoked_order_has_undone_each_effect_exactly_once(story: Story, what: list[Happening]) -> None:
    story = ended(lived(story, what).when(cancels()))

    if story.state.outcome != "REVOKED":
        return
    undone = Counter(path for path in completions(story) if path.endswith(":undo"))
    done = {one.event.step for one in story.told if isinstance(one.event, StepCompleted) and not one.event.undo}
    for step in done:
        node = story.definition.nodes[name_of(step)]
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
