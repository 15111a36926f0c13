"""Exploration finds bugs planted in definitions and in the core, each with a short run that can be made again."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import pytest

from orchestrator.core.definition import Definition
from simulator.engine import PRODUCTION, Engine
from simulator.exploration.explore import Bounds, explore
from simulator.exploration.traces import retrace
from simulator.loading import load_definition
from simulator.properties import (
    BALANCE,
    BOUNDED,
    DUPLICATES,
    ENDS,
    IDENTITY,
    NO_FORWARD,
    PURE,
    REVERSE,
)
from simulator.scenario import Scenario, scenarios
from tests.pattern_story import definition, hold
from tests.simulation import planted_bugs as bugs

LONGEST_COUNTER_EXAMPLE = 20
LONGEST_RUN = 60


def an_order() -> Scenario:
    """Return an order within the approval limit."""
    loaded = load_definition("order-fulfillment")
    return scenarios(loaded.definition, loaded.document, loaded.parameters)[0]


BUGS_IN_DEFINITIONS: Mapping[str, tuple[Callable[[Definition], Definition], str]] = {
    "missing compensation": (lambda definition: bugs.without_undo(definition, "capture-payment"), BALANCE),
    "hasty join": (bugs.with_a_hasty_join, NO_FORWARD),
}
"""Each with a property that must be found broken."""

BUGS_IN_THE_CORE: Mapping[str, tuple[Engine, str]] = {
    "wrong order of undos": (bugs.undoing_in_the_order_of_completion(), REVERSE),
    "a retry takes a new token": (bugs.retrying_with_a_new_token(), IDENTITY),
    "forward after a cancel": (bugs.going_on_after_a_cancel(), NO_FORWARD),
    "a reply counts twice": (bugs.counting_a_reply_twice(), DUPLICATES),
    "a late reply revives": (bugs.reviving_after_turning_round(), DUPLICATES),
    "an unknown outcome is not undone": (bugs.forgetting_unknown_outcomes(), BALANCE),
    "an undo is sent twice": (bugs.undoing_twice(), REVERSE),
    "a timer is not cleared": (bugs.leaving_timers_set(), NO_FORWARD),
    "a parked step never wakes": (bugs.never_waking_what_is_parked(), BOUNDED),
    "a failed undo is hidden": (bugs.hiding_a_failed_undo(), BALANCE),
    "decide writes into its state": (bugs.writing_into_the_state(), PURE),
    "a backoff is drawn anew": (bugs.drawing_lots_for_the_backoff(), PURE),
}
"""Each with a property that must be found broken."""


def check(scenario: Scenario, engine: Engine, expected: str) -> None:
    """Explore, and assert that the bug is found and that its counter-example shows it again."""
    bounds = Bounds(faults=2, stop_at=frozenset({expected}))

    found = explore(scenario, bounds, engine)

    assert expected in found.broken, found.broken
    broken = found.broken[expected]
    again = retrace(engine, scenario, bounds.faults, broken.moves)
    assert 1 <= len(broken.moves) <= LONGEST_COUNTER_EXAMPLE
    assert broken.violation in again.wrong


@pytest.mark.parametrize("bug", BUGS_IN_DEFINITIONS)
def test_a_bug_in_the_definition_is_found(bug: str) -> None:
    plant, expected = BUGS_IN_DEFINITIONS[bug]
    order = an_order()

    check(replace(order, definition=plant(order.definition)), PRODUCTION, expected)


@pytest.mark.parametrize("bug", BUGS_IN_THE_CORE)
def test_a_bug_in_the_core_is_found(bug: str) -> None:
    engine, expected = BUGS_IN_THE_CORE[bug]

    check(an_order(), engine, expected)


def test_a_saga_that_goes_round_in_circles_is_found() -> None:
    scenario = Scenario("rest", definition({"rest": {"wait": {"seconds": 1}}}), {}, {}, frozenset())

    check(scenario, bugs.waiting_anew(1_000), ENDS)
    check(scenario, bugs.waiting_anew(2_000), ENDS)


def test_a_try_that_goes_on_before_it_is_undone_is_found() -> None:
    tried = {"try": [{"one": hold("one")}, {"two": hold("two")}], "catch": {"do": [{"three": hold("three")}]}}
    scenario = Scenario("tried", definition({"tried": tried}), {}, {}, frozenset())

    check(scenario, bugs.leaving_tries_as_they_are("one", "two"), NO_FORWARD)
    assert explore(scenario, Bounds()).broken == {}


def test_an_effect_that_is_left_because_a_person_skipped_its_step_is_found() -> None:
    tasks = ({"one": hold("one", error_strategy="dead-letter")}, {"two": hold("two")})
    scenario = Scenario("skipped", definition(*tasks), {}, {}, frozenset())

    check(scenario, bugs.forgetting_what_was_skipped(), BALANCE)
    assert explore(scenario, Bounds()).broken == {}


def test_a_saga_that_is_tried_for_ever_is_found() -> None:
    order = an_order()
    endless = replace(order, definition=bugs.with_endless_retries(order.definition))

    found = explore(endless, Bounds(faults=1, max_moves=LONGEST_RUN, stop_at=frozenset({ENDS})))

    broken = found.broken[ENDS]
    assert broken.violation.says == f"a run of {LONGEST_RUN} moves has not ended"
    assert len(broken.moves) == LONGEST_RUN


def test_the_core_as_it_is_shows_none_of_these_bugs() -> None:
    found = explore(an_order(), Bounds(faults=1))

    assert found.complete
    assert found.broken == {}
