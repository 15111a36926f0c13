"""evolve takes every event in every state, and what is written about a saga reads back as the same saga."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.core import events as core
from orchestrator.core.evolve import evolve
from orchestrator.core.state import State, next_due
from orchestrator.serde import event_message, origin_fields, state_fields, state_of
from schemas.codec import Codec
from tests.saga_histories import EVERYTHING, Happening, any_stories, happenings, lived
from tests.saga_story import RESULTS, Story, order

CODEC = Codec()
STEPS = st.sampled_from([*RESULTS, "validate", "approval", "no-such-step", ""])
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
TIMES = st.none() | st.integers(0, 2**60)
NUMBERS = st.integers(0, 2**31 - 1)
JSON = st.dictionaries(
    TEXT,
    st.recursive(
        st.none()
        | st.booleans()
        | st.integers(-(2**53), 2**53)
        | st.floats(allow_nan=False, allow_infinity=False)
        | TEXT,
        lambda inner: st.lists(inner, max_size=2) | st.dictionaries(TEXT, inner, max_size=2),
        max_leaves=3,
    ),
    max_size=2,
)
KINDS = st.sampled_from(core.FailureKind)
PLANS = st.lists(STEPS, max_size=4).map(tuple)
UNDO = st.booleans()
PARTS = st.sampled_from(["0", "1", "catch"])

EVENTS: st.SearchStrategy[core.Event] = st.one_of(
    st.builds(core.SagaStarted, JSON, JSON, TIMES, JSON, st.none() | JSON),
    st.builds(core.StepScheduled, STEPS, UNDO, NUMBERS, TEXT, TEXT, TEXT, TEXT, TIMES, TIMES, STEPS),
    st.builds(core.StepCompleted, STEPS, UNDO, NUMBERS, JSON, st.booleans()),
    st.builds(core.StepFailed, STEPS, UNDO, NUMBERS, KINDS, TEXT, TEXT, st.lists(TEXT).map(tuple), st.booleans()),
    st.builds(core.StepRetryScheduled, STEPS, UNDO, NUMBERS, st.integers(0, 2**60), NUMBERS, NUMBERS),
    st.builds(core.StepParked, STEPS, UNDO, NUMBERS, st.integers(0, 2**60), TEXT),
    st.builds(core.BranchChosen, STEPS, TEXT, TEXT, STEPS),
    st.builds(core.SignalAwaited, STEPS, PLANS, TIMES, st.booleans()),
    st.builds(core.SignalReceived, STEPS, TEXT, TEXT, JSON, st.booleans()),
    st.builds(core.TimerStarted, STEPS, st.integers(0, 2**60), STEPS),
    st.builds(core.EventEmitted, STEPS, TEXT, TEXT, st.none() | TEXT, JSON, STEPS),
    st.builds(core.ContextExported, STEPS, JSON),
    st.builds(core.ScopeEntered, STEPS, NUMBERS, st.lists(JSON, max_size=2).map(tuple), TIMES, STEPS),
    st.builds(core.ScopeFailed, STEPS, PARTS, TEXT, TEXT, st.none() | STEPS, PLANS, st.sampled_from(core.Leaving)),
    st.builds(core.ScopeUnwound, STEPS, PARTS),
    st.builds(core.GatherClosed, STEPS),
    st.builds(core.PivotPassed, STEPS),
    st.builds(core.StepHeld, STEPS, TEXT, TEXT),
    st.builds(core.InterventionMade, st.sampled_from(["retry", "resume", "skip"]), PLANS, UNDO, TEXT, TEXT),
    st.builds(core.UndoRequested, TEXT, TEXT, st.none() | JSON, st.booleans()),
    st.builds(core.SagaMigrated, NUMBERS, st.dictionaries(STEPS, STEPS, max_size=2), st.none() | JSON, TEXT),
    st.builds(core.RecordParked, NUMBERS, TEXT, NUMBERS, NUMBERS, TEXT, TEXT),
    st.builds(core.RecordUnparked, NUMBERS, TEXT, TEXT, TEXT),
    st.builds(core.InputIgnored, TEXT, TEXT, TEXT, TEXT, st.none() | st.just(3), st.none() | TEXT),
    st.builds(core.CancelRequested, TEXT, TEXT),
    st.builds(core.CompensationStarted, TEXT, TEXT, st.none() | STEPS, PLANS),
    st.builds(core.SagaCompleted, JSON),
    st.builds(core.SagaRevoked, TEXT, TEXT),
    st.builds(core.SagaSuspended, TEXT, TEXT, PLANS),
)
quick = settings(max_examples=100, deadline=None)


def recorded(state: State, event: core.Event) -> core.Recorded:
    return core.Recorded(state.sequence + 1, state.updated_at, "paid", "RUNNING", "in_1", event)


def stored(state: State) -> State:
    """Write a state as the changelog holds it and read it back."""
    value, origin = CODEC.encode("saga.State", state_fields(state)), CODEC.encode("saga.Origin", origin_fields(state))
    return state_of(CODEC.decode(value).fields, CODEC.decode(origin).fields)


@quick
@given(any_stories(), happenings(EVERYTHING, 10), st.lists(EVENTS, max_size=8))
def test_evolve_takes_every_event_in_every_state(story: Story, what: list[Happening], events: list[core.Event]) -> None:
    state = lived(story, what).state
    for event in events:
        before = state
        state = evolve(state, recorded(state, event))
        assert (state.saga_id, state.sequence) == (before.saga_id, before.sequence + 1)
        assert state.origin == before.origin
        next_due(state)


@quick
@given(any_stories(), happenings(EVERYTHING), st.lists(EVENTS, max_size=5))
def test_a_state_reads_back_as_it_was_written(story: Story, what: list[Happening], events: list[core.Event]) -> None:
    state = lived(story, what).state
    assert stored(state) == state
    for event in events:
        state = evolve(state, recorded(state, event))

    again = stored(state)
    # Parts begin in the order of their numbers in a saga, but not among events at random.
    assert again == state._replace(parts=again.parts)
    assert list(again.steps) == list(state.steps), "the order of completion is the order to undo"


@quick
@given(any_stories(), happenings(EVERYTHING))
def test_a_saga_that_is_read_back_after_every_input_goes_the_same_way(story: Story, what: list[Happening]) -> None:
    kept = story
    for happening in what:
        story = lived(story, [happening])
        kept = lived(replace(kept, state=stored(kept.state)), [happening])
    assert kept.told == story.told


@quick
@given(any_stories(), happenings(EVERYTHING))
def test_every_event_of_a_history_is_a_message_that_reads_back(story: Story, what: list[Happening]) -> None:
    story = lived(story, what)
    for one in story.told:
        name, fields = event_message(story.state, one)
        message = CODEC.decode(CODEC.encode(name, fields))
        assert message.name == f"saga.{type(one.event).__name__}"
        assert message.fields == {key: list(part) if isinstance(part, tuple) else part for key, part in fields.items()}
        assert message.fields["meta"]["sequence"] == one.sequence


@quick
@given(EVENTS)
def test_every_event_is_a_message_that_reads_back(event: core.Event) -> None:
    state = order().state
    name, fields = event_message(state, recorded(state, event))
    message = CODEC.decode(CODEC.encode(name, fields))

    assert message.fields == {key: list(part) if isinstance(part, tuple) else part for key, part in fields.items()}
