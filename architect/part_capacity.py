"""The document's capacity plan: each number with its formula in words and its place within what was measured."""

from __future__ import annotations

from architect import figures
from architect.clauses import plain
from architect.document import Section, section
from architect.numbers_shown import size_shown, time_shown, whole
from architect.plan import BROKER_CORES, UTILISATION, Plan, Service
from architect.requirements import Requirements, Topic
from architect.timing import critical_path_s

_HALF = f"{whole(UTILISATION * 100)} %"


def capacity(requirements: Requirements, plan: Plan) -> tuple[Section, ...]:
    """Return the plan in four sections: instances, memory and disk, time, and where the figures come from."""
    return (
        section(2, "Capacity plan", _sum(plan)),
        section(3, "Load and instances", *_instances(plan)),
        section(3, "Processors, memory and disk", *_sizes(plan)),
        section(3, "Latency and recovery time", *_times(requirements, plan)),
        section(3, "Ground of the figures", *_ground(plan)),
    )


def _sum(plan: Plan) -> str:
    replicas = sum(one.replicas for one in plan.services)
    return (
        f"**Sum**: {whole(plan.orchestrators)} orchestrators, {whole(plan.partitions)} partitions, "
        f"{whole(plan.brokers)} brokers with {plan.replication} copies,"
        f" {whole(replicas)} participants, {plan.gateways} gateways; {whole(plan.cores)} cores, "
        f"{whole(plan.memory_mb / 1_000)} GB of memory, {size_shown(plan.event_log_a_day)} of event log a day."
    )


def _instances(plan: Plan) -> list[str]:
    load = plan.load
    source = "assumed, because none is given" if load.assumed else "from the input"
    bullets = [
        (
            f"**Events of a saga**: {load.events_a_saga}; its start, one reply for each recipient of each step "
            "that a participant does, one signal or timer for each wait."
        ),
        (
            f"**Load**: {whole(load.events)} events a second for the orchestrator, {source}; divided by "
            f"{load.events_a_saga} they are {whole(load.sagas)} sagas a second."
        ),
    ]
    if load.in_flight is not None:
        bullets.append(
            f"**Sagas in flight**: {whole(load.in_flight)}; divided by {whole(load.sagas)} sagas a second, a "
            f"saga may last {time_shown(load.in_flight / load.sagas)} on average (Little's law)."
        )
    reason = (
        "the rate at which the latency was measured"
        if plan.rate_each == figures.STEADY_EVENTS.value
        else f"{_HALF} of the highest rate measured"
    )
    least = "at least 2, because the loss of one must be survived" if plan.guarded else "at least 1"
    bullets.extend(
        [
            (
                f"**Orchestrators**: {whole(plan.orchestrators)}; {whole(load.events)} events a second divided by "
                f"{whole(plan.rate_each)}, {reason}, rounded up, {least}."
            ),
            (
                f"**Partitions**: {whole(plan.partitions)}; two for each orchestrator, rounded up to a multiple "
                f"of 4, at least the {whole(figures.PARTITIONS.value)} that ship."
            ),
            f"**Brokers**: {whole(plan.brokers)} with replication {plan.replication} and minimum in-sync "
            f"{plan.min_in_sync}; the larger of the replication and of {whole(load.events)} events a second "
            f"times {figures.CPU_BROKER.value} ms times {plan.replication}, at {_HALF} of {BROKER_CORES} cores each.",
        ]
    )
    bullets.extend(_replicas(one, guarded=plan.guarded) for one in plan.services)
    bullets.append(
        f"**Gateways**: {plan.gateways}; "
        f"{'two, so that one may be lost' if plan.guarded else 'one, because no loss of a host has to be survived'}."
    )
    return bullets


def _replicas(one: Service, *, guarded: bool) -> str:
    least = "2 for the loss of one" if guarded else "1"
    calls = (
        f"{whole(one.open_calls)} open calls divided by {whole(figures.PROVIDER_CALLS.value)}, " if one.external else ""
    )
    return (
        f"**Participant {plain(one.name)}**: {one.replicas} replicas for {whole(one.commands)} commands a second; "
        f"the largest of {least}, {calls}and processor time at {_HALF}."
    )


