"""The document's fourth part: concurrency, cold start, forbidden patterns, monitoring, deployment, open points."""

from __future__ import annotations

from architect import figures
from architect.catalogue import Kind
from architect.clauses import plain, quoted
from architect.document import Section, section
from architect.numbers_shown import time_shown, whole
from architect.plan import Plan
from architect.requirements import Requirements
from architect.verdicts import Verdict


def running(requirements: Requirements, plan: Plan) -> tuple[Section, ...]:
    """Return concurrency control, cold-start mitigation and the patterns that must not be used."""
    return (
        section(2, "Concurrency control", *_concurrency(requirements, plan)),
        section(2, "Cold-start mitigation", *_cold_start(plan)),
        section(2, "Forbidden anti-patterns", *_forbidden(requirements)),
    )


def watching(requirements: Requirements, plan: Plan) -> Section:
    """Return what is watched and what is kept for an audit."""
    bullets = [
        (
            "saga.events is the audit: every event with time, cause, step, attempt and the state before and "
            "after; deterministic replay of it is the proof."
        ),
        (
            "Lag of input topics and reply topic by partition, longest commit, aborts, dead letters and restored "
            "records are counted by the orchestrator every 5 s."
        ),
        (
            "The watchdog follows saga.events and raises a page when a resource stays locked for "
            f"{time_shown(figures.LOCKED_ALERT.value)}."
        ),
        "MANUAL_INTERVENTION and every dead letter raise a page with saga, step and error.",
        "Trace context goes with every record, so one request is one trace through all participants.",
    ]
    if plan.load.assumed:
        bullets.append(
            f"Alert on the rate itself above {whole(figures.STEADY_EVENTS.value)} events a second, because "
            "the input names no rate."
        )
    else:
        bullets.append(
            "Alert when lag grows for longer than a minute, or when the rate passes "
            f"{whole(plan.load.events)} events a second, for which this plan is made."
        )
    if any(step.kind is Kind.APPROVAL for step in requirements.steps):
        bullets.append(
            "AWAITING_APPROVAL is counted by age, so that a forgotten decision is seen before its durable "
            "timer ends it."
        )
    return section(2, "Monitoring and audit", *bullets)


def deployment(requirements: Requirements, plan: Plan) -> Section:
    """Return what is deployed, in which order."""
    services = ", ".join(f"{plain(one.name)} {one.replicas}" for one in plan.services)
    bullets = [
        f"**Brokers**: {plan.brokers}, replication {plan.replication}, minimum in-sync copies {plan.min_in_sync}"
        + (
            ", each in a zone of its own."
            if plan.brokers > 1
            else "; outside the guarantee for a lost host, which the input does not ask for."
        ),
        (
            f"**Orchestrators**: {plan.orchestrators}, each with a stable name, a transactional id of the same "
            "name and a volume of its own."
        ),
        f"**Participants**: {services}; on PostgreSQL where there is more than one replica."
        if services
        else "**Participants**: none, no step acts outside the orchestrator.",
        f"**Gateways**: {plan.gateways}; **projector**: 1; **watchdog**: 1.",
        (
            f"Topics first, with {plan.partitions} partitions each; the number is never changed once a topic has "
            "records, because a saga's records would move away from its state."
        ),
        (
            "Order: brokers, topics, SQL databases with their migrations, participants, orchestrators, projector "
            "and watchdog, gateways last."
        ),
        (
            "Upgrade: one process after the other; running sagas keep the version of their definition, new ones "
            "take the new version."
        ),
    ]
    if plan.partitions != int(figures.PARTITIONS.value):
        bullets.append(
            f"The table of topics ships with {whole(figures.PARTITIONS.value)} partitions; it has to be set "
            f"to {plan.partitions} before the first start."
        )
    if requirements.several_regions:
        bullets.append(
            "**Decision: a home region for each saga**; each region runs this whole deployment over its own "
            "brokers, and nothing in the product copies topics between regions."
        )
    return section(2, "Deployment", *bullets)


