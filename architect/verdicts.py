"""Each constraint of the input with its answer: met, beyond what was measured, not met, or not supported; and why."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from architect import figures
from architect.numbers_shown import share_shown, size_shown, time_shown, whole
from architect.plan import Plan
from architect.requirements import Requirements, Statement, Topic
from architect.timing import critical_path_s
from architect.verdict_words import worded

NOT_CONSTRAINTS = frozenset({Topic.STEPS, Topic.TRIGGER, Topic.PARTICIPANT, Topic.FAN_OUT})


@dataclass(frozen=True, slots=True)
class Verdict:
    """The answer to one or more statements of the input."""

    topic: Topic
    words: tuple[str, ...]
    answer: str
    because: str


def verdicts(requirements: Requirements, plan: Plan) -> tuple[Verdict, ...]:
    """Return an answer for every constraint, in the order of the input; equal answers stand together."""
    found: dict[tuple[Topic, str, str], list[str]] = {}
    for statement in requirements.statements:
        if statement.topic in NOT_CONSTRAINTS:
            continue
        answer, because = _judged(statement, requirements, plan)
        found.setdefault((statement.topic, answer, because), []).append(statement.words)
    return tuple(
        Verdict(topic, tuple(dict.fromkeys(words)), answer, because)
        for (topic, answer, because), words in found.items()
    )


def _judged(statement: Statement, requirements: Requirements, plan: Plan) -> tuple[str, str]:
    if statement.denied:
        return "no constraint", "the input says that it is not needed"
    judge = _JUDGES.get(statement.topic)
    if judge is not None and statement.value is not None:
        return judge(statement.value, statement, requirements, plan)
    if statement.topic is Topic.COMPENSATION and statement.of == "none":
        return (
            "overruled for the steps that have one",
            "a compensation that is known is kept, because undoing costs nothing while nothing fails",
        )
    return worded(statement, requirements, plan)


def _throughput(value: float, statement: Statement, requirements: Requirements, plan: Plan) -> tuple[str, str]:
    del requirements
    events = value if statement.of == "events" else value * plan.load.events_a_saga
    counted = (
        ""
        if statement.of == "events"
        else f", which are {whole(events)} events a second at {plan.load.events_a_saga} events a saga"
    )
    placed = f"{whole(plan.orchestrators)} orchestrators over {whole(plan.partitions)} partitions{counted}"
    if events <= figures.STEADY_EVENTS.value:
        return (
            "met",
            f"{placed}; measured at {whole(figures.STEADY_EVENTS.value)} events a second with one orchestrator",
        )
    if events <= figures.SATURATED_EVENTS.value:
        return (
            "met in rate, latency beyond what was measured",
            (
                f"{placed}; one orchestrator did {whole(figures.SATURATED_EVENTS.value)} events a second, with "
                f"{whole(figures.STEP_P99_SATURATED.value)} ms at p99"
            ),
        )
    return (
        "beyond what was measured",
        f"{placed}; the highest rate measured is {whole(figures.SATURATED_EVENTS.value)} events a second, "
        f"this is {whole(events / figures.SATURATED_EVENTS.value)} times that,"
        " and that rates add up over instances is an assumption",
    )


def _concurrency(value: float, statement: Statement, requirements: Requirements, plan: Plan) -> tuple[str, str]:
    del statement, requirements
    size = (
        f"a saga in flight is {size_shown(figures.STATE.value)} of state in RocksDB and a due time, no thread; "
        f"{whole(value)} are {size_shown(value * figures.STATE.value)}"
    )
    mean = (
        (
            f"; at {whole(plan.load.sagas)} sagas a second that many are in flight when a saga lasts "
            f"{time_shown(value / plan.load.sagas)}"
        )
        if plan.load.sagas
        else ""
    )
    if value <= figures.MOST_IN_FLIGHT.value:
        return "met", size + mean
    return "beyond what was measured", f"{size}{mean}; the bench held {whole(figures.MOST_IN_FLIGHT.value)} in flight"


def _average(value: float, statement: Statement, requirements: Requirements, plan: Plan) -> tuple[str, str]:
    del value, statement, requirements
    load = plan.load
    return (
        "used in the plan",
        f"disk is planned for {whole(load.average_events)} events a second, instances for the peak",
    )


def _latency(value: float, statement: Statement, requirements: Requirements, plan: Plan) -> tuple[str, str]:
    del requirements
    bound = value * 1_000
    each = plan.load.events / plan.orchestrators
    steady = f"at {whole(figures.STEADY_EVENTS.value)} events a second"
    measured = (
        f"measured are p50 {whole(figures.STEP_P50.value)}, p99 {whole(figures.STEP_P99.value)} and longest "
        f"{whole(figures.STEP_MAX.value)} ms {steady}"
    )
    compared = _percentile(statement.words)
    if bound < figures.STEP_P50_LOW.value:
        lowest = f"its p50 with one saga in flight is {whole(figures.STEP_P50_LOW.value)} ms"
        return "not met", f"a transition is a Kafka transaction, {lowest}"
    if bound < compared.value:
        return "not shown", f"{measured}; {whole(compared.value)} ms is above {time_shown(value)}"
    if plan.orchestrators > 1 and plan.load.events > figures.STEADY_EVENTS.value:
        share = f"{whole(each)} events a second for each of {whole(plan.orchestrators)} orchestrators"
        return "met for each orchestrator, the sum beyond what was measured", f"{share}; for one, {measured}"
    return "met", f"{measured}; time inside participants and providers is not part of it"


def _percentile(words: str) -> figures.Figure:
    """Return the measured figure that a bound is about: the longest, unless the bound names a percentile."""
    if re.search(r"\bp50\b|\bmedian\b", words, re.IGNORECASE):
        return figures.STEP_P50
    if re.search(r"\bp9[059]\b", words, re.IGNORECASE):
        return figures.STEP_P99
    return figures.STEP_MAX


def _rto(value: float, statement: Statement, requirements: Requirements, plan: Plan) -> tuple[str, str]:
    del statement, requirements
    because = (
        f"an orchestrator that is killed and restarted in place goes on after at most {whole(figures.RESTART.value)} s "
        f"(measured); a peer takes over from a lost host after {time_shown(round(plan.takeover_s, 2))} with the "
        "sagas in "
        f"flight alone and after {time_shown(round(plan.takeover_full_s, 2))} with all that are kept (by "
        "formula); a lost "
        f"broker is covered by replication {plan.replication}, its time was not measured; a single broker took "
        f"{whole(figures.BROKER_RESTART.value)} s"
    )
    if value < figures.RESTART.value:
        return "not met", because
    if value < plan.takeover_full_s:
        return "met for a killed process, not for a lost host", because
    return "met for a killed process, computed for a lost host", because


def _payload(value: float, statement: Statement, requirements: Requirements, plan: Plan) -> tuple[str, str]:
    del statement, requirements
    worst = plan.load.events * min(value, figures.PAYLOAD_LIMIT.value)
    flow = f"if every record were that large, {size_shown(worst)} a second would cross the brokers before replication"
    limit = (
        f"a record has at most {whole(figures.PAYLOAD_LIMIT.value)} bytes with its envelope, a larger request is "
        "refused at the edge with 413"
    )
    if value > figures.PAYLOAD_LIMIT.value:
        return "not met", f"{limit}; larger documents have to be kept outside and passed by reference"
    return "met", f"{limit}; {flow}"


def _availability(value: float, statement: Statement, requirements: Requirements, plan: Plan) -> tuple[str, str]:
    del statement
    month = 30 * 86_400.0
    allowed = (100.0 - value) / 100.0 * month
    if allowed <= 0:
        if requirements.several_regions:
            return (
                "addressed by giving up strong consistency",
                "each region goes on by itself while the link is down; views converge afterwards",
            )
        return (
            "not shown",
            (
                f"every restart costs time, at most {whole(figures.RESTART.value)} s for an orchestrator; the "
                f"gateway takes orders meanwhile, since {plan.gateways} of them only need Kafka"
            ),
        )
    restarts, takeovers = int(allowed / figures.RESTART.value), int(allowed / plan.takeover_full_s)
    return (
        "designed for, not measured",
        f"{share_shown(value)} leaves {time_shown(allowed)} in 30 days, which are {whole(restarts)} restarts in "
        "place of "
        f"{whole(figures.RESTART.value)} s or {whole(takeovers)} take-overs of "
        f"{time_shown(round(plan.takeover_full_s, 2))}; no long run measured it",
    )


def _cost(value: float, statement: Statement, requirements: Requirements, plan: Plan) -> tuple[str, str]:
    del requirements
    unit, _, per = statement.of.partition(" per ")
    need = f"the plan needs {whole(plan.cores)} cores and {whole(plan.memory_mb / 1_000)} GB of memory"
    if per in _PERIOD_S:
        a_month = value * _PERIOD_S["month"] / _PERIOD_S[per]
        sagas = plan.load.average_sagas * _PERIOD_S["month"]
        each = (
            f"; at {whole(sagas)} sagas in 30 days that is {whole(a_month / sagas * 1_000)} {unit} for 1,000 sagas"
            if sagas and not plan.load.assumed
            else ""
        )
        return (
            "addressed as a price limit",
            (
                f"{need}, so {whole(a_month)} {unit} a month are kept while a core with its share of memory and "
                f"disk costs at most {whole(a_month / plan.cores)} {unit} a month{each}"
            ),
        )
    if per:
        return (
            "addressed as a price limit",
            (
                f"{need}; at {whole(plan.load.average_sagas)} sagas a second, {whole(value)} {unit} per {per} are "
                f"{whole(value * plan.load.average_sagas * _PERIOD_S['month'])} {unit} in 30 days if each saga is "
                f"one {per}"
            ),
        )
    return (
        "addressed as a price limit",
        (
            f"{need}; a core with its share of memory and disk may cost {whole(value / plan.cores)} {unit} over "
            "the time that the budget is for"
        ),
    )


_PERIOD_S = {
    "second": 1.0,
    "minute": 60.0,
    "hour": 3_600.0,
    "day": 86_400.0,
    "week": 604_800.0,
    "month": 2_592_000.0,
    "year": 31_536_000.0,
}


def _saga_limit(value: float, statement: Statement, requirements: Requirements, plan: Plan) -> tuple[str, str]:
    del statement
    longest = critical_path_s(requirements, plan.timings)
    durable = f"a durable timer ends the saga after {time_shown(value)} and compensation begins"
    if longest > value:
        return (
            "met by a timer",
            (
                f"{durable}; the limits of the steps add up to {time_shown(longest)}, so they have to be "
                "tightened for a run that uses them all"
            ),
        )
    return "met", f"{durable}; the limits of the steps add up to {time_shown(longest)}"


def _step_limit(value: float, statement: Statement, requirements: Requirements, plan: Plan) -> tuple[str, str]:
    del requirements
    own = [one for one in plan.timings if not statement.step or one.step.name == statement.step]
    if not own:
        return "met by a timer", f"a durable timer of {time_shown(value)}"
    one = min(own, key=lambda timing: timing.total_s)
    return (
        "met",
        (
            f"{one.retries + 1} attempts of {time_shown(one.attempt_s)} with their pauses stay within "
            f"{time_shown(one.total_s)}, and the decision follows in one transition"
        ),
    )


def _duration(value: float, statement: Statement, requirements: Requirements, plan: Plan) -> tuple[str, str]:
    del statement
    given = requirements.value(Topic.CONCURRENCY)
    implied = plan.load.sagas * value
    sum_up = f"at {whole(plan.load.sagas)} sagas a second, {whole(implied)} are in flight"
    if given is not None and abs(given - implied) > given / 10:
        return (
            "in conflict with the other figures",
            f"{sum_up}, while the input says {whole(given)}; the larger number is planned for",
        )
    return "used in the plan", sum_up


def _retention(value: float, statement: Statement, requirements: Requirements, plan: Plan) -> tuple[str, str]:
    del statement, requirements
    return (
        "met",
        (
            f"saga.events keeps every event for ever, {size_shown(plan.event_log_a_day * value / 86_400)} in "
            f"{time_shown(value)} with {plan.replication} copies"
        ),
    )


def _wait(value: float, statement: Statement, requirements: Requirements, plan: Plan) -> tuple[str, str]:
    del statement, requirements, plan
    return (
        "met",
        f"a durable timer of {time_shown(value)}, which is part of the saga's state and survives every restart",
    )


def _retries(value: float, statement: Statement, requirements: Requirements, plan: Plan) -> tuple[str, str]:
    del statement, requirements
    fewer = [one.step.name for one in plan.timings if one.retries < value]
    rest = f"; {', '.join(fewer)} has time for fewer" if fewer else ""
    return "met", f"{whole(value)} retries of every step for transient failures only, with pauses that double{rest}"


def _loss(value: float, statement: Statement, requirements: Requirements, plan: Plan) -> tuple[str, str]:
    del statement, requirements
    return (
        "met",
        (
            f"a record counts when {plan.min_in_sync} of {plan.replication} copies have it, so a recovery point "
            f"of {time_shown(value)} is kept with nothing lost"
        ),
    )


Judge = Callable[[float, Statement, Requirements, Plan], tuple[str, str]]
_JUDGES: Mapping[Topic, Judge] = {
    Topic.THROUGHPUT: _throughput,
    Topic.AVERAGE_THROUGHPUT: _average,
    Topic.CONCURRENCY: _concurrency,
    Topic.TRANSITION_LATENCY: _latency,
    Topic.RTO: _rto,
    Topic.PAYLOAD: _payload,
    Topic.AVAILABILITY: _availability,
    Topic.COST: _cost,
    Topic.SAGA_LIMIT: _saga_limit,
    Topic.STEP_LIMIT: _step_limit,
    Topic.SAGA_DURATION: _duration,
    Topic.RETENTION: _retention,
    Topic.WAIT_LIMIT: _wait,
    Topic.RETRIES: _retries,
    Topic.DATA_LOSS: _loss,
}