def _sizes(plan: Plan) -> list[str]:
    load = plan.load
    rate = "average" if load.average_given else "peak, taken for the average"
    kept = (
        f"in flight and finished within {time_shown(figures.KEPT.value)}"
        if load.in_flight is not None
        else f"finished within {time_shown(figures.KEPT.value)}"
    )
    return [
        f"**Processors**: {whole(plan.cores)} cores; events a second times {figures.CPU_ORCHESTRATOR.value} ms "
        f"for the orchestrator, {figures.CPU_BROKER.value} ms times {plan.replication} for the brokers and"
        f" {figures.CPU_PROJECTOR.value} ms for projector and watchdog, plus commands a second times "
        f"{figures.CPU_COMMAND.value} ms or {figures.CPU_CALL.value} ms with a provider, are "
        f"{whole(plan.cores_counted)} cores;"
        f" at least the {figures.CPU_STEADY.value} that an installation used at "
        f"{whole(figures.STEADY_EVENTS.value)} events a second, planned at {_HALF}.",
        f"**Memory of one orchestrator**: {whole(plan.memory_orchestrator_mb)} MB at most; "
        f"{whole(figures.MEMORY_ORCHESTRATOR.value)} MB at start plus {whole(figures.CACHED_SAGAS.value)} cached "
        "sagas of"
        f" {whole(figures.MEMORY_SAGA.value)} kB for each partition it may own with one peer lost.",
        f"**Memory in all**: {whole(plan.memory_mb / 1_000)} GB; orchestrators as above, "
        f"{whole(figures.MEMORY_BROKER.value)} MB for each broker, {whole(figures.MEMORY_PARTICIPANT.value)} MB "
        "for each participant,"
        f" {whole(figures.MEMORY_GATEWAY.value)} MB for each gateway, twice "
        f"{whole(figures.MEMORY_FOLLOWER.value)} MB for projector and watchdog; page cache of the brokers not "
        "counted.",
        f"**RocksDB**: {size_shown(plan.stores)} over all orchestrators, {size_shown(plan.store_each)} each; "
        f"{whole(plan.states)} sagas ({kept}, {rate}) times {whole(figures.STATE.value)} bytes; each hour that "
        "finished sagas are kept is"
        f" {size_shown(load.average_sagas * 3_600 * figures.STATE.value)} of it.",
        (
            f"**Changelog topic**: {size_shown(plan.changelog)}; as large as the stores once compacted, times "
            f"{plan.replication} copies; {whole(figures.CHANGELOG.value)} bytes an event until then."
        ),
        (
            f"**Event log**: {size_shown(plan.event_log_a_day)} a day, kept for ever; "
            f"{whole(load.average_events)} events a second ({rate}) times {whole(figures.EVENT_LOG.value)} bytes "
            f"times {plan.replication} copies."
        ),
        (
            f"**Input topics, reply topic and command topics**: {size_shown(plan.exchange)}; "
            f"{whole(load.average_events)} events a second times {whole(figures.EXCHANGE.value)} bytes times "
            f"{plan.replication} copies over {time_shown(figures.EXCHANGE_KEPT.value)}."
        ),
        (
            f"**SQL databases**: {size_shown(plan.sql_a_day)} a day; {whole(load.average_sagas)} sagas a second "
            f"times {whole(figures.SQL.value)} bytes."
        ),
    ]


def _times(requirements: Requirements, plan: Plan) -> list[str]:
    bullets = [f"**Expected latency of a transition**: {_latency(plan.load.events / plan.orchestrators)}"]
    bound = requirements.value(Topic.TRANSITION_LATENCY)
    if bound is not None:
        bullets.append(
            f"**Bound of the input**: {time_shown(bound)} for a transition, from the input record to the next "
            "command seen by a reader of committed records."
        )
    longest = critical_path_s(requirements, plan.timings)
    if longest:
        bullets.append(
            f"**Longest forward run**: {time_shown(round(longest, 1))}; the limits of the levels added up, "
            "waits for people not counted."
        )
    bullets.append(
        f"**Recovery of a killed orchestrator in place**: {whole(figures.RESTART.value)} s, the longest of 12 "
        "kills measured."
    )
    if plan.orchestrators > 1:
        bullets.extend(_take_over(plan))
    rto = requirements.value(Topic.RTO)
    if rto is not None:
        bullets.append(f"**Room within the objective of {time_shown(rto)}**: {_room(rto)}")
    return bullets


