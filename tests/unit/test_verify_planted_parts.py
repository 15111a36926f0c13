"""Each bug planted in a history of scopes, pivots, interventions, undos or migrations is found and named."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import pytest

from orchestrator.core.inputs import Migrate, Park, Unpark
from orchestrator.definitions.compiler import compile_definition
from tests.published import evidence_of, published
from tests.saga_documents import ACT, document, told
from tests.saga_story import (
    REJECTED,
    Moment,
    Story,
    done,
    fails,
    order_waiting_for,
    resolves,
    says,
    taken_back,
    the_next_timer,
    undo_fails,
    undone,
)
from verify.evidence import Event, Evidence
from verify.proof import prove

Events = list[Event]
Spoil = Callable[[Events], Sequence[Event]]

HELD: dict[str, Any] = {**ACT, "error_strategy": "dead-letter"}
RETRY = {"retry": {"limit": {"attempt": {"count": 1}}, "delay": {"seconds": 1}}}


def tried() -> Story:
    """A try whose first attempt does two steps and fails at the third; what it did is undone, then it works."""
    story = told({"t": {"try": [{"a": ACT}, {"b": ACT}, {"c": ACT}], "catch": RETRY}})
    story = story.when(done("t/0/a"), done("t/0/b"), fails("t/0/c", REJECTED), undone("t/0/b"), undone("t/0/a"))
    return story.when(the_next_timer, done("t/1/a"), done("t/1/b"), done("t/1/c")).ended("COMPLETED")


def caught() -> Story:
    """A try that fails and is caught by a step."""
    story = told({"t": {"try": [{"a": ACT}, {"b": ACT}], "catch": {"do": [{"c": ACT}]}}})
    story = story.when(done("t/0/a"), fails("t/0/b", REJECTED), undone("t/0/a"))
    return story.when(done("t/catch/c")).ended("COMPLETED")


def raced() -> Story:
    """A race whose loser is undone."""
    story = told({"r": {"fork": {"compete": True, "branches": [{"x": ACT}, {"y": ACT}]}}})
    return story.when(done("r/1/y"), undone("r/0/x")).ended("COMPLETED")


def pivoted() -> Story:
    """A saga that passes its pivot."""
    return told({"a": {**ACT, "pivot": True}}, {"b": ACT}).when(done("a"), done("b")).ended("COMPLETED")


def held() -> Story:
    """A step that is held, tried again by a person, and works."""
    story = told({"a": HELD}, {"b": ACT}).when(fails("a", REJECTED), resolves("retry"))
    return story.when(done("a"), done("b")).ended("COMPLETED")


def repaired() -> Story:
    """Two compensations fail for good; a person has one tried again and skips the other."""
    story = told({"a": ACT}, {"b": ACT}, {"c": ACT}).when(done("a"), done("b"), fails("c", REJECTED))
    story = story.when(undo_fails("b", REJECTED), undo_fails("a", REJECTED), resolves("retry", "b"), undone("b"))
    return story.when(resolves("skip", "a")).ended("REVOKED")


def undone_child() -> Story:
    """A saga that completes and is then taken back by the one that started it."""
    return told({"a": ACT}).when(done("a"), taken_back(), undone("a")).ended("REVOKED")


def migrated() -> Story:
    """A saga that goes over to version 2 while it waits."""
    wait = {"listen": {"to": {"one": {"with": {"type": "go"}}}}}
    newer = compile_definition(document({"a": ACT}, {"w": wait}, version="2.0.0", migrations=[{"from": 1}]), {})

    def goes_over(story: Story) -> Any:
        return Migrate("in_6", newer, "ann"), story.now

    story = told({"a": ACT}, {"w": wait}).when(done("a"), goes_over)
    return replace(story, definition=newer).when(says("go")).ended("COMPLETED")


def parked() -> Story:
    """A saga of which a record cannot be used, and one behind it: a person has both redriven."""

    def parks(code: str) -> Moment:
        return lambda story: (Park("in_7", "saga.replies", 0, 9, code, "no Avro"), story.now)

    def unparks(story: Story) -> Any:
        return Unpark("in_8", "redrive", "ann", "the schema is there"), story.now

    story = told({"a": ACT}, {"b": ACT}).when(parks("undecodable"), parks("behind"), unparks, done("a"))
    return story.when(unparks, done("b")).ended("COMPLETED")


@cache
def honest(make: Callable[[], Story]) -> tuple[Story, Events]:
    """Return a story and its events, each as published under the version it had then."""
    story = make()
    events = published(story.state, story.told)
    moved = next((n for n, event in enumerate(events) if event.name == "SagaMigrated"), 0)
    return story, [replace(event, version=1) if n < moved else event for n, event in enumerate(events)]


def judged(make: Callable[[], Story], spoil: Spoil = list) -> Any:
    """Return the report over a story of which something was spoilt."""
    story, events = honest(make)
    return prove(evidence_of(story.state, renumbered(spoil(list(events)))))


def renumbered(events: Sequence[Event]) -> Events:
    return [replace(event, sequence=n) for n, event in enumerate(events, 1)]


STORIES = (tried, caught, raced, pivoted, held, repaired, undone_child, migrated, parked)


@pytest.mark.parametrize("make", STORIES, ids=lambda make: make.__name__)
def test_an_honest_history_holds(make: Callable[[], Story]) -> None:
    report = judged(make)
    assert report.findings == ()
    assert report.holds


@dataclass(frozen=True)
class At:
    """An event by its name, its step and whether it is about a compensation."""

    name: str
    step: str = ""
    undo: bool = False

    def index(self, events: Events) -> int:
        return next(n for n, e in enumerate(events) if (e.name, e.step, e.undo) == (self.name, self.step, self.undo))


def without(*places: At) -> Spoil:
    def spoil(events: Events) -> Events:
        for place in places:
            del events[place.index(events)]
        return events

    return spoil


def moved(place: At, before: At) -> Spoil:
    def spoil(events: Events) -> Events:
        event = events.pop(place.index(events))
        events.insert(before.index(events), event)
        return events

    return spoil


def again(place: At, after: At) -> Spoil:
    def spoil(events: Events) -> Events:
        events.insert(after.index(events) + 1, events[place.index(events)])
        return events

    return spoil


def changed(place: At, **fields: Any) -> Spoil:
    def spoil(events: Events) -> Events:
        at = place.index(events)
        events[at] = replace(events[at], fields={**events[at].fields, **fields})
        return events

    return spoil


def both(*spoils: Spoil) -> Spoil:
    def spoil(events: Events) -> Events:
        for one in spoils:
            events = list(one(events))
        return events

    return spoil


LEFT = At("ScopeFailed", "t")
ENTERED_AGAIN = At("StepRetryScheduled", "t")
UNDO_A, UNDONE_A = At("StepScheduled", "t/0/a", True), At("StepCompleted", "t/0/a", True)
UNDO_B, UNDONE_B = At("StepScheduled", "t/0/b", True), At("StepCompleted", "t/0/b", True)
TURNED = At("CompensationStarted")

PLANTED: Sequence[tuple[str, Callable[[], Story], Spoil, str, str]] = [
    ("undone before anything was left", tried, moved(UNDO_B, LEFT), "event order", "no plan names"),
    ("a part undone in the wrong order", tried, both(moved(UNDO_A, UNDO_B), moved(UNDONE_A, UNDO_B)), "compensation",
     "t/0/a is being undone before t/0/b"),
    ("a plan in the wrong order", tried, both(changed(LEFT, plan=["t/0/a", "t/0/b"]), moved(UNDO_A, UNDO_B),
     moved(UNDONE_A, UNDO_B)), "compensation", "done after it"),
    ("one undone before the other has been", tried, moved(UNDO_A, UNDONE_B), "compensation", "planned first"),
    ("a part closed before it is undone", tried, moved(At("ScopeUnwound", "t"), UNDONE_A), "event order",
     "t/0/a is not undone"),
    ("a step forgotten in a part", tried, both(without(UNDO_A, UNDONE_A)), "compensation", "never was"),
    ("a retry before the failed attempt is undone", tried, moved(ENTERED_AGAIN, UNDONE_A), "event order",
     "still being undone"),
    ("a handler before the failed attempt is undone", caught, moved(At("StepScheduled", "t/catch/c"), UNDONE_A),
     "event order", "is undone"),
    ("a result in a part that was left", tried, again(At("StepCompleted", "t/0/a"), LEFT), "event order", "was left"),
    ("a part left twice", tried, again(LEFT, At("ScopeUnwound", "t")), "event order", "left before"),
    ("a plan that names a step elsewhere", tried, changed(LEFT, plan=["t/0/b", "t/0/a", "elsewhere"]), "event order",
     "elsewhere is not in t/0"),
    ("a scope that begins twice", raced, again(At("ScopeEntered", "r"), At("StepScheduled", "r/0/x")), "event order",
     "a scope that runs"),
    ("a step of a scope that never began", raced, without(At("ScopeEntered", "r")), "event order", "is not running"),
    ("a race that ends with its loser not undone", raced, without(At("StepScheduled", "r/0/x", True),
     At("StepCompleted", "r/0/x", True), At("ScopeUnwound", "r")), "event order", "still being undone"),
    ("a loser undone twice", raced, again(At("StepCompleted", "r/0/x", True), At("ScopeUnwound", "r")),
     "compensation", "undone 2 times"),
    ("a pivot that was not done", pivoted, moved(At("PivotPassed", "a"), At("StepCompleted", "a")), "event order",
     "a is not done"),
    ("a held step that works by itself", held, without(At("InterventionMade")), "event order", "held already"),
    ("completed with a step held", held, lambda events: [*events[:events.index(events[At("InterventionMade").index(
     events)])], events[-1]], "event order", "waits for a person"),
    ("an intervention for a step that does not wait", held, changed(At("InterventionMade"), steps=["b"]),
     "event order", "b waits for no person"),
    ("a suspension that names too few", repaired, changed(At("SagaSuspended"), steps=["b"]), "event order",
     "it names b"),
    ("a compensation that runs again by itself", repaired, without(At("InterventionMade", undo=True)), "event order",
     "has ended"),
    ("skipped without a reason", repaired, lambda events: changed_last(events, "InterventionMade", reason=" "),
     "event order", "without a reason"),
    ("revoked with a compensation that failed", repaired, lambda events: without_last(events, "InterventionMade"),
     "event order", "a is not undone"),
    ("revoked twice", repaired, lambda events: [*events, events[-1]], "outcome", "2 terminal outcomes"),
    ("a completed saga that turns round by itself", undone_child, without(At("UndoRequested")), "event order",
     "has ended with SagaCompleted"),
    ("a request that says it settles nothing", undone_child, changed(At("UndoRequested"), settled=True),
     "event order", "it should be False"),
    ("a version that changes by itself", migrated, without(At("SagaMigrated")), "event order", "instead of"),
    ("a saga that goes on while a record waits", parked, moved(At("StepCompleted", "a"), At("RecordUnparked")),
     "event order", "stands still while record 0 waits"),
    ("a record that is taken before the first", parked, changed(At("RecordUnparked"), number=1), "event order",
     "not the first that waits"),
    ("a migration of a saga that turned round", undone_child, lambda events: [*events[:-1], replace(events[-1],
     name="SagaMigrated", fields={"version": 1, "renamed": "{}", "outputs": None, "actor": "ann"}), events[-1]],
     "event order", "keeps its version"),
]  # fmt: skip


NAMES = [name for name, *_ in PLANTED]


def last(events: Events, name: str) -> int:
    return max(n for n, event in enumerate(events) if event.name == name)


def changed_last(events: Events, name: str, **fields: Any) -> Events:
    at = last(events, name)
    events[at] = replace(events[at], fields={**events[at].fields, **fields})
    return events


def without_last(events: Events, name: str) -> Events:
    del events[last(events, name)]
    return events


@pytest.mark.parametrize(
    ("make", "spoil", "check", "says_so"), [row[1:] for row in PLANTED], ids=[r[0] for r in PLANTED]
)
def test_a_planted_bug_is_named(make: Callable[[], Story], spoil: Spoil, check: str, says_so: str) -> None:
    report = judged(make, spoil)
    assert not report.holds
    found = [finding for finding in report.findings if finding.check == check and says_so in finding.detail]
    assert found, report.findings
    assert found[0].orders == ("sag_a",)


def test_past_its_pivot_a_saga_does_not_turn_round() -> None:
    def turn(events: Events) -> Events:
        fields = {"code": "c", "message": "", "failed_step": None, "plan": ["b", "a"]}
        return [*events[:-1], replace(events[-1], name="CompensationStarted", fields=fields)]

    details = [finding.detail for finding in judged(pivoted, turn).findings]
    assert any("past its point of no return" in detail for detail in details)


STATES: Sequence[tuple[Callable[[], Story], dict[str, Any], str]] = [
    (tried, {"unwinding": '{"t/0": [["t/0/a"], "RETRY"]}'}, "unwinding"),
    (pivoted, {"pivoted": False}, "pivoted"),
    (undone_child, {"parent": '{"saga_id": "another"}'}, "parent"),
]


@pytest.mark.parametrize(("make", "spoilt", "field"), STATES, ids=[field for _, _, field in STATES])
def test_a_state_that_the_events_do_not_give_is_found(
    make: Callable[[], Story], spoilt: dict[str, Any], field: str
) -> None:
    story, events = honest(make)
    evidence = evidence_of(story.state, events)
    state = {**evidence.log.states["sag_a"], **spoilt}
    report = prove(_with_state(evidence, state))
    assert [finding for finding in report.findings if finding.check == "changelog" and field in finding.detail]


def _with_state(evidence: Evidence, state: dict[str, Any]) -> Evidence:
    return replace(evidence, log=replace(evidence.log, states={"sag_a": state}))


def suspended_order(*further: Moment) -> Story:
    """An order whose refund fails for good."""
    story = order_waiting_for("capture-payment").when(done("capture-payment"))
    story = story.when(fails("deduct-inventory", REJECTED), undone("confirm-order"), undone("deduct-inventory"))
    story = story.when(undo_fails("capture-payment", REJECTED), undone("lock-inventory")).ended("SUSPENDED")
    return story.when(*further)


def transitions(story: Story, events: Sequence[Event]) -> list[str]:
    report = prove(evidence_of(story.state, events, "order-fulfillment"))
    return [finding.detail for finding in report.findings if finding.check == "transition"]


def test_an_order_leaves_manual_intervention_by_an_intervention_alone() -> None:
    story = suspended_order(resolves("retry"), undone("capture-payment")).ended("REVOKED")
    events = published(story.state, story.told)
    assert transitions(story, events) == []
    forged = renumbered([event for event in events if event.name != "InterventionMade"])
    assert transitions(story, forged) == [
        f"status MANUAL_INTERVENTION -> COMPENSATING by StepScheduled at sequence {len(forged) - 2}"
    ]


def test_an_order_whose_compensation_was_skipped_is_listed_and_its_books_are_not_judged() -> None:
    story = suspended_order(resolves("skip")).ended("REVOKED")
    report = prove(evidence_of(story.state, published(story.state, story.told), "order-fulfillment"))
    assert report.by_hand == ("ord_a: capture-payment:undo",)
    assert report.findings == ()


def test_a_saga_with_a_held_step_waits_for_a_person_and_is_no_finding() -> None:
    story = told({"a": HELD}, {"b": ACT}).when(fails("a", REJECTED))
    report = prove(evidence_of(story.state, published(story.state, story.told)))
    assert (report.findings, report.outcomes, report.manual) == ((), {"HELD": 1}, ("sag_a",))
