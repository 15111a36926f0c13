"""The capacity plan: each number by its formula, worked out by hand; figures that are those measured."""

from __future__ import annotations

import math
import re
from pathlib import Path

import pytest

from architect import figures
from orchestrator.settings import DEFAULT_RETENTION_S
from schemas import topics
from schemas.codec import MAX_MESSAGE_BYTES
from streams.kafka_config import KafkaConfig
from tests.unit.architect.asked import ORDER_FULFILMENT, ORDER_PROCESSING, facts, texts

ROOT = Path(__file__).resolve().parents[3]


def capacity(asked: object) -> dict[str, object]:
    found: dict[str, object] = facts(asked)["capacity"]
    return found


def test_the_load_in_sagas_follows_from_events_and_steps() -> None:
    plan = capacity(ORDER_FULFILMENT)

    assert plan["events_a_saga"] == 1 + 3
    assert plan["sagas_per_second"] == 500 / 4


def test_rates_of_anything_but_events_are_sagas() -> None:
    assert capacity(texts(scale="100 orders per second"))["events_per_second"] == 400
    assert capacity(texts(scale="100 TPS"))["events_per_second"] == 400
    assert capacity(texts(scale="100 events per second"))["events_per_second"] == 100


def test_a_lost_host_is_planned_for_only_where_it_matters() -> None:
    safe, light = capacity(ORDER_FULFILMENT), capacity(texts())

    assert (safe["brokers"], safe["replication"], safe["min_in_sync"], safe["orchestrators"], safe["gateways"]) == (
        3,
        3,
        2,
        2,
        2,
    )
    assert (
        light["brokers"],
        light["replication"],
        light["min_in_sync"],
        light["orchestrators"],
        light["gateways"],
    ) == (1, 1, 1, 1, 1)


@pytest.mark.parametrize(
    ("events", "orchestrators", "partitions"), [(500, 1, 4), (501, 2, 4), (1_500, 3, 8), (5_000, 10, 20)]
)
def test_a_bound_on_latency_plans_each_orchestrator_at_the_measured_rate(
    events: int, orchestrators: int, partitions: int
) -> None:
    plan = capacity(texts(scale=f"{events} events per second", sla="200 ms per transition"))

    assert (plan["orchestrators"], plan["partitions"]) == (orchestrators, partitions)


def test_without_a_bound_on_latency_half_of_the_highest_rate_is_planned() -> None:
    plan = capacity(texts(scale="10,000 events per second"))

    assert plan["orchestrators"] == math.ceil(10_000 / (3_469 / 2))


def test_sagas_in_flight_follow_from_rate_and_duration() -> None:
    assert (
        capacity(texts(scale="10 orders per second, an order takes 4 minutes on average"))["sagas_in_flight"] == 2_400
    )
    assert capacity(texts(scale="10,000 concurrent, an order takes 100 s on average"))["sagas_per_second"] == 100


def test_memory_disk_and_take_over_follow_from_the_figures() -> None:
    plan = capacity(ORDER_FULFILMENT)

    assert plan["memory_of_one_orchestrator_mb"] == 44 + 20_000 * 4 * 33 / 1_000
    assert plan["event_log_bytes_a_day"] == 500 * 86_400 * 419 * 3
    assert plan["rocksdb_bytes"] == (10_000 + 125 * 604_800) * 1_968
    assert plan["takeover_s"] == pytest.approx(3.0 + 0.1 + 1.0 + 2 * 5_000 / 6_100, abs=0.001)
    assert plan["cores"] == pytest.approx(1.56 / 0.5)


def test_a_payment_limit_of_five_seconds_gives_the_shipped_attempts() -> None:
    (step,) = [one for name, one in facts(ORDER_PROCESSING)["capacity"]["steps"].items() if name == "Process payment"]

    assert step == {"attempts": 4, "attempt_s": 0.8, "total_s": 4.8}


@pytest.mark.parametrize("limit", ["1 s", "300 ms", "60 ms", "10 min"])
def test_attempts_and_pauses_always_fit_into_the_limit(limit: str) -> None:
    found = facts({"steps": [{"name": "payment", "time_limit": limit}]})
    step = found["capacity"]["steps"]["payment"]
    given = found["steps"][0]["time_limit_s"]
    retries = step["attempts"] - 1
    delay = min(0.2, step["total_s"] / 24)
    pauses = delay * (2**retries - 1) + delay / 4 * retries if retries else 0

    assert step["attempts"] * step["attempt_s"] + pauses <= step["total_s"] + 1e-3
    assert step["total_s"] < given


def test_the_default_of_a_step_is_thirty_seconds_and_three_retries() -> None:
    step = facts({"steps": ["payment"]})["capacity"]["steps"]["payment"]

    assert (step["attempts"], step["attempt_s"]) == (4, 30)


