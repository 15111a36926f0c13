"""`saga` at the real gateway over a real connection: what it asks is answered, what is answered it can show."""

from __future__ import annotations

import asyncio
import json
import shlex
from collections.abc import Callable

import pytest
import uvicorn
from typer.testing import CliRunner, Result

from cli.app import app
from cli.failure import ExitCode, Failure
from cli.ports import LOOPBACK, free_ports
from tests.contract.gateway.gate import Gate
from tests.contract.gateway.shop import Shop
from tests.contract.gateway.story import Story
from tests.contract.gateway.test_gateway_explaining import asked, parked

Saga = Callable[..., Result]


@pytest.fixture
def shop(new_sqlite_url: Callable[[str], str]) -> Shop:
    """Give a shop on SQLite alone: what is under test here is on this side of the gateway."""
    return Shop(new_sqlite_url("gateway"), new_sqlite_url("projector"))


def at_the_gateway(shop: Shop, acts: Callable[[Saga], None]) -> None:
    """Run what a person does with the command line at a served gateway."""

    async def scenario(gate: Gate) -> None:
        port = free_ports(1)[0]
        config = uvicorn.Config(gate.app, host=LOOPBACK, port=port, lifespan="off", log_config=None, access_log=False)
        server = uvicorn.Server(config)
        serving = asyncio.create_task(server._serve())  # noqa: SLF001 - the public way takes over the signals of the tests
        while not server.started:  # noqa: ASYNC110 - uvicorn tells it in no other way
            await asyncio.sleep(0.01)

        def saga(*arguments: str) -> Result:
            return CliRunner().invoke(app, [*arguments, "--gateway", f"http://{LOOPBACK}:{port}"])

        try:
            await asyncio.to_thread(acts, saga)
        finally:
            server.should_exit = True
            await serving

    shop.run(scenario)


def test_an_order_is_sent_once_shown_and_explained(shop: Shop) -> None:
    def acts(saga: Saga) -> None:
        order = ("--customer", "17850", "--line", "85123A:6:2.55", "--address", "1 High St", "--key", "k")
        first, second = saga("order", "start", *order), saga("order", "start", *order)
        assert first.stdout == second.stdout
        order_id = first.stdout.strip()
        shown = json.loads(saga("order", "show", order_id, "-o", "json").stdout)
        assert (shown["total"], shown["status"]) == ("15.30", "RUNNING")
        assert "an orchestrator to take it up" in saga("order", "explain", order_id).stdout

    at_the_gateway(shop, acts)


def test_a_stuck_order_names_its_step_cause_and_what_comes_next(shop: Shop) -> None:
    shop.project(parked(Story("ord_a").started()))

    def acts(saga: Saga) -> None:
        told = dict(line.split(":", 1) for line in saga("order", "explain", "ord_a").stdout.splitlines() if line)
        assert told["step"].strip() == "pay"
        assert told["cause"].strip() == "circuit_open"
        assert told["since"].strip().startswith("2023-11-14T22:13:20.")
        assert told["when"].strip() == "2023-11-14T22:13:30.000Z"
        assert told["next"].strip() == (
            "the command of pay is sent again at 2023-11-14T22:13:30.000Z, and no attempt is spent"
        )

    at_the_gateway(shop, acts)


def test_approvals_are_listed_and_decided(shop: Shop) -> None:
    shop.project(asked(Story("ord_a").started()), parked(Story("ord_b").started()))

    def acts(saga: Saga) -> None:
        [approval] = json.loads(saga("approval", "list", "-o", "json").stdout)["approvals"]
        assert approval["id"] == "ord_a"
        assert saga("approval", "approve", "ord_a", "--reason", "known").exit_code == 0
        refused = saga("approval", "approve", "ord_b").exception
        assert isinstance(refused, Failure)
        assert refused.code is ExitCode.CHECK_FAILED

    at_the_gateway(shop, acts)


def test_every_command_that_explain_names_is_taken_by_the_gateway(shop: Shop) -> None:
    held = Story("etl_1", definition="etl").started().event("StepHeld", step="pay", code="gone", message="no host")
    listening = Story("etl_2", definition="etl").started()
    listening.event("SignalAwaited", step="ask", signals=["go", "stop"], timeout_at=None)
    shop.project(asked(Story("ord_a").started()), held, listening)

    def acts(saga: Saga) -> None:
        named = []
        for kind, one in (("order", "ord_a"), ("saga", "etl_1"), ("saga", "etl_2")):
            told = saga(kind, "explain", one).stdout.splitlines()
            named += [line.split(maxsplit=1)[1] for line in told if line.startswith("command:")]
        assert len(named) == 6
        for command in named:
            program, *arguments, _option, _url = shlex.split(command)
            done = saga(*arguments)
            assert (program, done.exit_code) == ("saga", 0), (command, done.exception)

    at_the_gateway(shop, acts)


def test_an_order_that_is_followed_says_what_a_person_has_to_decide(shop: Shop) -> None:
    shop.project(asked(Story("ord_a").started()).event("SagaCompleted", output="{}", status="COMPLETED"))
    shop.project(asked(Story("ord_b").started()))

    def acts(saga: Saga) -> None:
        assert "Decide:" not in saga("order", "follow", "ord_a").stderr
        shown = saga("order", "show", "ord_b")
        assert "saga approval approve ord_b" in shown.stderr
        assert "Decide:" not in shown.stdout

    at_the_gateway(shop, acts)


def test_orders_are_found_by_every_filter(shop: Shop) -> None:
    shop.project(asked(Story("ord_a").started()), parked(Story("ord_b").started()))

    def acts(saga: Saga) -> None:
        def found(*filters: str) -> set[str]:
            lines = saga("order", "list", "-o", "jsonl", *filters).stdout.splitlines()
            return {json.loads(line)["order_id"] for line in lines}

        assert found() == {"ord_a", "ord_b"}
        assert found("-n", "1") < {"ord_a", "ord_b"}
        assert found("--status", "AWAITING_APPROVAL") == {"ord_a"}
        assert found("--customer", "17850", "--process", "order-fulfillment", "--since", "2023-11-14") == {
            "ord_a",
            "ord_b",
        }
        assert found("--until", "2023-11-14") == set()
        assert saga("saga", "list").exit_code == 0

    at_the_gateway(shop, acts)


def test_an_order_is_followed_to_its_end(shop: Shop) -> None:
    story = parked(Story("ord_a").started()).event("SagaCompleted", output="{}", status="COMPLETED")
    shop.project(story)

    def acts(saga: Saga) -> None:
        followed, history = saga("order", "follow", "ord_a"), saga("order", "history", "ord_a")
        assert followed.stdout == history.stdout
        assert followed.exit_code == 0
        assert saga("order", "follow", "ord_a", "--after", str(len(story.values))).exit_code == 0
        assert isinstance(saga("order", "follow", "ord_none").exception, Failure)

    at_the_gateway(shop, acts)