def open_points(requirements: Requirements, plan: Plan, found: tuple[Verdict, ...]) -> Section:
    """Return what the input leaves open, what was not read, and what lies beyond measurement."""
    bullets = [f"Not read, and therefore not designed for: {quoted(clause)}." for clause in requirements.unread]
    bullets.extend(plain(doubt) for doubt in requirements.doubts)
    if plan.load.assumed:
        bullets.append(
            f"No throughput is given; the plan is made for the {whole(figures.STEADY_EVENTS.value)} events a "
            "second at which one orchestrator was measured."
        )
    elif not plan.load.average_given:
        bullets.append(
            "No average throughput is given; disk is planned as if the peak lasted all day, which is an upper bound."
        )
    if plan.load.in_flight is None:
        bullets.append(
            "Neither concurrency nor mean saga duration is given; disk and restore leave sagas in flight out."
        )
    unmet = [
        f"{', '.join(quoted(words) for words in one.words)} ({one.answer})" for one in found if _is_open(one.answer)
    ]
    if unmet:
        bullets.append(f"**To be settled with whoever set them**: {'; '.join(unmet)}.")
    if plan.beyond > 1 or plan.orchestrators > 1:
        bullets.append(
            "More than one orchestrator under load, and brokers on machines of their own, were not measured; "
            "a load test has to come before this plan is relied on."
        )
    return section(
        2, "Open points", *(bullets or ["None: every clause of the input was read and lies within what was measured."])
    )


def _is_open(answer: str) -> bool:
    return (
        answer.startswith(("not ", "beyond", "outside", "in conflict", "possible at"))
        or "not for a lost host" in answer
        or "beyond what" in answer
    )


def _concurrency(requirements: Requirements, plan: Plan) -> list[str]:
    in_flight = f"{whole(plan.load.in_flight)} sagas in flight are" if plan.load.in_flight else "Sagas in flight are"
    bullets = [
        f"{in_flight} rows of state with due times; no thread, connection or lock belongs to a waiting saga.",
        (
            f"**Partition as the unit of concurrency**: {plan.partitions} partitions, each with one writer; at "
            f"most {plan.partitions} orchestrators have work."
        ),
        (
            "A transaction takes at most 2,000 records or 150 ms of work; beyond that the input waits in Kafka, "
            "which is the buffer."
        ),
        (
            f"Provider calls: at most {whole(figures.PROVIDER_CALLS.value)} open for each replica of a "
            "participant; the next ones wait in its queue and hold up nothing but their own sagas."
        ),
    ]
    bullets.extend(
        (
            f"Participant **{plain(one.name)}**: {whole(one.commands)} commands a second; {whole(one.open_calls)} "
            f"calls open at worst, if each takes all the time it is given; {one.replicas} replicas."
        )
        for one in plan.services
        if one.open_calls
    )
    if len({step.level for step in requirements.steps}) < len(requirements.steps):
        bullets.append(
            "Parallel branches take locks in one fixed order, each with a time-out, so no circle of waiting can form."
        )
    return bullets


def _cold_start(plan: Plan) -> list[str]:
    return [
        "**Decision: processes stay up**; none is started by a request, so no request pays for a start.",
        (
            "A partition is worked on only after its store is restored; its inputs wait in Kafka meanwhile, and "
            "the gateway goes on taking requests."
        ),
        (
            "RocksDB stays on a volume that outlives its process, so a restart reads only what the store lacks; "
            f"at least {whole(figures.RESTORED.value)} changelog records a second are restored."
        ),
        (
            f"An empty volume is the cold start: {time_shown(round(plan.restore_s, 2))} for the sagas in flight "
            "of one orchestrator, and longer with finished sagas that are still kept."
        ),
        (
            "A warm standby that follows the changelog of partitions it does not own takes the restore out of a "
            "take-over; the plan does not count on one."
        ),
    ]


def _forbidden(requirements: Requirements) -> list[str]:
    acting = [plain(step.service) for step in requirements.steps if step.remote]
    between = f", here {', '.join(dict.fromkeys(acting))}" if len(set(acting)) > 1 else ""
    return [
        (
            f"**Forbidden: synchronous cascading failures**; no participant calls another and waits{between}; "
            "each answers on the reply topic, and a dead one holds up only its own steps."
        ),
        (
            "**Forbidden: distributed deadlocks**; no lock is held across a step's end, and locks that branches "
            "share are taken in one fixed order with a time-out."
        ),
        "**Forbidden: two-phase commit** across services; a coordinator that dies would leave all of them locked.",
        (
            "**Forbidden: dual writes**; nothing is written to a database and sent to Kafka in two separate "
            "acts, the outbox is the only way out."
        ),
        (
            "**Forbidden: unbounded retries**; every retry, queue and wait has a bound, and what passes it "
            "becomes a compensation or a dead letter."
        ),
        "**Forbidden: compensating a guess**; an unknown outcome is settled before it is undone.",
        "**Forbidden: state kept only in memory**; what is not in a committed event has not happened.",
    ]
