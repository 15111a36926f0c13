"""The capacity plan: how many of everything, from the load that was asked for and the figures that were measured."""

from __future__ import annotations

import math
from dataclasses import dataclass

from architect import figures
from architect.catalogue import Kind
from architect.requirements import Requirements, Topic
from architect.timing import StepTiming, timings

UTILISATION = 0.5
"""Share of a processor that is planned for; the rest takes over what a lost instance did."""
BROKER_CORES = 4
_NOTICED_S = figures.SESSION.value + figures.DETECTION_SLACK.value + figures.FENCING.value
_PARTITIONS_EACH = 2
"""Partitions an instance, so that the instances that are left can share those of a lost one."""


@dataclass(frozen=True, slots=True)
class Load:
    """What comes in. Rates a second; `assumed`: no rate was given, the measured one stands in for it."""

    events_a_saga: int
    events: float
    sagas: float
    average_events: float
    average_sagas: float
    in_flight: float | None
    assumed: bool
    average_given: bool


@dataclass(frozen=True, slots=True)
class Service:
    """One participant: its commands a second, the calls it has open at its provider at worst, its replicas."""

    name: str
    commands: float
    open_calls: float
    replicas: int
    external: bool


@dataclass(frozen=True, slots=True)
class Plan:
    """How many of everything. Sizes in bytes, memory in MB, times in seconds, processors in cores."""

    load: Load
    guarded: bool
    rate_each: float
    orchestrators: int
    partitions: int
    brokers: int
    replication: int
    min_in_sync: int
    services: tuple[Service, ...]
    gateways: int
    cores: float
    cores_counted: float
    memory_orchestrator_mb: float
    memory_mb: float
    states: float
    store_each: float
    stores: float
    event_log_a_day: float
    exchange: float
    changelog: float
    sql_a_day: float
    timings: tuple[StepTiming, ...]
    restore_s: float
    takeover_s: float
    takeover_full_s: float
    beyond: float
    """The planned rate of one orchestrator times their number, as a multiple of the highest rate ever measured."""


def plan_for(requirements: Requirements) -> Plan:
    """Return the plan for a set of requirements."""
    load = load_of(requirements)
    guarded = is_guarded(requirements)
    rate_each = rate_of_one(requirements)
    orchestrators = max(2 if guarded else 1, math.ceil(load.events / rate_each - 1e-9))
    partitions = max(int(figures.PARTITIONS.value), math.ceil(orchestrators * _PARTITIONS_EACH / 4) * 4)
    replication = 3 if guarded else 1
    found = timings(requirements)
    services = _services(requirements, load, found, guarded=guarded)
    brokers = max(
        replication,
        math.ceil(load.events * figures.CPU_BROKER.value * replication / 1_000 / UTILISATION / BROKER_CORES),
    )
    gateways = 2 if guarded else 1
    counted = _cores(load, services, replication)
    each = (
        figures.MEMORY_ORCHESTRATOR.value
        + _cached(partitions, max(1, orchestrators - 1)) * figures.MEMORY_SAGA.value / 1_000
    )
    states = (load.in_flight or 0.0) + load.average_sagas * figures.KEPT.value
    restore = 2 * (load.in_flight or 0.0) / orchestrators / figures.RESTORED.value
    return Plan(
        load=load,
        guarded=guarded,
        rate_each=rate_each,
        orchestrators=orchestrators,
        partitions=partitions,
        brokers=brokers,
        replication=replication,
        min_in_sync=2 if guarded else 1,
        services=services,
        gateways=gateways,
        cores=max(counted, figures.CPU_STEADY.value) / UTILISATION,
        cores_counted=counted,
        memory_orchestrator_mb=each,
        memory_mb=each * orchestrators + brokers * figures.MEMORY_BROKER.value + gateways * figures.MEMORY_GATEWAY.value
        + 2 * figures.MEMORY_FOLLOWER.value + sum(one.replicas for one in services) * figures.MEMORY_PARTICIPANT.value,
        states=states,
        store_each=states * figures.STATE.value / orchestrators,
        stores=states * figures.STATE.value,
        event_log_a_day=load.average_events * 86_400 * figures.EVENT_LOG.value * replication,
        exchange=load.average_events * figures.EXCHANGE_KEPT.value * figures.EXCHANGE.value * replication,
        changelog=states * figures.STATE.value * replication,
        sql_a_day=load.average_sagas * 86_400 * figures.SQL.value,
        timings=found,
        restore_s=restore,
        takeover_s=_NOTICED_S + restore,
        takeover_full_s=_NOTICED_S + 2 * states / orchestrators / figures.RESTORED.value,
        beyond=load.events / figures.SATURATED_EVENTS.value,
    )  # fmt: skip