def _latency(events_each: float) -> str:
    steady = f"{whole(figures.STEADY_EVENTS.value)} events a second"
    if events_each <= figures.STEADY_EVENTS.value:
        return (
            f"p50 {whole(figures.STEP_P50.value)} ms, p99 {whole(figures.STEP_P99.value)} ms, longest "
            f"{whole(figures.STEP_MAX.value)} ms, as measured at {steady} with one orchestrator, here "
            f"{whole(events_each)} events a second for each."
        )
    return (
        f"between {whole(figures.STEP_P99.value)} ms (p99 at {steady}) and "
        f"{whole(figures.STEP_P99_SATURATED.value)} ms "
        f"(p99 at saturation, {whole(figures.SATURATED_EVENTS.value)} events a second); {whole(events_each)} for each "
        "orchestrator lie between, and nothing was measured there."
    )


def _take_over(plan: Plan) -> list[str]:
    in_flight = (plan.load.in_flight or 0.0) / plan.orchestrators
    return [
        f"**Take-over by a peer, sagas in flight alone**: {time_shown(round(plan.takeover_s, 2))}; session time-out "
        f"{whole(figures.SESSION.value)} s, detection {figures.DETECTION_SLACK.value} s, fencing "
        f"{whole(figures.FENCING.value)} s, and a restore of two changelog records for each of {whole(in_flight)} "
        "sagas in "
        f"flight at {whole(figures.RESTORED.value)} records a second.",
        f"**Take-over by a peer, finished sagas too**: {time_shown(round(plan.takeover_full_s, 2))}; the same for "
        f"{whole(plan.states / plan.orchestrators)} sagas, those finished within {time_shown(figures.KEPT.value)} "
        "among "
        "them; how long they are kept is a setting, and a volume that outlives its process avoids the restore.",
    ]


def _room(rto: float) -> str:
    room = rto - figures.SESSION.value - figures.DETECTION_SLACK.value - figures.FENCING.value
    if room > 0:
        held = int(room * figures.RESTORED.value / 2)
        return (
            f"{time_shown(round(room, 2))} for the restore, which are {whole(held)} sagas for each orchestrator "
            "that is "
            "lost with its volume."
        )
    if rto >= figures.RESTART.value:
        return "none for a take-over; only a restart in place keeps it."
    return "none; neither a take-over nor a restart in place was measured to be as quick."


def _ground(plan: Plan) -> list[str]:
    bullets = [
        (
            f"Measured on {figures.MACHINE}; bench, kill campaign and footprint are in the measurements of the "
            "documentation, each with its command."
        ),
        (
            f"Highest rate measured: {whole(figures.SATURATED_EVENTS.value)} events a second with one "
            f"orchestrator; the load is {whole(plan.beyond)} times that."
        ),
    ]
    if plan.beyond > 1:
        bullets.append(
            "**Beyond what was measured**: every count above is an extrapolation in a straight line, which "
            "no measurement of this product supports."
        )
    elif plan.orchestrators > 1:
        bullets.append(
            "**Partly beyond what was measured**: one orchestrator was measured; that the others behave the "
            "same on processors of their own is assumed."
        )
    else:
        bullets.append("**Within what was measured**: one orchestrator at a rate up to the highest measured.")
    if plan.load.in_flight is not None and plan.load.in_flight > figures.MOST_IN_FLIGHT.value:
        bullets.append(
            f"**Beyond what was measured**: {whole(plan.load.in_flight)} sagas in flight; the bench held "
            f"{whole(figures.MOST_IN_FLIGHT.value)}."
        )
    return bullets
