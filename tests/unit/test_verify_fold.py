"""The oracle's fold and the orchestrator's, written apart, agree on every history, and on every prefix of one."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from orchestrator.core import events as core
from orchestrator.core.evolve import begin, evolve
from orchestrator.core.state import State
from tests.unit.verify_story import completed_story, declined_story, manual_story, revoked_story
from verify.evidence import Event, Place
from verify.fold import Folded, fold

_STEPS = st.sampled_from(["lock-inventory", "capture-payment", "ship"])
_ATTEMPT = st.integers(0, 3)
_JSON = st.dictionaries(st.sampled_from("ab"), st.integers(0, 9), max_size=2)
_TIMES = st.none() | st.integers(1, 99)
_TEXT = st.sampled_from(["one", "two"])
_PLAN = st.lists(_STEPS, unique=True, max_size=3).map(tuple)

EVENTS = st.one_of(
    st.builds(core.StepScheduled, _STEPS, st.booleans(), _ATTEMPT, _TEXT, _TEXT, _TEXT, _TEXT, _TIMES, _TIMES),
    st.builds(core.StepCompleted, _STEPS, st.booleans(), _ATTEMPT, _JSON, st.booleans()),
    st.builds(
        core.StepFailed,
        _STEPS,
        st.booleans(),
        _ATTEMPT,
        st.sampled_from(core.FailureKind),
        _TEXT,
        _TEXT,
        st.just(()),
        st.booleans(),
    ),
    st.builds(core.StepRetryScheduled, _STEPS, st.booleans(), _ATTEMPT, st.just(5), st.just(200), st.just(1)),
    st.builds(core.StepParked, _STEPS, st.booleans(), _ATTEMPT, st.just(9), _TEXT),
    st.builds(core.BranchChosen, _STEPS, _TEXT, _TEXT),
    st.builds(core.SignalAwaited, _STEPS, st.just(("approve",)), _TIMES),
    st.builds(core.SignalReceived, _STEPS, _TEXT, _TEXT, _JSON),
    st.builds(core.InputIgnored, _TEXT, _TEXT, _TEXT, _TEXT),
    st.builds(core.CancelRequested, _TEXT, _TEXT),
    st.builds(core.CompensationStarted, _TEXT, _TEXT, st.none() | _STEPS, _PLAN),
    st.builds(core.SagaCompleted, _JSON),
    st.builds(core.SagaRevoked, _TEXT, _TEXT),
    st.builds(core.SagaSuspended, _TEXT, _TEXT, st.just(())),
)
_STATES = st.tuples(st.sampled_from(["pending", "paid"]), st.sampled_from(["RUNNING", "COMPENSATING"]))
_ALL_SCHEDULED: list[tuple[core.Event, tuple[str, str]]] = [
    (core.StepScheduled(step, undo, 0, "", "", "", "", None, None), ("pending", "RUNNING"))
    for step in ("lock-inventory", "capture-payment", "ship")
    for undo in (False, True)
]
_JSON_TEXT_FIELDS = frozenset({"data", "parameters", "output"})


def _as_published(recorded: core.Recorded) -> Event:
    fields: dict[str, Any] = {}
    for name in type(recorded.event).__dataclass_fields__:
        value = getattr(recorded.event, name)
        fields[name] = json.dumps(value) if name in _JSON_TEXT_FIELDS else value
    return Event(
        "saga", recorded.sequence, type(recorded.event).__name__, recorded.lifecycle, recorded.status, recorded.at,
        "definition", 1, fields, Place("saga.events", 0, recorded.sequence),
    )  # fmt: skip


@given(st.lists(st.tuples(EVENTS, _STATES), max_size=25))
def test_both_folds_agree_after_every_event(drawn: list[tuple[core.Event, tuple[str, str]]]) -> None:
    first = core.Recorded(1, 7, "pending", "RUNNING", "start", core.SagaStarted({}, {}, 99))
    state = begin("saga", "definition", 1, "", first)
    history = [_as_published(first)]
    for sequence, (event, (lifecycle, status)) in enumerate([*_ALL_SCHEDULED, *drawn], 2):
        recorded = core.Recorded(sequence, 7 + sequence, lifecycle, status, "cause", event)
        state = evolve(state, recorded)
        history.append(_as_published(recorded))
    assert _comparable(fold(history)) == _of_core(state)


def _comparable(folded: Folded) -> dict[str, Any]:
    return {
        "sequence": folded.sequence,
        "business": (folded.lifecycle, folded.status),
        "phase": (folded.phase, folded.outcome),
        "times": (folded.started_at, folded.deadline),
        "reason": (folded.code, folded.message, folded.failed_step),
        "plan": tuple(folded.plan),
        "outputs": folded.outputs,
        "steps": {
            key: (step.status, step.attempt, step.dispatches, step.uncertain, step.code)
            for key, step in folded.steps.items()
        },
    }


def _of_core(state: State) -> dict[str, Any]:
    return {
        "sequence": state.sequence,
        "business": (state.lifecycle, state.status),
        "phase": (str(state.phase), state.outcome),
        "times": (state.started_at, state.deadline),
        "reason": (state.code, state.message, state.failed_step),
        "plan": state.plan,
        "outputs": dict(state.outputs),
        "steps": {
            (step.step, step.undo): (str(step.status), step.attempt, step.dispatches, step.uncertain, step.code)
            for step in state.steps.values()
        },
    }


def test_the_stories_fold_to_what_they_tell() -> None:
    done, undone, declined, waiting = (
        fold(story.events) for story in (completed_story(), revoked_story(), declined_story(), manual_story())
    )
    assert (done.phase, done.outcome, done.lifecycle, done.status) == ("ENDED", "COMPLETED", "delivered", "COMPLETED")
    assert (done.steps["capture-payment", False].attempt, done.steps["capture-payment", False].dispatches) == (1, 2)
    assert (undone.outcome, undone.plan, undone.failed_step) == ("REVOKED", [], "ship")
    assert declined.steps["capture-payment", False].status == "FAILED"
    assert (waiting.outcome, waiting.steps["capture-payment", True].status) == ("SUSPENDED", "UNKNOWN")
