"""Whoever looks at a saga that waits for a person is told what for, until when, and what to type."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from cli.failure import ExitCode
from tests.unit.cli.conftest import Saga
from tests.unit.cli.stub_gateway import EXPLANATION, ORDER, Answer, StubGateway, event, sent

UNTIL = "2026-11-24T18:00:02.000Z"
ASKED, DONE = event(2, "SignalAwaited", "AWAITING_APPROVAL"), event(3, "SagaCompleted", "COMPLETED")
STREAM = Answer(200, "".join(sent(one, number) for number, one in enumerate((event(1, "SagaStarted"), ASKED, DONE), 1)))


def wait(kind: str = "signal", step: str = "approval", **more: Any) -> dict[str, Any]:
    return {
        "kind": kind, "step": step, "undo": False, "attempt": 1, "since": ASKED["at"], "for_s": 1.0, "until": UNTIL,
        "cause": None, "what": "a person or a program to send approve or reject", "next": "x",
        "signals": ["approve", "reject"] if kind == "signal" else [], **more,
    }  # fmt: skip


def explains(*waits: dict[str, Any], saga_id: str = "ord_a") -> Answer:
    return Answer(200, {**EXPLANATION, "saga_id": saga_id, "waits": list(waits)})


HINT = [
    f"ord_a, step approval, waits for a person or a program to send approve or reject until {UNTIL}. Decide:",
    "  saga approval approve ord_a",
    "  saga approval reject ord_a",
]


@pytest.mark.parametrize("output", ["table", "json", "jsonl"])
def test_following_says_once_and_on_stderr_what_is_to_decide(saga: Saga, gateway: StubGateway, output: str) -> None:
    gateway.on("GET /v1/orders/ord_a/events", STREAM)
    gateway.on("GET /v1/orders/ord_a/explain", explains(wait()))

    result = saga("order", "follow", "ord_a", "-o", output)

    assert result.stderr.splitlines() == HINT
    lines = result.stdout.splitlines()
    assert len(lines) == 3
    if output != "table":
        assert [json.loads(line)["type"] for line in lines] == ["SagaStarted", "SignalAwaited", "SagaCompleted"]


def test_what_has_been_decided_since_is_not_asked_for(saga: Saga, gateway: StubGateway) -> None:
    gateway.on("GET /v1/orders/ord_a/events", STREAM)
    gateway.on("GET /v1/orders/ord_a/explain", explains(wait(since="2026-11-21T18:07:00.000Z")))

    assert saga("order", "follow", "ord_a").stderr == ""


def test_who_comes_after_the_event_is_told_all_the_same(saga: Saga, gateway: StubGateway) -> None:
    gateway.on("GET /v1/orders/ord_a/events", Answer(200, sent(DONE, 3)))
    gateway.on("GET /v1/orders/ord_a/explain", explains(wait()))

    assert saga("order", "follow", "ord_a", "--after", "2").stderr.splitlines() == HINT


def test_following_goes_on_where_the_gateway_cannot_explain(saga: Saga, gateway: StubGateway) -> None:
    gateway.on("GET /v1/orders/ord_a/events", STREAM)

    result = saga("order", "follow", "ord_a")

    assert result.exit_code == ExitCode.OK
    assert result.stderr == "It may wait for a person; what for: saga order explain ord_a\n"


def test_a_saga_that_is_followed_or_sent_says_so_too(saga: Saga, gateway: StubGateway) -> None:
    gateway.on("GET /v1/sagas/sag_a/history", Answer(200, {"saga_id": "sag_a", "events": [ASKED, DONE]}))
    gateway.on("GET /v1/sagas/sag_a/explain", explains(wait(signals=["go"]), saga_id="sag_a"))
    assert saga("saga", "follow", "sag_a").stderr.splitlines()[-1] == "  saga saga signal sag_a go"

    gateway.on("POST /v1/orders", Answer(202, {"order_id": "ord_a"}))
    gateway.on("GET /v1/orders/ord_a/events", STREAM)
    gateway.on("GET /v1/orders/ord_a/explain", explains(wait()))
    told = saga("order", "start", "-", "--follow", stdin='{"n": 1}').stderr.splitlines()
    assert told == ["ord_a is taken", *HINT]


KINDS: dict[str, tuple[list[dict[str, Any]], list[str]]] = {
    "an approval": ([wait()], ["saga approval approve ord_a", "saga approval reject ord_a"]),
    "other words for it": (
        [wait(signals=["confirm", "refuse"])],
        ["saga approval approve ord_a", "saga approval reject ord_a"],
    ),
    "a no without a yes": ([wait(signals=["reject"])], ["saga saga signal ord_a reject"]),
    "a signal": (
        [wait(signals=["go", "stop now"])],
        ["saga saga signal ord_a go", "saga saga signal ord_a 'stop now'"],
    ),
    "a word more than yes and no": (
        [wait(signals=["approve", "postpone"])],
        ["saga approval approve ord_a", "saga saga signal ord_a postpone"],
    ),
    "several approvals": (
        [wait(step="a/0/x", signals=["approve"]), wait(step="b", signals=["approve"])],
        ["saga approval approve ord_a --step a/0/x", "saga approval approve ord_a --step b"],
    ),
    "the same signal twice": (
        [wait(step="a", signals=["go"]), wait(step="b", signals=["go"])],
        ["saga saga signal ord_a go --step a", "saga saga signal ord_a go --step b"],
    ),
    "a step that failed for good": (
        [wait("person", "ship", until=None)],
        ["saga saga resolve ord_a retry --step ship", "saga saga resolve ord_a skip --step ship --reason WHY"],
    ),
    "a record": ([wait("parked-record", "")], ["saga dlq list --saga ord_a --state open"]),
    "a timer": ([wait("timer", "sleep")], []),
    "a reply": ([wait("reply", "pay")], []),
}


@pytest.mark.parametrize(("waits", "expected"), KINDS.values(), ids=list(KINDS))
def test_explain_names_the_commands_that_end_each_wait(
    saga: Saga, gateway: StubGateway, waits: list[dict[str, Any]], expected: list[str]
) -> None:
    gateway.on("GET /v1/orders/ord_a/explain", explains(*waits))
    lines = saga("order", "explain", "ord_a").stdout.splitlines()
    assert [line.split(maxsplit=1)[1] for line in lines if line.startswith("command:")] == expected


def test_show_says_what_to_type_where_it_waits_for_a_person(saga: Saga, gateway: StubGateway) -> None:
    gateway.on("GET /v1/orders/ord_a", Answer(200, {**ORDER, "status": "AWAITING_APPROVAL"}))
    gateway.on("GET /v1/orders/ord_a/explain", explains(wait()))
    assert saga("order", "show", "ord_a").stderr.splitlines() == HINT
    assert saga("order", "show", "ord_a", "-o", "json").stderr == ""

    gateway.on("GET /v1/sagas/sag_a", Answer(200, {"saga_id": "sag_a", "status": "RUNNING"}))
    gateway.on("GET /v1/sagas/sag_a/explain", explains(wait(signals=["go"]), saga_id="sag_a"))
    assert saga("saga", "show", "sag_a").stderr.splitlines()[-1] == "  saga saga signal sag_a go"
    gateway.on("GET /v1/sagas/sag_a/explain", explains(wait("reply"), saga_id="sag_a"))
    assert saga("saga", "show", "sag_a").stderr == "Why it is there: saga saga explain sag_a\n"


def test_commands_reach_the_gateway_that_this_one_reached(
    saga: Saga, gateway: StubGateway, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gateway.on("GET /v1/orders/ord_a", Answer(200, {**ORDER, "status": "AWAITING_APPROVAL"}))
    gateway.on("GET /v1/orders/ord_a/explain", explains(wait()))
    monkeypatch.delenv("SAGA_GATEWAY")
    told = saga("order", "show", "ord_a", "--gateway", gateway.url).stderr.splitlines()
    assert told[-1] == f"  saga approval reject ord_a --gateway {gateway.url}"

    (tmp_path / "dev.json").write_text(json.dumps({"gateway": gateway.url}))
    told = saga("order", "show", "ord_a", "--data", str(tmp_path)).stderr.splitlines()
    assert told[-1] == f"  saga approval reject ord_a --data {tmp_path}"
