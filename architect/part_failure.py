"""The document's third part: what is tried again, what is undone, what is set aside, how work goes on after a crash."""

from __future__ import annotations

from architect import figures
from architect.catalogue import Kind
from architect.clauses import plain
from architect.document import Section, section
from architect.numbers_shown import time_shown, whole
from architect.plan import Plan
from architect.requirements import Requirements, Step
from architect.timing import StepTiming

_UNDO_PAUSES_S = 127.5
_BOUNDARY = (
    "**Error boundary**: the step; what goes wrong inside it is retried there, and what passes it turns the "
    "whole saga round; it never reaches"
    " another saga."
)


def failure(requirements: Requirements, plan: Plan) -> tuple[Section, ...]:
    """Return error boundaries, compensation, dead letters, failure cases, recovery and consistency."""
    return (
        section(2, "Error boundaries and compensation", _BOUNDARY),
        section(3, "Retries and time limits", *_retries(plan)),
        section(3, "Compensation", *_compensation(requirements)),
        section(3, "Dead letters (DLQ)", *_dead_letters()),
        section(3, "Failure cases of each step", *_cases(requirements)),
        section(3, "Recovery logic", *_recovery(requirements, plan)),
        section(2, "Consistency and idempotency", *_consistency(requirements)),
    )


def _retries(plan: Plan) -> list[str]:
    bullets = [_timing(one) for one in plan.timings]
    bullets.append(
        "**Retry policy**: only transient failures are tried again; a definite refusal never is; jitter is "
        "drawn once and stored in the event, so a replay waits the same."
    )
    calls = sum(plan.load.sagas * one.step.recipients * (one.retries + 1) for one in plan.timings if one.step.external)
    if calls:
        bullets.append(
            f"**Retry budget**: while providers fail transiently, at most {whole(calls)} calls a second leave "
            f"the product ({whole(plan.load.sagas)} sagas a second times the attempts of"
            " each step with a provider); a circuit breaker cuts this to one probe in "
            f"{whole(figures.BREAKER_OPEN.value)} s for each replica after "
            f"{whole(figures.BREAKER_FAILURES.value)} failures in a row."
        )
    bullets.append(
        "**Error strategy**: retry, then compensate, for every step; retry alone, compensate at once, or "
        "dead-letter only where a step chooses it."
    )
    return bullets


def _timing(one: StepTiming) -> str:
    name = plain(one.step.name)
    pauses = [time_shown(round(one.delay_s * 2**k, 4)) for k in range(one.retries)]
    waits = (
        f", pauses of {', '.join(pauses)} with up to {time_shown(round(one.jitter_s, 4))} of jitter each"
        if pauses
        else ""
    )
    given = "from its own limit" if one.given else "by default"
    return (
        f"**{name}**: {one.retries + 1} attempts of {time_shown(round(one.attempt_s, 4))}{waits}; all together "
        f"within {time_shown(round(one.total_s, 2))}, {given}."
    )


def _compensation(requirements: Requirements) -> list[str]:
    bullets = [_undo_of(step) for step in requirements.steps]
    undone = [plain(step.name) for step in reversed(requirements.steps) if step.compensation]
    if undone:
        bullets.append(
            f"**Compensation order**: {', '.join(undone)}; the reverse of completion, one after the other, each once."
        )
        bullets.append(
            "**Decision: compensate only what is known**; a step whose outcome is unknown is settled first, "
            "and its undo follows only if its effect is there."
        )
        bullets.append(
            "A participant that gets a compensation before its command answers it as done and refuses the late command."
        )
        bullets.append(
            f"A compensation is tried {whole(figures.UNDO_RETRIES.value + 1)} times over at least "
            f"{time_shown(_UNDO_PAUSES_S)}; if it fails for good, the others still run and the saga ends in "
            "MANUAL_INTERVENTION."
        )
    return bullets or ["No step, so nothing to undo."]


def _undo_of(step: Step) -> str:
    name = plain(step.name)
    if step.compensation:
        return f"**{name}**: {plain(step.compensation)}."
    if step.reason:
        return f"**{name}**: **none**, because {plain(step.reason)}."
    return (
        f"**{name}**: **open**; the input does not say what takes its effect back, its owner has to name a "
        "compensation, or none with a reason."
    )


def _dead_letters() -> list[str]:
    return [
        (
            "The dead-letter topic takes records that nobody can decode or use, with their origin, their error "
            "and their headers, in the same transaction that passes them."
        ),
        (
            "A compensation that failed for good leaves a dead letter with saga, step and error, and raises a "
            "page; the operator repairs the cause and drives it again."
        ),
        "A poison record stops no other saga.",
    ]


