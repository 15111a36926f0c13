"""`saga explore`, `simulate` and `replay` as a person uses them: what they print and write, and their exit codes."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from cli.app import app
from cli.explore import Options, keep_counter_example
from cli.failure import ExitCode, Failure
from schemas import topics
from simulator.exploration.explore import Bounds, explore
from simulator.exploration.report import Proof, proof_json, proof_lines
from simulator.properties import BALANCE
from simulator.vetting.history import TOPICS, decoded, dumped
from tests.orchestrator_world import World
from tests.simulation import planted_bugs as bugs
from tests.simulation.test_explore_planted import an_order


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments))


def refused(*arguments: str) -> Failure:
    """Run a command that ends in a Failure, and return it."""
    failure = run(*arguments).exception
    assert isinstance(failure, Failure)
    return failure


@pytest.fixture(scope="module")
def broken() -> Proof:
    """Return what is found about orders whose payment nobody undoes."""
    order = an_order()
    scenario = replace(order, definition=bugs.without_undo(order.definition, "capture-payment"))
    return Proof("order-fulfillment", [explore(scenario, Bounds(faults=1))])


def test_a_definition_that_holds_ends_with_0_and_says_what_was_explored() -> None:
    result = run("explore", "etl", "--depth", "single")

    assert result.exit_code == ExitCode.OK
    assert result.stdout.splitlines()[0] == "etl version 1: every run with at most 1 fault(s)"
    assert result.stdout.count("  holds ") == 9
    assert result.stdout.splitlines()[-1].startswith("complete: ")


def test_as_json_every_property_has_its_verdict() -> None:
    report = json.loads(run("explore", "basket", "--depth", "single", "--output", "json").stdout)

    assert report["holds"]
    assert report["complete"]
    assert {one["name"] for one in report["inputs"]} == {"empty", "one line", "two lines"}
    assert all(verdict["holds"] for verdict in report["properties"].values())
    assert report["states"] == sum(one["states"] for one in report["inputs"])


def test_what_was_not_explored_to_its_end_is_not_proved() -> None:
    result = run("explore", "etl", "--max-states", "50")

    assert result.exit_code == ExitCode.CHECK_FAILED
    assert "NOT COMPLETE" in result.stdout


def test_a_definition_that_is_refused_ends_with_2(tmp_path: Path) -> None:
    document = tmp_path / "bad.yaml"
    document.write_text("do: []")

    assert refused("explore", str(document)).code == ExitCode.USAGE
    assert refused("explore", "nowhere").code == ExitCode.USAGE


def test_own_inputs_lead_a_definition_their_own_way(tmp_path: Path) -> None:
    inputs = tmp_path / "inputs.yaml"
    inputs.write_text("three: {lines: [{sku: a, quantity: 1, unit_price_minor: 1}]}")

    result = run("explore", "basket", "--depth", "single", "--input", str(inputs))

    assert "  three: " in result.stdout


def test_a_counter_example_is_told_written_and_drawn(broken: Proof, tmp_path: Path) -> None:
    trace, picture = tmp_path / "trace.json", tmp_path / "picture.mmd"

    keep_counter_example(broken, Options(1, 1_000, None, trace, picture))

    told = proof_lines(broken)
    assert any(line.startswith("  BROKEN  balance") for line in told)
    assert any("capture-payment is still in place" in line for line in told)
    assert told[-1].endswith("Not every property holds.")
    assert proof_json(broken)["properties"][BALANCE]["trace"] == json.loads(trace.read_text())
    drawn = picture.read_text()
    assert drawn.startswith("sequenceDiagram\n")
    assert "S->>P" in drawn
    assert "BROKEN (balance)" in drawn


def test_a_counter_example_runs_again_and_shows_that_a_bug_is_mended(broken: Proof, tmp_path: Path) -> None:
    trace = tmp_path / "trace.json"
    keep_counter_example(broken, Options(1, 1_000, None, trace, None))

    result = run("explore", "--replay", str(trace))

    assert result.exit_code == ExitCode.OK
    assert result.stdout.splitlines()[-1] == "balance is not violated any more"
    assert "the saga starts" in result.stdout


def test_what_is_no_counter_example_is_refused(tmp_path: Path) -> None:
    trace = tmp_path / "trace.json"
    trace.write_text('{"format": "something else"}')

    assert refused("explore", "--replay", str(trace)).code == ExitCode.USAGE


def test_a_simulation_prints_the_hash_of_the_trace_that_it_writes(tmp_path: Path) -> None:
    trace = tmp_path / "trace"

    first = run("simulate", "etl", "--sagas", "50", "--seed", "9", "--trace", str(trace))
    again = run("simulate", "etl", "--sagas", "50", "--seed", "9")

    assert first.exit_code == ExitCode.OK
    assert first.stdout == again.stdout
    assert trace.read_text().startswith("0 seed 9, 50 sagas")
    assert first.stdout.splitlines()[-1] == "every invariant held"


def test_every_shipped_definition_is_simulated_together() -> None:
    result = run("simulate", "--all", "--sagas", "60", "--output", "json")

    assert result.exit_code == ExitCode.OK
    assert json.loads(result.stdout)["holds"]


@pytest.mark.parametrize("option", [("--latency", "warp"), ("--drift", "much")])
def test_an_environment_that_there_is_not_is_refused(option: tuple[str, str]) -> None:
    assert refused("simulate", "etl", *option).code == ExitCode.USAGE


def test_a_dump_is_replayed_and_a_changed_one_names_saga_and_event(tmp_path: Path) -> None:
    world = World()
    world.start_order("ord_a")
    world.start_order("ord_b")
    world.run()
    lines = [
        decoded(world.codec, topic, (record.key or b"").decode(), record.value)
        for topic in TOPICS
        for record in world.records(topic)
    ]
    dump, changed = tmp_path / "dump.jsonl", tmp_path / "changed.jsonl"
    dump.write_text("".join(f"{line}\n" for line in dumped(one for one in lines if one is not None)))
    changed.write_text(dump.read_text().replace('"token": "ord_a:pick"', '"token": "ord_a:pick:1"'))

    same = run("replay", "--file", str(dump), "--definition", "order-fulfillment")
    other = run("replay", "--file", str(changed))
    beside = run("replay", "--file", str(changed), "--saga", "ord_b")

    assert beside.exit_code == ExitCode.OK
    assert beside.stdout.startswith("1 saga, ")
    assert "ord_nobody" in refused("replay", "--file", str(dump), "--saga", "ord_b", "--saga", "ord_nobody").problem
    assert same.exit_code == ExitCode.OK
    assert same.stdout.endswith("no divergence\n")
    assert other.exit_code == ExitCode.CHECK_FAILED
    assert "first: ord_a, event " in other.stdout
    assert "ord_a:pick:1" in other.stdout
    assert topics.EVENTS.name in dump.read_text()
