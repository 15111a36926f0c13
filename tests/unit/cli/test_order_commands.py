"""`saga order`: what it asks the gateway, what it prints for people and for programs, and how it ends."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import Result

from cli.failure import ExitCode, Failure
from tests.unit.cli.conftest import Saga
from tests.unit.cli.stub_gateway import EXPLANATION, ORDER, Answer, StubGateway, event, sent

TAKEN = {"order_id": "ord_a", "status_url": "/v1/orders/ord_a", "lifecycle": "pending", "status": "RUNNING"}
OPTIONS = ("--customer", "17850", "--line", "85123A:6:2.55", "--line", "71053:6:3.39", "--address", "1 High Street")


def failure_of(result: Result) -> Failure:
    assert isinstance(result.exception, Failure)
    return result.exception


def test_options_become_an_order_whose_lines_add_up(saga: Saga, gateway: StubGateway) -> None:
    gateway.on("POST /v1/orders", Answer(202, TAKEN))

    result = saga("order", "start", *OPTIONS, "--key", "k1")

    assert (result.exit_code, result.stdout) == (0, "ord_a\n")
    assert result.stderr == "Follow it: saga order follow ord_a\n"
    [asked] = gateway.asked
    assert asked.headers["Idempotency-Key"] == "k1"
    assert asked.body == {
        "customer_id": "17850",
        "currency": "GBP",
        "total": "35.64",
        "payment_method": "pm_card_ok",
        "lines": [
            {"sku": "85123A", "quantity": 6, "unit_price": "2.55"},
            {"sku": "71053", "quantity": 6, "unit_price": "3.39"},
        ],
        "shipping": {"method": "standard", "country": "United Kingdom", "address": "1 High Street"},
    }


@pytest.mark.parametrize("written", ['[{"n": 1}, {"n": 2}]', '{"n": 1}\n\n{"n": 2}\n'])
def test_a_file_of_orders_is_sent_with_a_key_for_each(
    saga: Saga, gateway: StubGateway, tmp_path: Path, written: str
) -> None:
    gateway.on("POST /v1/orders", Answer(202, TAKEN), Answer(202, {**TAKEN, "order_id": "ord_b"}))
    file = tmp_path / "orders.json"
    file.write_text(written)

    result = saga("order", "start", str(file), "--key", "k", "--output", "jsonl")

    assert [json.loads(line)["order_id"] for line in result.stdout.splitlines()] == ["ord_a", "ord_b"]
    assert result.stderr == ""
    assert [(one.body, one.headers["Idempotency-Key"]) for one in gateway.asked] == [
        ({"n": 1}, "k-1"),
        ({"n": 2}, "k-2"),
    ]


def test_an_order_comes_from_standard_input_and_under_its_other_name(saga: Saga, gateway: StubGateway) -> None:
    gateway.on("POST /v1/orders", Answer(202, TAKEN))

    result = saga("order", "post", "-", stdin='{"n": 1}')

    assert result.stdout == "ord_a\n"
    assert gateway.asked[0].body == {"n": 1}


def test_a_refusal_in_the_middle_says_how_to_go_on(saga: Saga, gateway: StubGateway) -> None:
    refused = Answer(422, {"title": "Some fields are not as they should be", "detail": "total is 1"})
    gateway.on("POST /v1/orders", Answer(202, TAKEN), refused)

    result = saga("order", "start", "-", "--key", "k", stdin='[{"n": 1}, {"n": 2}]')

    assert result.stdout == "ord_a\n"
    failure = failure_of(result)
    assert failure.code is ExitCode.CHECK_FAILED
    assert failure.problem == "Order 2 of 2: Some fields are not as they should be: total is 1."
    assert failure.remedy.endswith("1 were taken; repeated with --key k, they are not taken twice.")


def test_a_gateway_that_is_busy_is_asked_again_with_the_same_key(saga: Saga, gateway: StubGateway) -> None:
    busy = Answer(503, {"title": "Too many", "detail": "wait"}, {"Retry-After": "0"})
    gateway.on("POST /v1/orders", busy, busy, Answer(202, TAKEN))

    assert saga("order", "start", *OPTIONS).stdout == "ord_a\n"
    assert len({one.headers["Idempotency-Key"] for one in gateway.asked}) == 1


def test_a_gateway_that_stays_busy_is_given_up(saga: Saga, gateway: StubGateway) -> None:
    gateway.on("POST /v1/orders", Answer(503, {"title": "Too many", "detail": "wait"}, {"Retry-After": "0"}))

    failure = failure_of(saga("order", "start", *OPTIONS))

    assert failure.code is ExitCode.CLUSTER_UNREACHABLE
    assert len(gateway.asked) == 4


@pytest.mark.parametrize(
    ("status", "code"),
    [("COMPLETED", 0), ("AWAITING_APPROVAL", 0), ("TRANSACTION_REVOKED", 1), ("MANUAL_INTERVENTION", 1)],
)
def test_waiting_ends_where_the_order_rests(saga: Saga, gateway: StubGateway, status: str, code: int) -> None:
    gateway.on("POST /v1/orders", Answer(202, TAKEN))
    gateway.on("GET /v1/orders/ord_a", Answer(200, ORDER), Answer(200, {**ORDER, "status": status}))

    result = saga("order", "start", *OPTIONS, "--wait")

    assert result.exit_code == code
    assert result.stdout == f"ord_a  paid  {status}\n"
    assert "ord_a" in result.stderr
    assert gateway.asked[1].headers["Prefer"] == "wait=25"


def test_what_does_not_come_in_time_has_a_code_of_its_own(saga: Saga, gateway: StubGateway) -> None:
    gateway.on("POST /v1/orders", Answer(202, TAKEN))
    gateway.on("GET /v1/orders/ord_a", Answer(200, ORDER))

    failure = failure_of(saga("order", "start", *OPTIONS, "--wait", "--timeout", "0.1"))

    assert failure.code is ExitCode.TIME_IS_UP
    assert failure.problem == "ord_a is paid RUNNING after 0.1 s."


def test_a_list_takes_as_many_pages_as_it_needs(saga: Saga, gateway: StubGateway) -> None:
    gateway.on(
        "GET /v1/orders",
        Answer(200, {"orders": [ORDER], "next_cursor": "c1"}),
        Answer(200, {"orders": [{**ORDER, "order_id": "ord_b", "reason": "a\x1b[31m\nb"}], "next_cursor": None}),
    )

    result = saga("order", "list", "--status", "RUNNING", "--customer", "17850", "--since", "2026-11-21", "-n", "300")

    header, first, second = result.stdout.splitlines()
    assert header.split() == ["ORDER", "CREATED", "CUSTOMER", "TOTAL", "LIFECYCLE", "STATUS", "REASON"]
    assert first.split() == ["ord_a", ORDER["created_at"], "17850", "35.64", "GBP", "paid", "RUNNING", "-"]
    assert second.endswith("a�[31m b")
    assert result.stderr == "2 orders\n"
    filters = "status=RUNNING&customer=17850&created_from=2026-11-21T00%3A00%3A00%2B00%3A00"
    assert [one.path for one in gateway.asked] == [
        f"/v1/orders?{filters}&limit=200",
        f"/v1/orders?{filters}&cursor=c1&limit=200",
    ]


def test_programs_get_a_list_as_one_document_or_by_the_line(saga: Saga, gateway: StubGateway) -> None:
    gateway.on("GET /v1/orders", Answer(200, {"orders": [ORDER, ORDER], "next_cursor": None}))

    assert json.loads(saga("order", "list", "--output", "json").stdout) == {"orders": [ORDER, ORDER]}
    lines = saga("order", "list", "--output", "jsonl")
    assert [json.loads(line) for line in lines.stdout.splitlines()] == [ORDER, ORDER]
    assert lines.stderr == ""


def test_the_steps_in_progress_of_an_order_are_shown_in_words(saga: Saga, gateway: StubGateway) -> None:
    capture = {
        "step": "capture-payment", "undo": False, "attempt": 2, "waits_for": "retry",
        "since": "2026-11-21T18:00:01.000Z", "elapsed_s": 1.5, "deadline": "2026-11-21T18:00:03.000Z",
    }  # fmt: skip
    release = {**capture, "step": "lock-inventory", "undo": True, "attempt": 1, "waits_for": "person", "deadline": None}
    order = {**ORDER, "elapsed_s": 2.0, "steps_in_progress": [capture, release]}
    gateway.on("GET /v1/orders/ord_a", Answer(200, order), Answer(200, order))

    told = saga("order", "show", "ord_a").stdout

    assert "capture-payment: attempt 2 waits 1.5 s for retry until 2026-11-21T18:00:03.000Z" in told
    assert "lock-inventory (undo): attempt 1 waits 1.5 s for person" in told
    assert json.loads(saga("order", "show", "ord_a", "-o", "json").stdout) == order


def test_one_order_is_shown_with_what_to_do_next(saga: Saga, gateway: StubGateway) -> None:
    gateway.on("GET /v1/orders/ord_a", Answer(200, ORDER))

    result = saga("order", "show", "ord_a")

    assert "status:            RUNNING\n" in result.stdout
    assert "current_steps:     pick, pack\n" in result.stdout
    assert "tracking_number" not in result.stdout
    assert result.stderr == "Why it is there: saga order explain ord_a\n"
    assert json.loads(saga("order", "show", "ord_a", "-o", "json").stdout) == ORDER


def test_what_was_refused_is_told_at_the_end_of_an_explanation(saga: Saga, gateway: StubGateway) -> None:
    refusal = {"at": "2026-11-21T18:00:00.000Z", "input": "cancel", "actor": "ann", "reason": "too late"}
    gateway.on("GET /v1/orders/ord_a/explain", Answer(200, {**EXPLANATION, "refused": [refusal]}))

    last = saga("order", "explain", "ord_a").stdout.splitlines()[-1]

    assert last == "refused:   cancel of ann at 2026-11-21T18:00:00.000Z: too late"


def test_a_stuck_order_explains_itself(saga: Saga, gateway: StubGateway) -> None:
    gateway.on("GET /v1/orders/ord_a/explain", Answer(200, EXPLANATION))

    assert saga("order", "explain", "ord_a").stdout.splitlines() == [
        "saga:      ord_a",
        "state:     validated RUNNING",
        "",
        "step:      capture",
        "attempt:   2",
        "waits for: payment, whose provider is not called now (circuit_open)",
        "since:     2026-11-21T18:00:00.000Z (5 min 7 s)",
        "cause:     circuit_open",
        "next:      the command of capture is sent again at 2026-11-21T18:05:30.000Z, and no attempt is spent",
        "when:      2026-11-21T18:05:30.000Z",
    ]
    assert json.loads(saga("order", "explain", "ord_a", "-o", "jsonl").stdout) == EXPLANATION


def test_a_history_has_a_line_an_event(saga: Saga, gateway: StubGateway) -> None:
    found = {"order_id": "ord_a", "events": [event(1, "SagaStarted"), event(2, "SagaCompleted", "COMPLETED")]}
    gateway.on("GET /v1/orders/ord_a/history", Answer(200, found))

    first, second = saga("order", "history", "ord_a").stdout.splitlines()
    assert first.split() == ["1", "2026-11-21T18:00:01.000Z", "paid", "RUNNING", "SagaStarted", "happened"]
    assert second.split()[3] == "COMPLETED"
    assert json.loads(saga("order", "history", "ord_a", "-o", "json").stdout) == found
    lines = saga("order", "history", "ord_a", "-o", "jsonl").stdout.splitlines()
    assert [json.loads(line)["sequence"] for line in lines] == [1, 2]


def test_following_comes_again_with_the_last_id_and_tells_nothing_twice(
    saga: Saga, gateway: StubGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cli.following._PAUSE_S", 0.0)
    one, two, three = event(1, "SagaStarted"), event(2, "StepScheduled"), event(2, "StepCompleted")
    last = event(3, "SagaCompleted", "COMPLETED")
    cut_short = ": still here\n\n" + sent(one, 1) + sent(two, None)
    busy = Answer(503, {"title": "Too many orders are watched", "detail": "200"})
    gateway.on(
        "GET /v1/orders/ord_a/events",
        Answer(200, cut_short),
        busy,
        Answer(200, sent(two, None) + sent(three, 2) + sent(last, 3)),
    )

    result = saga("order", "follow", "ord_a", "--output", "jsonl")

    assert [json.loads(line) for line in result.stdout.splitlines()] == [one, two, three, last]
    assert result.exit_code == 0
    assert [asked.headers["Last-Event-ID"] for asked in gateway.asked] == ["0", "1", "1"]


def test_following_what_ended_otherwise_exits_1(saga: Saga, gateway: StubGateway) -> None:
    gateway.on("GET /v1/orders/ord_a/events", Answer(200, sent(event(4, "SagaRevoked", "TRANSACTION_REVOKED"), 4)))

    assert saga("order", "follow", "ord_a", "--after", "3").exit_code == 1
    assert gateway.asked[-1].headers["Last-Event-ID"] == "3"


def test_following_what_has_been_told_to_its_end_asks_how_it_ended(saga: Saga, gateway: StubGateway) -> None:
    gateway.on("GET /v1/orders/ord_a/events", Answer(204, None))
    gateway.on("GET /v1/orders/ord_a", Answer(200, {**ORDER, "status": "COMPLETED"}))

    result = saga("order", "follow", "ord_a", "--after", "24")

    assert (result.exit_code, result.stdout) == (0, "")


def test_an_order_is_followed_from_where_it_was_sent(saga: Saga, gateway: StubGateway) -> None:
    gateway.on("POST /v1/orders", Answer(202, TAKEN))
    gateway.on("GET /v1/orders/ord_a/events", Answer(200, sent(event(1, "SagaCompleted", "COMPLETED"), 1)))

    result = saga("order", "start", *OPTIONS, "--follow")

    assert result.exit_code == 0
    assert result.stdout.split()[-2:] == ["SagaCompleted", "happened"]


def test_a_cancellation_says_who_and_why(saga: Saga, gateway: StubGateway) -> None:
    gateway.on("POST /v1/orders/ord_a/cancel", Answer(202, {"order_id": "ord_a", "status_url": "/v1/orders/ord_a"}))

    result = saga("order", "cancel", "ord_a", "--reason", "changed her mind", "--actor", "ann")

    assert gateway.asked[0].body == {"actor": "ann", "reason": "changed her mind"}
    assert result.stderr == "It is asked to stop. See what comes of it: saga order follow ord_a\n"


@pytest.mark.parametrize(
    ("arguments", "stdin"),
    [
        (("start",), None),
        (("start", "-", "--customer", "x"), "{}"),
        (("start", "-"), "{"),
        (("start", "-"), "[]"),
        (("start", "-"), "[1]"),
        (("start", "/nowhere/order.json"), None),
        (("start", "--customer", "x", "--address", "y", "--line", "85123A:six:2.55"), None),
        (("start", "--customer", "x", "--address", "y", "--line", "85123A:6:NaN"), None),
        (("start", "-", "--follow"), "[{}, {}]"),
        (("start", "-", "-o", "json"), "[{}, {}]"),
        (("list", "--since", "yesterday"), None),
    ],
)
def test_a_wrong_command_line_is_refused_before_anything_is_asked(
    saga: Saga, gateway: StubGateway, arguments: tuple[str, ...], stdin: str | None
) -> None:
    failure = failure_of(saga("order", *arguments, stdin=stdin))

    assert failure.code is ExitCode.USAGE
    assert failure.remedy
    assert gateway.asked == []
