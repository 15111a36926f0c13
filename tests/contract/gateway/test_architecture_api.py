"""POST /v1/architecture: designs, refusals and faults over HTTP, and nothing that stays behind."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial

import pytest
from typer.testing import CliRunner

from cli.app import app
from services.gateway.architecture import MOST_WAITING
from tests.contract.gateway.gate import Gate, Run, gateway, runner
from tests.unit.architect.asked import (
    MICRO_TRADING,
    ORDER_FULFILMENT,
    ORDER_PROCESSING,
    REVIEW,
    SERVICES,
    designed,
    texts,
)
from tests.unit.architect.contradictions import CONTRADICTIONS
from tests.unit.architect.keepable import KEEPABLE

REFUSAL = b'{"error": "SLA conflicts with distributed consistency requirements"}'
URL = "/v1/architecture"


@pytest.fixture
def run(new_sqlite_url: Callable[[str], str]) -> Run:
    """Give a runner of scenarios on a fresh gateway; no database plays a part in a design."""
    return runner(partial(gateway, new_sqlite_url("gateway"), new_sqlite_url("projector")))


@pytest.mark.parametrize("asked", [ORDER_FULFILMENT, ORDER_PROCESSING, REVIEW])
def test_a_design_is_markdown_and_the_same_as_that_of_the_command(run: Run, asked: dict[str, str]) -> None:
    async def scenario(gate: Gate) -> None:
        answers = [await gate.call("POST", URL, asked, accept=accept) for accept in ("", "*/*", "text/markdown")]

        assert {answer.status for answer in answers} == {200}
        assert all(answer.headers["content-type"].startswith("text/markdown") for answer in answers)
        assert {answer.raw for answer in answers} == {designed(asked).encode()}

    run(scenario)


def test_a_design_is_data_for_who_accepts_json(run: Run) -> None:
    async def scenario(gate: Gate) -> None:
        for accept in ("application/json", "application/json, text/markdown;q=0.5", "application/json, */*;q=0.1"):
            answer = await gate.call("POST", URL, ORDER_FULFILMENT, accept=accept)

            assert (answer.status, answer.headers["content-type"]) == (200, "application/json")
            assert answer.body["pattern"] == "Saga Pattern"
            assert [step["name"] for step in answer.body["steps"]] == ["payment", "inventory", "shipping"]

    run(scenario)


def test_structured_requirements_are_taken(run: Run) -> None:
    async def scenario(gate: Gate) -> None:
        answer = await gate.call(
            "POST", URL, {"steps": ["payment", "shipping"], "rto": "5 s"}, accept="application/json"
        )

        assert answer.status == 200
        assert answer.body["capacity"]["brokers"] == 3

    run(scenario)


@pytest.mark.parametrize("accept", ["*/*", "text/markdown", "application/json"])
def test_a_contradiction_is_answered_with_the_literal_bytes_and_leaves_nothing(run: Run, accept: str) -> None:
    async def scenario(gate: Gate) -> None:
        answer = await gate.call("POST", URL, MICRO_TRADING, accept=accept)

        assert (answer.status, answer.headers["content-type"], answer.raw) == (422, "application/json", REFUSAL)
        assert gate.outlet.sent == []

    run(scenario)


@pytest.mark.parametrize("words", [*CONTRADICTIONS[::40], *KEEPABLE[::40]], ids=str)
def test_the_route_and_the_command_give_the_same_answer(run: Run, words: str) -> None:
    asked = texts(*SERVICES, words)
    options = [word for name, text in asked.items() for word in (f"--{name.replace('_', '-')}", text)]
    said = CliRunner().invoke(app, ["architect", *options])

    async def scenario(gate: Gate) -> None:
        answer = await gate.call("POST", URL, asked)

        assert (answer.raw, answer.status) == (said.stdout_bytes, {0: 200, 2: 422}[said.exit_code])

    run(scenario)


def test_a_text_that_is_too_long_is_a_problem_that_says_how_long_it_may_be(run: Run) -> None:
    async def scenario(gate: Gate) -> None:
        answer = await gate.call("POST", URL, {**ORDER_FULFILMENT, "scale_and_throughput": "x" * 100_000})

        assert answer.status == 400
        assert "100,000 characters" in answer.body["detail"]
        assert "10,000" in answer.body["errors"][0]["message"]

    run(scenario)


@pytest.mark.parametrize("missing", [*ORDER_FULFILMENT, *ORDER_PROCESSING])
def test_a_missing_text_is_a_problem_that_names_it(run: Run, missing: str) -> None:
    asked = ORDER_FULFILMENT if missing in ORDER_FULFILMENT else ORDER_PROCESSING

    async def scenario(gate: Gate) -> None:
        answer = await gate.call("POST", URL, {name: text for name, text in asked.items() if name != missing})

        assert (answer.status, answer.headers["content-type"]) == (400, "application/problem+json")
        assert answer.body["type"] == "/problems/invalid-requirements"
        assert [error["field"] for error in answer.body["errors"]] == [missing]

    run(scenario)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"[]", 400),
        (b"{", 400),
        (b"null", 400),
        (b'{"steps": [], "x": 1}', 400),
        (b"[" * 140_000, 413),
        (b'{"steps": [{"name": "pay", "time_limit": "%s s"}]}' % (b"9" * 400), 400),
        (b'{"steps": ["pay"], "events_per_second": "%s"}' % (b"9" * 400), 400),
        (b'{"steps": ["pay"], "events_per_second": 1e300}', 400),
    ],
)
def test_a_body_that_holds_no_requirements_is_a_problem(run: Run, body: bytes, status: int) -> None:
    async def scenario(gate: Gate) -> None:
        answer = await gate.call("POST", URL, chunks=[body])

        assert (answer.status, answer.headers["content-type"]) == (status, "application/problem+json")

    run(scenario)


def test_requests_beyond_what_may_wait_are_sent_away_and_the_others_answered(run: Run) -> None:
    async def scenario(gate: Gate) -> None:
        answers = await asyncio.gather(*(gate.call("POST", URL, REVIEW) for _ in range(MOST_WAITING + 5)))

        assert sorted(answer.status for answer in answers) == [200] * MOST_WAITING + [503] * 5
        assert all(answer.headers["retry-after"] == "1" for answer in answers if answer.status == 503)

    run(scenario)


@pytest.mark.parametrize("choice", [{"orchestrator": "temporal"}, {"state_persistence": "workflow-engine"}])
def test_choices_that_are_not_built_are_refused_by_name(run: Run, choice: dict[str, str]) -> None:
    async def scenario(gate: Gate) -> None:
        answer = await gate.call("POST", URL, {**ORDER_FULFILMENT, **choice})

        assert answer.status == 400
        assert "known and not supported" in answer.body["detail"]

    run(scenario)
