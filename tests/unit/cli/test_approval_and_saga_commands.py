"""`saga approval` and `saga saga`: what they ask the gateway, what they print, and how they end."""

from __future__ import annotations

import json

import pytest

from cli.failure import ExitCode, Failure
from tests.unit.cli.conftest import Saga
from tests.unit.cli.stub_gateway import APPROVAL, EXPLANATION, Answer, StubGateway, event

SAGA = {
    "saga_id": "sag_a",
    "definition": "hold-and-price",
    "version": 1,
    "lifecycle": "",
    "status": "RUNNING",
    "reason": None,
    "sequence": 3,
    "started_at": "2026-11-21T18:00:00.000Z",
    "updated_at": "2026-11-21T18:00:01.000Z",
    "current_steps": ["hold"],
}


def test_what_waits_for_an_approval_is_listed_with_what_to_do(saga: Saga, gateway: StubGateway) -> None:
    gateway.on("GET /v1/approvals", Answer(200, {"approvals": [APPROVAL], "next_cursor": None}))

    result = saga("approval", "list")

    header, row = result.stdout.splitlines()
    assert header.split() == ["ID", "SINCE", "UNTIL", "DEFINITION", "STEP", "SIGNALS", "REASON"]
    assert row.split()[:8] == [
        "ord_a",
        APPROVAL["since"],
        "-",
        "order-fulfillment",
        "approve",
        "approve",
        "or",
        "reject",
    ]
    assert row.endswith("an order of 135.64 GBP takes a person's approval")
    assert result.stderr == "Decide: saga approval approve ord_a\n"
    assert json.loads(saga("approval", "list", "-o", "json").stdout) == {"approvals": [APPROVAL]}


@pytest.mark.parametrize("decision", ["approve", "reject"])
def test_a_decision_carries_who_why_and_a_key(saga: Saga, gateway: StubGateway, decision: str) -> None:
    gateway.on("POST /v1/approvals/ord_a", Answer(202, {"order_id": "ord_a", "status_url": "/v1/orders/ord_a"}))

    result = saga("approval", decision, "ord_a", "--reason", "known", "--actor", "ann", "--key", "k")

    [asked] = gateway.asked
    assert (asked.body, asked.headers["Idempotency-Key"]) == (
        {"decision": decision, "actor": "ann", "reason": "known"},
        "k",
    )
    assert result.stderr == "The decision is on its way: saga order follow ord_a\n"


def test_of_steps_that_wait_at_once_one_is_decided(saga: Saga, gateway: StubGateway) -> None:
    both = [{**APPROVAL, "step": step} for step in ("ask-finance", "ask-legal")]
    gateway.on("GET /v1/approvals", Answer(200, {"approvals": both, "next_cursor": None}))
    gateway.on("POST /v1/approvals/ord_a", Answer(202, {"order_id": "ord_a"}))
    gateway.on("POST /v1/sagas/ord_a/signals", Answer(202, {"saga_id": "ord_a"}))

    listed = saga("approval", "list")
    saga("approval", "approve", "ord_a", "--step", "ask-legal", "--actor", "ann")
    saga("saga", "signal", "ord_a", "approve", "--step", "ask-finance", "--actor", "ann")

    assert listed.stderr == "Decide: saga approval approve ord_a --step ask-legal\n"
    assert [one.body["step"] for one in gateway.asked[1:]] == ["ask-legal", "ask-finance"]


def test_a_saga_that_is_no_order_is_followed_as_one(saga: Saga, gateway: StubGateway) -> None:
    gateway.on("POST /v1/approvals/sag_a", Answer(202, {"saga_id": "sag_a", "status_url": "/v1/sagas/sag_a"}))

    result = saga("approval", "approve", "sag_a", "--actor", "ann")

    assert result.stderr == "The decision is on its way: saga saga follow sag_a\n"


