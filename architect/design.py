"""The way in: requirements as they came, out comes a design document, or the one refusal."""

from __future__ import annotations

import json
from dataclasses import dataclass, field

from architect.catalogue import Kind
from architect.choice import choose
from architect.conflict import REFUSAL, clash_of
from architect.document import Section, markdown
from architect.part_capacity import capacity
from architect.part_demand import constraints, demand, pattern, title
from architect.part_failure import failure
from architect.part_flow import flow
from architect.part_run import deployment, open_points, running, watching
from architect.plan import Plan, plan_for
from architect.reading import read
from architect.requirements import Requirements
from architect.verdicts import verdicts


@dataclass(frozen=True, slots=True)
class Design:
    """The document in both forms; the same requirements give the same bytes."""

    markdown: bytes
    json: bytes


@dataclass(frozen=True, slots=True)
class Refused:
    """The guarantees contradict each other; `body` is the whole answer.

    `why` names the two that clash in their words, `rule` without them.
    """

    body: bytes = REFUSAL
    why: str = field(default="", compare=False)
    rule: str = field(default="", compare=False)


def design(document: object) -> Design | Refused:
    """Return the design for a mapping of requirements, or the refusal. Raises BadRequirements."""
    requirements, demands = read(document)
    if clash := clash_of(demands):
        return Refused(why=clash.explained(), rule=clash.rule)
    choice = choose(requirements)
    plan = plan_for(requirements)
    judged = verdicts(requirements, plan)
    sections = (
        title(requirements, choice),
        *demand(requirements),
        pattern(requirements, choice),
        constraints(judged),
        *flow(requirements, choice),
        *failure(requirements, plan),
        *running(requirements, plan),
        watching(requirements, plan),
        *capacity(requirements, plan),
        deployment(requirements, plan),
        open_points(requirements, plan, judged),
    )
    facts = {
        "pattern": choice.pattern.value,
        "steps": [_step(requirements, number) for number in range(len(requirements.steps))],
        "constraints": [
            {"topic": one.topic.value, "words": list(one.words), "answer": one.answer, "because": one.because}
            for one in judged
        ],
        "capacity": _numbers(plan),
        "unread": list(requirements.unread),
        "sections": [_section(one) for one in sections],
    }
    body = json.dumps(facts, ensure_ascii=False, indent=2, sort_keys=True, allow_nan=False) + "\n"
    return Design(markdown(sections).encode(), body.encode())


def _section(one: Section) -> dict[str, object]:
    return {"level": one.level, "heading": one.heading, "bullets": list(one.bullets)}


def _step(requirements: Requirements, number: int) -> dict[str, object]:
    step = requirements.steps[number]
    return {
        "name": step.name,
        "kind": step.kind.value,
        "participant": step.service if step.remote else None,
        "effect": step.effect,
        "compensation": step.compensation or None,
        "no_compensation_because": step.reason or None,
        "compensation_open": step.kind is Kind.UNKNOWN and not (step.compensation or step.reason),
        "external": step.external,
        "level": step.level,
        "time_limit_s": step.limit_s,
    }


def _numbers(plan: Plan) -> dict[str, object]:
    return {
        "events_a_saga": plan.load.events_a_saga,
        "events_per_second": round(plan.load.events, 6),
        "sagas_per_second": round(plan.load.sagas, 6),
        "rate_assumed": plan.load.assumed,
        "sagas_in_flight": plan.load.in_flight,
        "orchestrators": plan.orchestrators,
        "partitions": plan.partitions,
        "brokers": plan.brokers,
        "replication": plan.replication,
        "min_in_sync": plan.min_in_sync,
        "gateways": plan.gateways,
        "participants": {one.name: one.replicas for one in plan.services},
        "cores": round(plan.cores, 3),
        "memory_mb": round(plan.memory_mb, 1),
        "memory_of_one_orchestrator_mb": round(plan.memory_orchestrator_mb, 1),
        "rocksdb_bytes": round(plan.stores),
        "changelog_bytes": round(plan.changelog),
        "event_log_bytes_a_day": round(plan.event_log_a_day),
        "exchange_bytes": round(plan.exchange),
        "sql_bytes_a_day": round(plan.sql_a_day),
        "takeover_s": round(plan.takeover_s, 3) if plan.orchestrators > 1 else None,
        "takeover_with_finished_sagas_s": round(plan.takeover_full_s, 3) if plan.orchestrators > 1 else None,
        "times_the_highest_measured_rate": round(plan.beyond, 3),
        "steps": {
            one.step.name: {
                "attempts": one.retries + 1,
                "attempt_s": round(one.attempt_s, 4),
                "total_s": round(one.total_s, 4),
            }
            for one in plan.timings
        },
    }
