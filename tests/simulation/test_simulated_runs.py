"""Simulated runs: seeded to the byte, with slow ways, wrong clocks, dropouts and ten thousand sagas at once."""

from __future__ import annotations

import hashlib
import io

from orchestrator.core.decide import Decision
from orchestrator.core.definition import Definition
from orchestrator.core.inputs import Input
from orchestrator.core.react import StartChild
from orchestrator.core.state import State
from orchestrator.definitions.registry import compiled
from orchestrator.serde import origin_fields, state_fields, state_of
from schemas.codec import Codec
from simulator.engine import PRODUCTION, Engine
from simulator.loading import load_definition
from simulator.running.cluster import EPOCH_MS
from simulator.running.run import Plan, Simulated, simulate
from simulator.running.weather import Environment
from simulator.scenario import Scenario, scenarios
from tests.simulation import planted_bugs as bugs

CALM = Environment(drift_ms=0, dropouts=0, duplicates=0, faults=0)
DAY_MS = 86_400_000


def orders() -> list[Scenario]:
    loaded = load_definition("order-fulfillment")
    return scenarios(loaded.definition, loaded.document, loaded.parameters)


def no_children(effect: StartChild) -> Scenario:
    raise LookupError(effect.definition)


def simulated(
    environment: Environment,
    *,
    seed: int = 1,
    sagas: int = 300,
    engine: Engine = PRODUCTION,
    what: list[Scenario] | None = None,
) -> tuple[Simulated, list[str]]:
    """Return a run and the lines of its trace."""
    trace = io.StringIO()
    plan = Plan(seed, sagas, 500, environment)
    run = simulate(plan, what or orders(), no_children, engine=engine, trace=trace)
    return run, trace.getvalue().splitlines()


def test_the_same_seed_gives_the_same_trace_to_the_byte_and_another_one_differs() -> None:
    """Row M111."""
    first, trace = simulated(Environment(), seed=4)
    again, _ = simulated(Environment(), seed=4)
    other, _ = simulated(Environment(), seed=5)

    assert first.sha256 == again.sha256 == hashlib.sha256("".join(f"{line}\n" for line in trace).encode()).hexdigest()
    assert other.sha256 != first.sha256
    assert first.holds


def test_latencies_show_in_the_trace_and_lead_to_time_outs_and_retries() -> None:
    """Row M112."""
    near, near_trace = simulated(CALM._replace(profile="lan"))
    far, far_trace = simulated(CALM._replace(profile="slow"))

    assert max(latencies(near_trace)) <= 20
    assert max(latencies(far_trace)) > 30_000
    assert near.outcomes["COMPLETED"] > 250
    assert not any("StepRetryScheduled" in line for line in near_trace)
    assert any("StepRetryScheduled" in line for line in far_trace)
    assert max(sendings(far_trace, "lock-inventory").values()) == 4
    assert far.holds


def test_a_payment_is_decided_in_five_seconds_however_slow_the_ways_are() -> None:
    """Rows M57 and M112: from the first command to the decision, all attempts included."""
    _, trace = simulated(CALM._replace(profile="slow"))

    begun = moments(trace, "StepScheduled capture-payment", first=True)
    completed = moments(trace, "StepCompleted capture-payment ", first=False)
    failed = moments(trace, "StepFailed capture-payment ", first=False)
    assert begun
    for saga_id, at in begun.items():
        assert max(completed.get(saga_id, 0), failed.get(saga_id, 0)) - at <= 5_000


def test_clocks_that_differ_fire_no_timer_earlier_than_is_tolerated_and_none_twice() -> None:
    """Row M113."""
    right, _ = simulated(Environment(profile="slow", drift_ms=0))
    wrong, _ = simulated(Environment(profile="slow", drift_ms=5_000))

    assert right.earliest_ms == 0
    assert 0 < wrong.earliest_ms <= 10_000
    assert right.holds
    assert wrong.holds


def test_dropouts_lose_decisions_and_nothing_else() -> None:
    """Row M114."""
    run, trace = simulated(Environment(dropouts=200), sagas=2_000)

    assert run.dropouts > 0
    assert run.lost_decisions > 0
    assert run.takeovers > 0
    assert any("broker drops out" in line for line in trace)
    assert sum(run.outcomes.values()) == 2_000
    assert run.holds


def test_ten_thousand_sagas_run_at_once() -> None:
    """Row M115."""
    run = simulate(Plan(1, 10_000, 500, Environment()), orders(), no_children)

    assert run.most_open > 9_500
    assert run.holds


PATIENT = {
    "document": {"dsl": "1.0.3", "namespace": "test", "name": "patient", "version": "1.0.0"},
    "do": [{"rest": {"wait": {"days": 21}}}, {"after": {"set": {"rested": True}}}],
}


def upgraded_on_the_tenth_day() -> Engine:
    """Return a core that from the tenth day on reads each saga as it was written, and its definition anew."""
    codec = Codec()
    definition = compiled(PATIENT).definition

    def decide(before: Definition, state: State, given: Input, now: int) -> Decision:
        if now < EPOCH_MS + 10 * DAY_MS:
            return PRODUCTION.decide(before, state, given, now)
        written = codec.encode("saga.State", state_fields(state)), codec.encode("saga.Origin", origin_fields(state))
        read = state_of(*(codec.decode(value).fields for value in written))
        return PRODUCTION.decide(definition, read, given, now)

    return PRODUCTION._replace(decide=decide)


def test_a_saga_waits_three_weeks_through_restarts_and_an_upgrade() -> None:
    """Row M60."""
    patient = Scenario("patient", compiled(PATIENT).definition, {}, {}, frozenset())

    run, trace = simulated(Environment(dropouts=300), sagas=50, what=[patient], engine=upgraded_on_the_tenth_day())

    assert run.outcomes.get("COMPLETED", 0) > 40
    assert run.lasted_ms >= 21 * DAY_MS - 10_000
    assert sum("starts again" in line for line in trace) > 20
    assert run.holds


def test_a_bug_breaks_an_invariant() -> None:
    run, _ = simulated(Environment(faults=200), engine=bugs.forgetting_unknown_outcomes())

    assert not run.holds
    assert any("still in place" in finding for finding in run.findings)


def latencies(trace: list[str]) -> list[int]:
    return [int(line.split(", ")[-1].removesuffix(" ms")) for line in trace if " to " in line and line.endswith(" ms")]


def sendings(trace: list[str], step: str) -> dict[str, int]:
    counted: dict[str, int] = {}
    for line in trace:
        if f"StepScheduled {step} " in line:
            saga_id = line.split()[2]
            counted[saga_id] = counted.get(saga_id, 0) + 1
    return counted


def moments(trace: list[str], what: str, *, first: bool) -> dict[str, int]:
    """Return when something was committed, by saga: for the first time, or for the last."""
    found: dict[str, int] = {}
    for line in trace:
        if what in line:
            at, _, saga_id, *_ = line.split()
            if not (first and saga_id in found):
                found[saga_id] = int(at)
    return found
