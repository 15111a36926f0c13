"""Answers to constraints that come without a figure."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from architect import figures
from architect.meanings import step_meant
from architect.numbers_shown import time_shown, whole
from architect.plan import Plan
from architect.requirements import Requirements, Statement, Topic

Answer = tuple[str, str]
"""The answer and the reason for it."""

_FIXED: Mapping[Topic, Answer] = {
    Topic.ONCE: (
        "met",
        "exactly-once inside Kafka by transactions; every participant keeps each command id under a uniqueness "
        "constraint; "
        "calls outside are at-least-once delivery with deterministic idempotency keys, and an unknown outcome is "
        "looked up "
        "before anything is sent again",
    ),
    Topic.DEAD_LETTERS: (
        "met",
        "what nobody can use goes to the dead-letter topic in the same transaction, and all other sagas go on",
    ),
    Topic.RETRIES: (
        "met",
        f"{whole(figures.RETRIES.value)} retries for transient failures, none for a definite refusal, each pause "
        "twice the "
        "one before plus recorded jitter",
    ),
    Topic.ORDERING: (
        "met",
        "the saga id is the key of every record, so all records of a saga are in one partition and are handled "
        "in their "
        "order; between sagas there is none",
    ),
    Topic.AUDIT: (
        "met",
        (
            "saga.events keeps every event of every saga with its cause, and deterministic replay gives the same "
            "states again"
        ),
    ),
    Topic.PEOPLE: (
        "met",
        "a waiting saga is state and a durable timer; no thread, no connection and no lock is held meanwhile",
    ),
    Topic.COLD_START: (
        "met by processes that stay up",
        "no function starts with a request; a process that restarts goes on after its store is restored",
    ),
    Topic.DOWNTIME: (
        "met",
        "static members restart one after the other without a rebalance, each within "
        f"{whole(figures.RESTART.value)} s, and "
        "running sagas keep their version of the definition",
    ),
    Topic.UNSUPPORTED: (
        "not supported",
        "the orchestrator is this product's own and its persistence the event log on Kafka; others are refused by name",
    ),
}


def worded(statement: Statement, requirements: Requirements, plan: Plan) -> Answer:
    """Return the answer to a statement without a figure, and why."""
    if statement.topic in _FIXED:
        return _FIXED[statement.topic]
    judge = _JUDGES.get(statement.topic)
    return judge(statement, requirements, plan) if judge else ("noted", statement.reading)


def _loss(statement: Statement, _requirements: Requirements, plan: Plan) -> Answer:
    copies = f"counts only when {plan.min_in_sync} of {plan.replication} copies have it"
    if "tolerated" in statement.reading:
        return "exceeded", f"a transition {copies}"
    return "met", f"a transition commits with its commands and its changelog in one transaction, and {copies}"


_WHEN = re.compile(
    r"\b(?:if|when|whenever|after|on|once)\b"
    r"(.*\b(?:fail\w*|refus\w+|reject\w*|out\s+of\s+stock|declin\w+|unavailable)\b)",
    re.IGNORECASE,
)


def _undo(statement: Statement, requirements: Requirements, _plan: Plan) -> Answer:
    rule = _WHEN.search(statement.words)
    failing = step_meant(rule.group(1), requirements.steps) if rule else None
    undone = [step for step in reversed(requirements.steps) if step.compensation]
    if failing is not None:
        before = [step for step in undone if step.level < failing.level]
        if before:
            acts = ", then ".join(f"{step.compensation} ({step.name})" for step in before)
            return "met", f"when {failing.name} fails for good: {acts}"
        return "met", f"nothing comes before {failing.name} that has to be undone when it fails for good"
    if not undone:
        return "met", "no step has an effect that is undone"
    if len(undone) == 1:
        return "met", f"{undone[0].name} is undone if its effect is there"
    return (
        "met",
        f"{', '.join(step.name for step in undone)} are undone in this order, each only if its effect is there",
    )


def _cost(_statement: Statement, _requirements: Requirements, plan: Plan) -> Answer:
    return (
        "addressed by the plan",
        f"{whole(plan.cores)} cores and {whole(plan.memory_mb / 1_000)} GB of memory are what the load needs by "
        "the formulas "
        "of the capacity plan; the statement holds no price to compare with",
    )


def _consistency(statement: Statement, requirements: Requirements, _plan: Plan) -> Answer:
    if "strong" not in statement.reading:
        if requirements.several_regions:
            return "met", "each region owns its sagas; views of other regions follow asynchronously"
        return "met", "the read model follows saga.events; the saga itself is stricter than asked"
    if requirements.several_regions and "inside" not in statement.reading:
        return (
            "possible at the price of a round trip",
            "one cluster stretched over the regions commits each transition with a majority of them, at least "
            "one round trip "
            "between regions more; not measured, and a region cut off takes no writes",
        )
    return (
        "met",
        "one partition has one writer, so all transitions of a saga are linearisable; the read model follows and is "
        "eventually consistent",
    )


def _regions(statement: Statement, requirements: Requirements, _plan: Plan) -> Answer:
    if requirements.several_regions and not statement.reading.startswith("one"):
        return (
            "outside the product",
            "a saga lives in the region that took it; copying topics between clusters is a task of the platform, "
            "for which "
            "nothing is shipped or measured",
        )
    return "met", "all processes and brokers are in one region, spread over its zones"


def _low_latency(statement: Statement, _requirements: Requirements, _plan: Plan) -> Answer:
    measured = (
        f"a transition took {whole(figures.STEP_P50.value)} ms at p50 and {whole(figures.STEP_P99.value)} ms at p99 at "
        f"{whole(figures.STEADY_EVENTS.value)} events a second"
    )
    if statement.reading.startswith("zero"):
        return "not met", f"{measured}; no durable transition is free"
    return "addressed by measurement", f"{measured}; the statement names no bound to compare with"


def _availability(statement: Statement, requirements: Requirements, plan: Plan) -> Answer:
    if statement.reading != "full availability":
        return "noted", statement.reading
    if requirements.several_regions:
        return (
            "addressed by giving up strong consistency",
            "each region goes on by itself while the link is down; views converge afterwards",
        )
    return (
        "not shown",
        f"a process that is killed is back within {whole(figures.RESTART.value)} s, and with {plan.gateways} "
        "gateways orders "
        f"are taken meanwhile; a lost host takes {time_shown(round(plan.takeover_full_s, 2))}",
    )


_JUDGES: Mapping[Topic, Callable[[Statement, Requirements, Plan], Answer]] = {
    Topic.DATA_LOSS: _loss,
    Topic.COMPENSATION: _undo,
    Topic.PARTIAL_FAILURE: _undo,
    Topic.COST: _cost,
    Topic.CONSISTENCY: _consistency,
    Topic.REGIONS: _regions,
    Topic.LOW_LATENCY: _low_latency,
    Topic.AVAILABILITY: _availability,
}
