"""What was measured: every figure the plans stand on, with its unit, where it was measured and by which command."""

from __future__ import annotations

from dataclasses import dataclass

_BENCH = "docs/measurements/bench.md"
_CHAOS = "docs/measurements/chaos.md"
_FOOTPRINT = "docs/measurements/footprint.md"
_ADR = "docs/adr/0003-classic-static-membership.md"
_RUN_BENCH = "scripts/bench"
_RUN_CHAOS = "scripts/chaos --seed 11 --rate 6 --orchestrators 1 --kills 34"
_RUN_FOOTPRINT = (
    "saga dev, then scripts/load --orders 1000 --rate 40 --seed 1 and scripts/load --orders 2000 --rate 60 --seed 2"
)
_CONFIGURED = "configuration"


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure. `command` is what was run to measure it, or `configuration` for a value the product sets."""

    name: str
    value: float
    unit: str
    source: str
    command: str


def _of(name: str, value: float, unit: str, source: str, command: str) -> Figure:
    return Figure(name, value, unit, source, command)


MACHINE = "2 virtual cores that share one real core with other tenants, one broker on the same machine, replication 1"
"""What every figure was measured on."""

STEADY_EVENTS = _of("rate of the latency measurement", 500, "events a second for one orchestrator", _BENCH, _RUN_BENCH)
STEP_P50 = _of("latency of a transition at that rate, p50", 71, "ms", _BENCH, _RUN_BENCH)
STEP_P99 = _of("latency of a transition at that rate, p99", 124, "ms", _BENCH, _RUN_BENCH)
STEP_MAX = _of("latency of a transition at that rate, longest", 148, "ms", _BENCH, _RUN_BENCH)
STEP_P50_LOW = _of("latency of a transition with one saga in flight, p50", 11, "ms", _BENCH, _RUN_BENCH)
STEP_P99_SATURATED = _of("latency of a transition with 2,000 sagas in flight, p99", 977, "ms", _BENCH, _RUN_BENCH)
SATURATED_EVENTS = _of(
    "highest rate of the order process", 3_469, "events a second for one orchestrator", _BENCH, _RUN_BENCH
)
MOST_IN_FLIGHT = _of("most sagas in flight", 2_000, "sagas", _BENCH, _RUN_BENCH)
EVENTS_AN_ORDER = _of("events of an order for the orchestrator", 10, "events", _BENCH, _RUN_BENCH)

CPU_ORCHESTRATOR = _of("CPU of the orchestrator an event", 0.180, "ms", _BENCH, _RUN_BENCH)
CPU_BROKER = _of("CPU of the broker an event, replication 1", 0.070, "ms", _BENCH, _RUN_BENCH)
CPU_PROJECTOR = _of("CPU of projector and watchdog an event", 0.095, "ms", _BENCH, _RUN_BENCH)
CPU_COMMAND = _of("CPU of a participant a command, nobody called outside", 0.088, "ms", _BENCH, _RUN_BENCH)
CPU_CALL = _of("CPU of a participant a command with a call to a provider", 0.352, "ms", _BENCH, _RUN_BENCH)
CPU_STEADY = _of("CPU of the whole installation at 500 events a second", 1.56, "cores", _BENCH, _RUN_BENCH)

RESTART = _of("restart of an orchestrator in place after kill -9, longest of 12", 2.11, "s", _CHAOS, _RUN_CHAOS)
RESTART_MEDIAN = _of("restart of an orchestrator in place after kill -9, median of 12", 1.27, "s", _CHAOS, _RUN_CHAOS)
PARTICIPANT_RESTART = _of("restart of a participant in place after kill -9, longest", 1.49, "s", _CHAOS, _RUN_CHAOS)
GATEWAY_RESTART = _of("restart of the gateway after kill -9, longest", 1.20, "s", _CHAOS, _RUN_CHAOS)
BROKER_RESTART = _of("restart of a single broker after kill -9, longest of 2", 8.16, "s", _CHAOS, _RUN_CHAOS)
DETECTION_SLACK = _of(
    "detection of a dead owner beyond its session time-out", 0.1, "s", _ADR, "a bare loop, before the product"
)
FENCING = _of("fencing of a dead owner's transactional id", 1.0, "s", _ADR, "a bare loop, before the product")
RESTORED = _of("changelog records restored a second, at least", 6_100, "records a second", _FOOTPRINT, _RUN_FOOTPRINT)

EVENT_LOG = _of("event log", 419, "bytes an event", _FOOTPRINT, _RUN_FOOTPRINT)
EXCHANGE = _of("inputs, replies and commands", 785, "bytes an event", _FOOTPRINT, _RUN_FOOTPRINT)
STATE = _of("state of a finished saga in RocksDB", 1_968, "bytes a saga", _FOOTPRINT, _RUN_FOOTPRINT)
CHANGELOG = _of("changelog before compaction", 406, "bytes an event", _FOOTPRINT, _RUN_FOOTPRINT)
SQL = _of("SQL databases of gateway, projector and participants", 21_600, "bytes a saga", _FOOTPRINT, _RUN_FOOTPRINT)
MEMORY_ORCHESTRATOR = _of("memory of an orchestrator at start", 44, "MB", _FOOTPRINT, _RUN_FOOTPRINT)
MEMORY_SAGA = _of("memory of the orchestrator a cached saga", 33, "kB", _FOOTPRINT, _RUN_FOOTPRINT)
MEMORY_PARTICIPANT = _of("memory of a participant", 73, "MB", _FOOTPRINT, _RUN_FOOTPRINT)
MEMORY_GATEWAY = _of("memory of the gateway", 77, "MB", _FOOTPRINT, _RUN_FOOTPRINT)
MEMORY_FOLLOWER = _of("memory of the projector, and of the watchdog", 85, "MB", _FOOTPRINT, _RUN_FOOTPRINT)
MEMORY_BROKER = _of("memory of a broker with a heap of 512 MB", 481, "MB", _FOOTPRINT, _RUN_FOOTPRINT)

PARTITIONS = _of("partitions of each topic as shipped", 4, "partitions", "schemas/topics.py", _CONFIGURED)
SESSION = _of("session time-out", 3.0, "s", "streams/kafka_config.py", _CONFIGURED)
CACHED_SAGAS = _of(
    "sagas that one partition keeps in memory at most", 20_000, "sagas", "orchestrator/sagas.py", _CONFIGURED
)
KEPT = _of("time that the state of a finished saga is kept", 604_800, "s", "orchestrator/settings.py", _CONFIGURED)
EXCHANGE_KEPT = _of("retention of inputs, replies and commands", 604_800, "s", "schemas/topics.py", _CONFIGURED)
PAYLOAD_LIMIT = _of("largest record", 100_000, "bytes", "docs/protocol.md", _CONFIGURED)
PROVIDER_CALLS = _of("calls that one participant has open at a provider", 64, "calls", "docs/protocol.md", _CONFIGURED)
PROVIDER_TIMEOUT = _of("time for one call to a provider", 2.0, "s", "docs/protocol.md", _CONFIGURED)
BREAKER_FAILURES = _of("failures in a row that open a circuit", 5, "failures", "docs/protocol.md", _CONFIGURED)
BREAKER_OPEN = _of("time until an open circuit lets one probe through", 10, "s", "docs/protocol.md", _CONFIGURED)
RETRIES = _of("retries of a step", 3, "retries", "docs/protocol.md", _CONFIGURED)
STEP_TIMEOUT = _of("time for one attempt of a step", 30, "s", "docs/protocol.md", _CONFIGURED)
UNDO_RETRIES = _of(
    "retries of a compensation", 8, "retries", "orchestrator/definitions/order-fulfillment.yaml", _CONFIGURED
)
LOCKED_ALERT = _of("time after which a locked resource raises a page", 300, "s", "docs/protocol.md", _CONFIGURED)

ALL = (
    STEADY_EVENTS, STEP_P50_LOW, STEP_P50, STEP_P99, STEP_MAX, STEP_P99_SATURATED, SATURATED_EVENTS, MOST_IN_FLIGHT,
    EVENTS_AN_ORDER, CPU_ORCHESTRATOR, CPU_BROKER, CPU_PROJECTOR, CPU_COMMAND, CPU_CALL, CPU_STEADY, RESTART_MEDIAN,
    RESTART, PARTICIPANT_RESTART, GATEWAY_RESTART, BROKER_RESTART, DETECTION_SLACK, FENCING, RESTORED, EVENT_LOG,
    EXCHANGE, CHANGELOG, STATE, SQL, MEMORY_ORCHESTRATOR, MEMORY_SAGA, MEMORY_PARTICIPANT, MEMORY_GATEWAY,
    MEMORY_FOLLOWER, MEMORY_BROKER, PARTITIONS, SESSION, CACHED_SAGAS, KEPT, EXCHANGE_KEPT, PAYLOAD_LIMIT,
    PROVIDER_CALLS, PROVIDER_TIMEOUT, BREAKER_FAILURES, BREAKER_OPEN, RETRIES, STEP_TIMEOUT, UNDO_RETRIES, LOCKED_ALERT,
)  # fmt: skip
"""Every figure, in the order the documentation lists them."""