def test_with_a_key_the_gateway_knows_who_acts(
    saga: Saga, gateway: StubGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SAGA_API_KEY", "sk_1_secret")
    gateway.on("POST /v1/approvals/ord_a", Answer(202, {"order_id": "ord_a"}))

    saga("approval", "approve", "ord_a")

    assert gateway.asked[0].headers["Authorization"] == "Bearer sk_1_secret"
    assert gateway.asked[0].body == {"decision": "approve", "reason": ""}


def test_a_decision_that_comes_too_late_says_what_to_do(saga: Saga, gateway: StubGateway) -> None:
    late = {"title": "It does not wait for an approval", "detail": "the order is COMPLETED"}
    gateway.on("POST /v1/approvals/ord_a", Answer(409, late))

    failure = saga("approval", "reject", "ord_a").exception

    assert isinstance(failure, Failure)
    assert (failure.code, failure.remedy) == (
        ExitCode.CHECK_FAILED,
        "`saga approval list` shows what waits for a decision.",
    )


def test_a_saga_is_started_and_its_id_printed(saga: Saga, gateway: StubGateway) -> None:
    answer = {"saga_id": "sag_a", "status_url": "/v1/sagas/sag_a"}
    gateway.on("POST /v1/sagas", Answer(202, answer))

    result = saga("saga", "start", "hold-and-price", "--input", '{"day": 1}', "--key", "k")

    assert (result.stdout, result.stderr) == ("sag_a\n", "Follow it: saga saga follow sag_a\n")
    assert gateway.asked[0].body == {"definition": "hold-and-price", "version": None, "data": {"day": 1}, "options": {}}
    assert json.loads(saga("saga", "start", "hold-and-price", "-o", "json").stdout) == answer


def test_sagas_are_listed_shown_and_explained(saga: Saga, gateway: StubGateway) -> None:
    gateway.on("GET /v1/sagas", Answer(200, {"sagas": [SAGA], "next_cursor": None}))
    gateway.on("GET /v1/sagas/sag_a", Answer(200, SAGA))
    gateway.on("GET /v1/sagas/sag_a/history", Answer(200, {"saga_id": "sag_a", "events": [event(1, "SagaStarted")]}))
    gateway.on("GET /v1/sagas/sag_a/explain", Answer(200, EXPLANATION))

    _, row = saga("saga", "list", "--definition", "hold-and-price").stdout.splitlines()
    assert row.split() == ["sag_a", "hold-and-price", "1", SAGA["started_at"], "-", "RUNNING", "-", "hold"]
    assert gateway.asked[0].path == "/v1/sagas?definition=hold-and-price&limit=50"
    shown = saga("saga", "show", "sag_a", "--history").stdout
    assert "definition:        hold-and-price\n" in shown
    assert shown.endswith("SagaStarted happened\n")
    assert json.loads(saga("saga", "show", "sag_a", "--history", "-o", "json").stdout)["events"]
    assert saga("saga", "history", "sag_a").stdout.endswith("SagaStarted happened\n")
    assert "cause:     circuit_open" in saga("saga", "explain", "sag_a").stdout


def test_a_saga_is_followed_to_its_end(saga: Saga, gateway: StubGateway, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cli.following._PAUSE_S", 0.0)
    first, last = event(1, "SagaStarted"), event(2, "SagaRevoked", "TRANSACTION_REVOKED")
    gateway.on(
        "GET /v1/sagas/sag_a/history",
        Answer(200, {"saga_id": "sag_a", "events": [first]}),
        Answer(200, {"saga_id": "sag_a", "events": [first, last]}),
    )

    result = saga("saga", "follow", "sag_a", "-o", "jsonl")

    assert [json.loads(line) for line in result.stdout.splitlines()] == [first, last]
    assert result.exit_code == ExitCode.CHECK_FAILED


@pytest.mark.parametrize(
    ("arguments", "route", "said"),
    [
        (("signal", "sag_a", "go"), "signals", "go is on its way to sag_a\n"),
        (("cancel", "sag_a"), "cancel", "sag_a is asked to stop\n"),
        (("resolve", "sag_a", "retry"), "resolve", "retry of all that waits is on its way to sag_a\n"),
        (
            ("migrate", "sag_a", "2"),
            "migrate",
            "sag_a is asked to go on under version 2; its history says whether it did\n",
        ),
    ],
)
def test_deeds_say_what_is_on_its_way(
    saga: Saga, gateway: StubGateway, arguments: tuple[str, ...], route: str, said: str
) -> None:
    gateway.on(f"POST /v1/sagas/sag_a/{route}", Answer(202, {"saga_id": "sag_a"}))

    assert saga("saga", *arguments).stdout == said
    assert json.loads(saga("saga", *arguments, "-o", "jsonl").stdout) == {"saga_id": "sag_a"}