def is_guarded(requirements: Requirements) -> bool:
    """Tell whether the loss of a host must cost neither records nor service for long."""
    if requirements.value(Topic.RTO) is not None or requirements.value(Topic.AVAILABILITY) is not None:
        return True
    return any(
        "no committed" in one.reading or one.value is not None for one in requirements.about(Topic.DATA_LOSS)
    ) or any(one.reading == "full availability" for one in requirements.about(Topic.AVAILABILITY))


def rate_of_one(requirements: Requirements) -> float:
    """Return the events a second that one orchestrator is planned for.

    Below the latency measured at saturation only the steady rate was measured; else half of the highest rate.
    """
    bound = requirements.value(Topic.TRANSITION_LATENCY)
    if bound is not None and bound * 1_000 < figures.STEP_P99_SATURATED.value:
        return figures.STEADY_EVENTS.value
    return figures.SATURATED_EVENTS.value * UTILISATION


def load_of(requirements: Requirements) -> Load:
    """Return the load: rates and sagas in flight, each from the other where only one was given."""
    waits = sum(step.kind in (Kind.APPROVAL, Kind.WAIT, Kind.STATE) for step in requirements.steps)
    each = 1 + sum(step.recipients for step in requirements.steps if step.remote) + waits
    in_flight = requirements.value(Topic.CONCURRENCY)
    duration = requirements.value(Topic.SAGA_DURATION)
    events = _events(requirements, Topic.THROUGHPUT, each)
    average = _events(requirements, Topic.AVERAGE_THROUGHPUT, each)
    assumed = False
    if events is None and in_flight is not None and duration:
        events = in_flight / duration * each
    if events is None:
        events, assumed = average, False
    if events is None:
        events, assumed = figures.STEADY_EVENTS.value, True
    events = max(events, average or 0.0)
    sagas = events / each
    if in_flight is None and duration:
        in_flight = sagas * duration
    mean = average if average is not None else events
    return Load(each, events, sagas, mean, mean / each, in_flight, assumed, average is not None)


def _events(requirements: Requirements, topic: Topic, each: int) -> float | None:
    rates = [(one.value if one.of == "events" else one.value * each) for one in requirements.about(topic) if one.value]
    return max(rates, default=None)


def _services(
    requirements: Requirements, load: Load, found: tuple[StepTiming, ...], *, guarded: bool
) -> tuple[Service, ...]:
    names = tuple(dict.fromkeys(step.service for step in requirements.steps if step.remote))
    services: list[Service] = []
    for name in names:
        own = [one for one in found if one.step.service == name]
        commands = load.sagas * sum(one.step.recipients for one in own)
        open_calls = sum(
            load.sagas * one.step.recipients * min(one.attempt_s, figures.PROVIDER_TIMEOUT.value)
            for one in own
            if one.step.external
        )
        cpu = sum(load.sagas * one.step.recipients * _cpu_ms(one.step.external) / 1_000 for one in own)
        by_calls = math.ceil(open_calls / figures.PROVIDER_CALLS.value - 1e-9)
        replicas = max(2 if guarded else 1, by_calls, math.ceil(cpu / UTILISATION))
        services.append(Service(name, commands, open_calls, replicas, any(one.step.external for one in own)))
    return tuple(services)


def _cores(load: Load, services: tuple[Service, ...], replication: int) -> float:
    an_event = figures.CPU_ORCHESTRATOR.value + figures.CPU_BROKER.value * replication + figures.CPU_PROJECTOR.value
    return (load.events * an_event + sum(one.commands * _cpu_ms(one.external) for one in services)) / 1_000


def _cpu_ms(external: bool) -> float:
    return figures.CPU_CALL.value if external else figures.CPU_COMMAND.value


def _cached(partitions: int, orchestrators: int) -> float:
    return figures.CACHED_SAGAS.value * math.ceil(partitions / orchestrators)