def test_the_figures_are_those_of_the_measurements() -> None:
    bench = (ROOT / "docs/measurements/bench.md").read_text()
    orders = dict(re.findall(r"^orders +(low|steady|saturated) +(.+)$", bench, re.MULTILINE))
    rate, p50, p99, longest = (float(cell) for cell in orders["steady"].split()[:4])
    saturated = [float(cell) for cell in orders["saturated"].split()]
    spent = dict(re.findall(r"([a-z0-9-]+) (\d\.\d+)", bench.split("  orders: ")[1]))

    assert (p50, p99, longest) == (figures.STEP_P50.value, figures.STEP_P99.value, figures.STEP_MAX.value)
    assert pytest.approx(rate * 10, rel=0.02) == figures.STEADY_EVENTS.value
    assert saturated[0] * 10 == pytest.approx(figures.SATURATED_EVENTS.value)
    assert saturated[2] == figures.STEP_P99_SATURATED.value
    assert float(orders["low"].split()[1]) == figures.STEP_P50_LOW.value
    assert float(spent["orchestrator-0"]) / 10 == pytest.approx(figures.CPU_ORCHESTRATOR.value, abs=0.0005)
    assert float(spent["broker"]) / 10 == pytest.approx(figures.CPU_BROKER.value, abs=0.0005)
    assert (float(spent["projector"]) + float(spent["watchdog"])) / 10 == pytest.approx(
        figures.CPU_PROJECTOR.value, abs=0.0005
    )
    assert float(spent["inventory"]) / 2 == figures.CPU_COMMAND.value
    assert float(spent["payment"]) == figures.CPU_CALL.value


def test_the_figures_of_faults_and_footprint_stand_in_their_measurements() -> None:
    chaos = (ROOT / "docs/measurements/chaos.md").read_text()
    footprint = (ROOT / "docs/measurements/footprint.md").read_text()
    rows = {
        name.strip(): cells for name, cells in re.findall(r"^\| ([a-zA-Z][^|]*) \|(.+)\|$", footprint, re.MULTILINE)
    }
    a_transition = {name: float(rows[name].split("|")[-1]) for name in rows if name.startswith(("saga.", "the four"))}
    restarts = {name: [float(cell) for cell in cells.split("|")] for name, cells in re.findall(
        r"^\| ([a-z0-9-]+) \| \d+ \| ([\d.]+ \| [\d.]+) \|", chaos, re.MULTILINE
    )}  # fmt: skip

    assert restarts["orchestrator-0"] == [figures.RESTART_MEDIAN.value, figures.RESTART.value]
    assert restarts["broker"][1] == figures.BROKER_RESTART.value
    assert restarts["gateway"][1] == figures.GATEWAY_RESTART.value
    assert max(restarts[name][1] for name in ("payment", "inventory", "shipping", "notification")) == (
        figures.PARTICIPANT_RESTART.value
    )
    assert a_transition.pop("saga.events") == figures.EVENT_LOG.value
    assert sum(a_transition.values()) == figures.EXCHANGE.value
    assert float(rows["orchestrator.sagas-changelog, nothing compacted yet"].split("|")[-1]) == figures.CHANGELOG.value
    assert (
        f"{figures.STATE.value:,.0f}" in rows["RocksDB of the orchestrator after it was stopped, all orders finished"]
    )
    assert f"{figures.RESTORED.value:,.0f} records a second" in footprint
    assert f"{figures.MEMORY_SAGA.value:.0f} kB each" in footprint
    assert f"| orchestrator | {figures.MEMORY_ORCHESTRATOR.value:.0f} |" in footprint


def test_the_whole_plan_follows_from_the_formulas_and_figures_of_the_documentation() -> None:
    page = (ROOT / "docs/architect.md").read_text()
    row = re.compile(r"^\| ([^|]+) \| ([\d.e+]+) \| [^|]+ \| [^|]+ \| [^|]+ \|$", re.MULTILINE)
    told = {name: float(value) for name, value in row.findall(page)}
    week, day, copies = 7 * 86_400, 86_400, 3
    plan = capacity(
        {
            "steps": ["payment", "inventory", "shipping"],
            "events_per_second": 2_000,
            "average_events_per_second": 800,
            "concurrent_sagas": 6_000,
            "transition_latency": "500 ms",
            "data_loss": "none",
        }
    )
    orchestrators = math.ceil(2_000 / told["rate of the latency measurement"])
    partitions = math.ceil(2 * orchestrators / 4) * 4
    average_sagas = 800 / 4

    assert (plan["events_a_saga"], plan["orchestrators"], plan["partitions"]) == (4, orchestrators, partitions)
    assert (plan["brokers"], plan["replication"], plan["min_in_sync"]) == (3, copies, 2)
    assert plan["rocksdb_bytes"] == (6_000 + average_sagas * week) * told["state of a finished saga in RocksDB"]
    assert plan["changelog_bytes"] == plan["rocksdb_bytes"] * copies
    assert plan["event_log_bytes_a_day"] == 800 * day * told["event log"] * copies
    assert plan["exchange_bytes"] == 800 * week * told["inputs, replies and commands"] * copies
    assert plan["sql_bytes_a_day"] == average_sagas * day * 21_600
    assert plan["takeover_s"] == pytest.approx(
        3.0
        + told["detection of a dead owner beyond its session time-out"]
        + told["fencing of a dead owner's transactional id"]
        + 2 * (6_000 / orchestrators) / told["changelog records restored a second, at least"],
        abs=0.001,
    )


def test_what_the_product_sets_is_what_the_plan_stands_on() -> None:
    settings = KafkaConfig("", "", "")

    assert topics.INPUTS.partitions == figures.PARTITIONS.value
    assert topics.INPUTS.retention_ms / 1_000 == figures.EXCHANGE_KEPT.value
    assert settings.session_timeout_ms / 1_000 == figures.SESSION.value
    assert figures.KEPT.value == DEFAULT_RETENTION_S
    assert figures.PAYLOAD_LIMIT.value == MAX_MESSAGE_BYTES


def test_every_figure_is_in_the_documentation_with_its_source() -> None:
    page = (ROOT / "docs/architect.md").read_text()

    for figure in figures.ALL:
        assert f"| {figure.name} | {figure.value:g} | {figure.unit} | {figure.source} |" in page
        assert (ROOT / figure.source).is_file(), figure.source
