"""The command lines that design and validate: what they print, what they write, how they exit."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from cli import app as saga
from cli import workflow
from cli.execute import NOTHING_RUNS, SAGA_ID, input_of
from cli.failure import Failure
from tests.saga_story import begun
from tests.unit.design.shipped import ORDERS, PATHS, changed, design

PROCESS = ("--process", "order-fulfillment")
FILES = [
    f"workflows/order-fulfillment.{ending}" for ending in ("state-machine.json", "diagram.md", "error-handlers.ts")
]
WIDE = {"COLUMNS": "200", "TERM": "dumb"}


def run(*arguments: str) -> Result:
    return CliRunner(env=WIDE).invoke(workflow.app, arguments)


def run_saga(*arguments: str) -> Result:
    return CliRunner(env=WIDE).invoke(saga.app, ("definitions", *arguments))


@pytest.fixture(autouse=True)
def _in_an_empty_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("KAFKA_BOOTSTRAP_SERVERS", raising=False)


def test_design_is_the_default_and_prints_the_blocks_in_order() -> None:
    done = run(*PROCESS)

    assert done.exit_code == 0
    lines = [line.strip() for line in done.stdout.splitlines()]
    wanted = ["[Analysis] Process: order-fulfillment", "[Design] State machine generated:", "[Output] Files created:",
              *(f"- {file}" for file in FILES), "1. Requirements"]  # fmt: skip
    assert [line for line in lines if line in wanted] == wanted
    assert done.stdout == run(*PROCESS, "--mode", "design").stdout


def test_design_writes_its_files_anew_each_time() -> None:
    run(*PROCESS)
    first = {file: Path(file).read_bytes() for file in FILES}
    for file in FILES:
        Path(file).write_text("something else", encoding="utf-8")

    run(*PROCESS)

    assert {file: Path(file).read_bytes() for file in FILES} == first


def test_the_printed_counts_are_those_of_the_written_file() -> None:
    printed = run(*PROCESS).stdout

    found = json.loads(Path(FILES[0]).read_text(encoding="utf-8"))["x-state-machine"]
    assert f"States identified: {len(found['states'])} ({', '.join(found['states'])})" in printed
    assert f"Transitions: {len(found['transitions'])} defined" in printed
    assert f"Compensation flows: {len(found['compensations'])} rollback paths" in printed
    assert f"Error boundaries: {len(found['policies'])} retry policies" in printed


def test_the_help_shows_the_defaults() -> None:
    text = " ".join(run("--help").stdout.split())

    for option, default in (("--mode", "design"), ("--max-retries", "3"), ("--timeout", "30s"), ("--audit", "true")):
        rest = text[text.index(f" {option}") :]
        assert f"[default: {default}]" in rest[: rest.index("]", rest.index("[default")) + 1], option


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "Missing option '--process'"),
        ((*PROCESS, "--mode", "draw"), "'draw' is not one of 'design', 'validate', 'execute'"),
        ((*PROCESS, "--audit", "maybe"), "'maybe' is not one of 'true', 'false'"),
        ((*PROCESS, "--max-retries", "-1"), "should be greater than or equal to 0"),
        ((*PROCESS, "--timeout", "soon"), "'soon' is no time-out"),
        ((*PROCESS, "--orchestrator", "temporal"), "temporal is known, but not built in"),
        ((*PROCESS, "--orchestrator", "step-functions"), "step-functions is known, but not built in"),
        ((*PROCESS, "--orchestrator", "airflow"), "airflow is known, but not built in"),
        ((*PROCESS, "--orchestrator", "cadence"), "'cadence' is not one of"),
        ((*PROCESS, "--state-persistence", "database"), "database is known, but not built in"),
        ((*PROCESS, "--state-persistence", "workflow-engine"), "workflow-engine is known, but not built in"),
    ],
)
def test_what_cannot_be_done_is_refused_as_a_wrong_command_line(arguments: tuple[str, ...], said: str) -> None:
    done = run(*arguments)

    assert done.exit_code == 2
    assert said in " ".join(done.output.replace("│", " ").split())


def test_an_unknown_process_is_named_with_those_that_are_known() -> None:
    done = run("--process", "order-fulfilment")

    assert isinstance(done.exception, Failure)
    assert done.exception.code == 2
    assert "There is no process order-fulfilment" in done.exception.problem
    assert "order-fulfillment" in done.exception.remedy


def test_what_is_built_in_may_be_named() -> None:
    done = run(
        *PROCESS, "--orchestrator", "custom", "--state_persistence", "event-log", "--error-strategy", "compensate"
    )

    assert done.exit_code == 0
    assert json.loads(Path(FILES[0]).read_text(encoding="utf-8"))["defaults"] == {"error_strategy": "compensate"}


def test_settings_of_the_command_line_reach_the_report_and_the_file() -> None:
    printed = run(*PROCESS, "--max-retries", "1", "--timeout", "2s", "--audit", "false").stdout

    assert "1 retries, 2 s for an attempt" in printed
    assert "Audit trail: off" in printed
    document = json.loads(Path(FILES[0]).read_text(encoding="utf-8"))
    assert document["defaults"] == {"max_retries": 1, "timeout_default": {"milliseconds": 2_000}}
    assert document["x-state-machine"]["options"]["audit"] is False


@pytest.mark.parametrize("command", ["validate", "workflow"])
def test_a_mistake_is_named_by_file_and_line_and_makes_the_command_fail(command: str) -> None:
    Path("orders.yaml").write_text(changed(("call: capture-payment\n", "call: capture-paymnet\n")), encoding="utf-8")

    done = run_saga("validate", "orders.yaml") if command == "validate" else run(
        "--process", "orders.yaml", "--mode", "validate"
    )  # fmt: skip

    assert done.exit_code == 1
    line = ORDERS[: ORDERS.index("      call: capture-payment\n")].count("\n") + 1
    assert f"orders.yaml:{line}: there is no capture-paymnet in use.functions. Write capture-payment" in done.stdout
    assert "orders.yaml: 1 error, 0 warnings" in done.stdout


def test_a_shipped_process_is_valid() -> None:
    done = run(*PROCESS, "--mode", "validate", "--strict")

    assert done.exit_code == 0
    assert done.stdout.rstrip().endswith("order-fulfillment.yaml: valid")


def test_warnings_fail_where_it_is_strict() -> None:
    Path("orders.yaml").write_text(changed(("count: 8", "count: 3"), ("days: 8", "days: 1")), encoding="utf-8")

    assert run_saga("validate", "orders.yaml").exit_code == 0
    assert run_saga("validate", "orders.yaml", "--strict").exit_code == 1


def test_findings_can_be_read_by_programs() -> None:
    Path("orders.json").write_text('{"document": {\n"dsl": "1.0.3"}}', encoding="utf-8")

    done = run_saga("validate", "orders.json", "--output", "json")

    assert done.exit_code == 1
    found = json.loads(done.stdout)
    assert found["valid"] is False
    assert {"file", "line", "column", "level", "rule", "where", "problem", "remedy"} == set(found["findings"][0])
    assert {one["line"] for one in found["findings"]} == {1}


def test_a_definition_is_drawn_and_explained() -> None:
    Path("orders.yaml").write_text(ORDERS, encoding="utf-8")

    drawn, explained = run_saga("diagram", "orders.yaml"), run_saga("explain", "orders.yaml")

    assert drawn.stdout.count("-->") == 12
    assert "If its undo fails for good: dead-letter" in explained.stdout
    assert "payment.RefundPayment takes back capture-payment" in explained.stdout


def test_execute_says_that_nothing_runs() -> None:
    done = run(*PROCESS, "--mode", "execute", "--bootstrap", "127.0.0.1:1")

    assert done.exit_code == NOTHING_RUNS == 4
    assert "no Kafka cluster answers on 127.0.0.1:1" in done.output
    assert run(*PROCESS, "--mode", "execute").exit_code == NOTHING_RUNS


def test_execute_starts_with_the_example_of_the_document_or_with_what_is_given() -> None:
    Path("input.json").write_text('{"x": 1}', encoding="utf-8")

    assert input_of({"document": {"metadata": {"example": {"order_id": SAGA_ID}}}}, None) == {"order_id": SAGA_ID}
    assert input_of({"document": {}}, None) == {}
    assert input_of({"document": {}}, Path("input.json")) == {"x": 1}


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.name)
def test_each_shipped_definition_has_an_example_that_a_saga_can_be_started_with(path: Path) -> None:
    one = design(path.read_text(encoding="utf-8"))
    example = input_of(one.document, None)

    story = begun(one.definition, "run_a", dict(example), dict(one.definition.parameters))

    assert example
    assert "compensating" not in " ".join(story.history)
    assert not story.state.code, story.history
