"""The oracle's fold and the orchestrator's, written apart, agree on every history, and on every prefix of one."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from orchestrator.core import events as core
from orchestrator.core.evolve import begin, evolve
from tests.published import published, stored
from tests.unit.verify_story import completed_story, declined_story, manual_story, revoked_story
from verify.check_states import differences
from verify.fold import fold

_STEPS = st.sampled_from(["lock-inventory", "capture-payment", "lines/0/ship", "lines/1/ship"])
_SCOPES = st.sampled_from(["lines", "lines/0/inner"])
_PARTS = st.sampled_from(["0", "1", "catch"])
_ATTEMPT = st.integers(0, 3)
_JSON = st.dictionaries(st.sampled_from("ab"), st.integers(0, 9), max_size=2)
_TIMES = st.none() | st.integers(1, 99)
_TEXT = st.sampled_from(["one", "two"])
_SPEC = "https://serverlessworkflow.io/spec/1.0.0/errors/"
_CODES = st.sampled_from(
    ["broken", "timeout", "forbidden", f"{_SPEC}timeout", f"{_SPEC}authorization", "authorization"]
)
_PLAN = st.lists(_STEPS, unique=True, max_size=3).map(tuple)
_NAMES = st.dictionaries(st.sampled_from(["lines", "ship", "inner"]), st.sampled_from(["rows", "send"]), max_size=2)
_SOURCE = st.sampled_from(["", "lock-inventory"])

EVENTS = st.one_of(
    st.builds(core.StepScheduled, _STEPS, st.booleans(), _ATTEMPT, _TEXT, _TEXT, _TEXT, _TEXT, _TIMES, _TIMES, _SOURCE),
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
    st.builds(core.BranchChosen, _STEPS, _TEXT, _TEXT, _SOURCE),
    st.builds(core.SignalAwaited, _STEPS, st.just(("approve",)), _TIMES, st.booleans()),
    st.builds(core.SignalReceived, st.just("approval"), _TEXT, _TEXT, _JSON, st.booleans()),
    st.builds(core.TimerStarted, _STEPS, st.just(9), _SOURCE),
    st.builds(core.EventEmitted, _STEPS, _TEXT, _TEXT, st.none(), _JSON, _SOURCE),
    st.builds(core.ContextExported, _STEPS, _JSON),
    st.builds(core.ScopeEntered, _SCOPES, _ATTEMPT, st.sampled_from([(), (1, 2)]), _TIMES, _SOURCE),
    st.builds(
        core.ScopeFailed, _SCOPES, _PARTS, _CODES, _TEXT, st.none() | _STEPS, _PLAN, st.sampled_from(core.Leaving)
    ),
    st.builds(core.ScopeUnwound, _SCOPES, _PARTS),
    st.builds(core.GatherClosed, _SCOPES),
    st.builds(core.PivotPassed, _STEPS),
    st.builds(core.StepHeld, _STEPS, _TEXT, _TEXT),
    st.builds(core.InterventionMade, st.sampled_from(["retry", "resume", "skip"]), _PLAN, st.booleans(), _TEXT, _TEXT),
    st.builds(core.UndoRequested, _TEXT, _TEXT, st.none() | _JSON, st.booleans()),
    st.builds(core.RecordParked, st.integers(0, 2), _TEXT, st.just(0), st.just(9), _TEXT, _TEXT),
    st.builds(core.RecordUnparked, st.integers(0, 2), _TEXT, _TEXT, _TEXT),
    st.builds(core.SagaMigrated, st.just(2), _NAMES, st.none() | _JSON, _TEXT),
    st.builds(core.InputIgnored, _TEXT, _TEXT, _TEXT, _TEXT, st.none() | st.just(3), st.none() | _STEPS),
    st.builds(core.CancelRequested, _TEXT, _TEXT),
    st.builds(core.CompensationStarted, _TEXT, _TEXT, st.none() | _STEPS, _PLAN),
    st.builds(core.SagaCompleted, _JSON),
    st.builds(core.SagaRevoked, _TEXT, _TEXT),
    st.builds(core.SagaSuspended, _TEXT, _TEXT, st.just(())),
)
_STATES = st.tuples(st.sampled_from(["pending", "paid"]), st.sampled_from(["RUNNING", "COMPENSATING"]))
_ALL_SCHEDULED: list[tuple[core.Event, tuple[str, str]]] = [
    (core.StepScheduled(step, undo, 0, "", "", "", "", None, None), ("pending", "RUNNING"))
    for step in ("lock-inventory", "capture-payment", "lines/0/ship", "lines/1/ship")
    for undo in (False, True)
]


@given(st.lists(st.tuples(EVENTS, _STATES), max_size=25))
def test_both_folds_agree_after_every_event(drawn: list[tuple[core.Event, tuple[str, str]]]) -> None:
    first = core.Recorded(1, 7, "pending", "RUNNING", "start", core.SagaStarted({}, {}, 99, {}, {"saga_id": "parent"}))
    state = begin("saga", "definition", 1, "", first)
    history = published(state, [first])
    for sequence, (event, (lifecycle, status)) in enumerate([*_ALL_SCHEDULED, *drawn], 2):
        recorded = core.Recorded(sequence, 7 + sequence, lifecycle, status, "cause", event)
        state = evolve(state, recorded)
        history += published(state, [recorded])
    assert list(differences(fold(history), stored(state))) == []


def test_the_stories_fold_to_what_they_tell() -> None:
    done, undone, declined, waiting = (
        fold(story.events) for story in (completed_story(), revoked_story(), declined_story(), manual_story())
    )
    assert (done.phase, done.outcome, done.lifecycle, done.status) == ("ENDED", "COMPLETED", "delivered", "COMPLETED")
    assert (done.steps["capture-payment", False].attempt, done.steps["capture-payment", False].dispatches) == (1, 2)
    assert (undone.outcome, undone.plan, undone.failed_step) == ("REVOKED", [], "ship")
    assert declined.steps["capture-payment", False].status == "FAILED"
    assert (waiting.outcome, waiting.steps["capture-payment", True].status) == ("SUSPENDED", "UNKNOWN")