def _cases(requirements: Requirements) -> list[str]:
    bullets = [_cases_of(step) for step in requirements.steps]
    bullets.append(
        "Record that cannot be decoded: **dead letter**. Duplicate or late reply: recognised by command id "
        "and ignored, nothing to undo."
    )
    return bullets


def _cases_of(step: Step) -> str:
    name = plain(step.name)
    match step.kind:
        case Kind.WAIT | Kind.APPROVAL | Kind.STATE:
            return (
                f"**{name}**: no event before the limit: **compensation** of what came before; orchestrator dies "
                "meanwhile: **retry**, the durable timer fires after the restart."
            )
        case Kind.DECISION:
            return (
                f"**{name}**: no branch fits or the expression fails: **compensation** of what came before; "
                "orchestrator dies meanwhile: **retry** from the committed input."
            )
    undo = (
        "**compensation**, its own included after the outcome is settled"
        if step.compensation or not step.reason
        else "**compensation** of what came before"
    )
    provider = (
        " Provider down: circuit breaker open, the step is parked, **retry** when it closes." if step.external else ""
    )
    own = " Its undo fails for good: **dead letter** and MANUAL_INTERVENTION." if step.compensation else ""
    return (
        f"**{name}**: refused: **compensation** of what came before. Transient failure: **retry**, then "
        f"**compensation**. Effect done and reply lost, or no reply at the limit: {undo}."
        " Participant dies before or after its commit: **retry**, the command comes again and is "
        f"recognised.{provider}{own}"
    )


def _recovery(requirements: Requirements, plan: Plan) -> list[str]:
    del requirements
    each = "its" if plan.orchestrators == 1 else "each orchestrator's"
    return [
        (
            "**Orchestrator killed, same volume**: it takes its partitions back without a rebalance, its open "
            "transaction is aborted, the inputs are handled again; measured "
            f"{whole(figures.RESTART_MEDIAN.value)} s at the median, {whole(figures.RESTART.value)} s at the "
            "longest."
        ),
        (
            "**Orchestrator lost for good**: a peer is assigned the partitions after the session time-out of "
            f"{whole(figures.SESSION.value)} s, fencing the dead transactional id before it reads, then restores "
            f"RocksDB from the changelog; {time_shown(round(plan.takeover_s, 2))} by formula with the sagas in flight "
            "alone."
        )
        if plan.orchestrators > 1
        else (
            "**Orchestrator lost for good**: with one instance nobody takes over; it has to be started elsewhere "
            "and restores RocksDB from the changelog."
        ),
        (
            f"**Crash between Kafka commit and RocksDB write**: {each} store lacks the last transaction, the "
            "changelog has it, and the restore adds it."
        ),
        (
            "**Crash in mid-transition**: the transaction is aborted as a whole; the last known good state is "
            "the fold of the committed events."
        ),
        (
            "**Participant killed**: its commands come again and get their stored replies; measured "
            f"{whole(figures.PARTICIPANT_RESTART.value)} s at the longest."
        ),
        (
            "**Provider call cut off**: the intent was stored before the call; the outcome is looked up under "
            "the idempotency key before anything is sent again."
        ),
        (
            f"**Broker lost**: producers and consumers go on with the remaining {plan.brokers - 1}, "
            f"{plan.min_in_sync} copies still confirm; the time was not measured."
        )
        if plan.brokers > 1
        else (
            f"**Broker lost**: everybody waits until it is back, {whole(figures.BROKER_RESTART.value)} s "
            "measured; its disk is the only copy."
        ),
        (
            "**Durable timers** are part of the saga's state; the index of due times comes back with the "
            "changelog, and one that came due during an outage fires at once after it."
        ),
        "**Resume**: a saga goes on from its last completed step; finished steps are not done again.",
    ]


def _consistency(requirements: Requirements) -> list[str]:
    external = [plain(step.name) for step in requirements.steps if step.external]
    bullets = [
        (
            "**Decision: exactly-once inside Kafka**: inputs, events, commands and changelog of a transition "
            "commit together or not at all."
        ),
        (
            "**Decision: at-least-once delivery outside Kafka**, made harmless by idempotency keys: saga id, "
            "step and business attempt, equal in every retry and replay."
        ),
        (
            "**Decision: no two-phase commit** across services; a Kafka transaction and a SQL transaction each "
            "stay within one service."
        ),
        (
            "Each participant keeps a uniqueness constraint on the command id in its SQL database; inbox, effect "
            "and outbox commit in one SQL transaction."
        ),
        (
            "One writer for each partition: the transitions of a saga are linearisable, the read model is "
            "eventually consistent."
        ),
    ]
    if external:
        bullets.append(f"Keys go out with {', '.join(external)}; a key is changed only after a definite refusal.")
    return bullets
