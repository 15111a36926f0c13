"""`saga dlq`: what it asks the gateway, what it prints for people and for programs, and how it ends."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar

import pytest
from typer.testing import CliRunner, Result

from cli.app import app
from cli.failure import ExitCode, Failure

LETTER = {
    "id": "0-17",
    "at": "2026-11-21T18:00:00.000Z",
    "saga_id": "ord_a",
    "kind": "record",
    "code": "undecodable",
    "detail": "no schema id\n" + "x" * 100,
    "step": None,
    "origin": {"topic": "saga.replies", "partition": 2, "offset": 41},
    "value_bytes": 8,
    "state": "open",
    "parked": True,
    "attempts": 0,
    "decided_by": None,
    "reason": None,
    "decided_at": None,
    "url": "/v1/dead-letters/0-17",
}
WHOLE = {
    **LETTER,
    "waiting": [
        {"record": "saga.replies:2:41", "code": "undecodable", "detail": "", "since": "t", "dead_letter": "0-17"},
        {"record": "saga.inputs:0:7", "code": "behind", "detail": "", "since": "t", "dead_letter": None},
    ],
    "next": "Redrive it once the cause is mended.",
}
TAKEN = {"id": "0-17", "action": "redrive", "would": "the record is handled", "status_url": "/v1/dead-letters/0-17"}
DRY = {
    "id": "0-17",
    "action": "redrive",
    "dry_run": True,
    "would": "it stays where it is",
    "decodable": False,
    "undecodable": "no schema id",
    "saga": {"saga_id": "ord_a", "lifecycle": "paid", "status": "RUNNING"},
    "waiting": 2,
}


class _Handler(BaseHTTPRequestHandler):
    """Answers as a gateway with more letters than fit a page would."""

    asked: ClassVar[list[tuple[str, Any, str | None]]] = []

    def do_GET(self) -> None:
        self.asked.append((self.path, None, None))
        if "?" not in self.path:
            self._answer(200 if self.path.endswith("/0-17") else 404, WHOLE)
        elif "cursor=next" in self.path:
            self._answer(200, {"dead_letters": [{**LETTER, "id": "0-1", "parked": False}], "next_cursor": None})
        else:
            self._answer(200, {"dead_letters": [LETTER], "next_cursor": "next"})

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.asked.append((self.path, body, self.headers["Idempotency-Key"]))
        if body["reason"] == "late":
            self._answer(409, {"title": "Somebody decided about that dead letter", "detail": "bob was faster"})
        else:
            self._answer(*((200, DRY) if body.get("dry_run") else (202, TAKEN)))

    def _answer(self, status: int, document: Any) -> None:
        self.send_response(status)
        self.end_headers()
        self.wfile.write(json.dumps(document).encode())

    def log_message(self, *_about: object) -> None:
        """Say nothing."""


@pytest.fixture
def gateway() -> Iterator[str]:
    """Give the address of a gateway."""
    _Handler.asked.clear()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    thread.join()
    server.server_close()


def dlq(gateway: str, *arguments: str) -> Result:
    return CliRunner().invoke(app, ["dlq", *arguments, "--gateway", gateway])


def test_people_get_a_table_and_what_to_do_next(gateway: str) -> None:
    result = dlq(gateway, "list", "--saga", "ord_a", "--state", "open")
    header, first, second = result.stdout.splitlines()
    assert header.split() == ["ID", "AT", "STATE", "SAGA", "CODE", "ORIGIN", "DETAIL"]
    assert first.startswith("0-17  2026-11-21T18:00:00.000Z  open, saga waits  ord_a  undecodable  saga.replies:2:41")
    assert first.endswith("x…")
    assert second.startswith("0-1 ")
    assert result.stderr == "2 dead letters, 2 open; begin with the oldest: saga dlq show 0-1\n"
    assert [path for path, _, _ in _Handler.asked] == [
        "/v1/dead-letters?saga_id=ord_a&state=open&limit=50",
        "/v1/dead-letters?saga_id=ord_a&state=open&cursor=next&limit=49",
    ]


def test_programs_get_json_on_stdout_alone(gateway: str) -> None:
    lines = dlq(gateway, "list", "--output", "jsonl").stdout.splitlines()
    assert [json.loads(line)["id"] for line in lines] == ["0-17", "0-1"]
    whole = json.loads(dlq(gateway, "list", "--output", "json").stdout)
    assert [letter["id"] for letter in whole["dead_letters"]] == ["0-17", "0-1"]
    assert json.loads(dlq(gateway, "list", "-n", "1", "--output", "jsonl").stdout)["id"] == "0-17"
    assert json.loads(dlq(gateway, "show", "0-17", "--output", "json").stdout) == WHOLE


def test_a_letter_is_shown_with_its_queue_and_what_can_be_done(gateway: str) -> None:
    shown = dlq(gateway, "show", "0-17").stdout
    assert "ord_a waits for, in this order:\n  saga.replies:2:41" in shown
    assert "dead letter 0-17\n  saga.inputs:0:7" in shown
    assert "next:          Redrive it once the cause is mended.\n" in shown
    assert shown.endswith("saga dlq redrive 0-17 --dry-run\n")


def test_a_dry_run_tells_what_would_happen(gateway: str) -> None:
    result = dlq(gateway, "redrive", "0-17", "--dry-run", "--actor", "ann")
    assert result.stdout.splitlines() == [
        "would happen:  it stays where it is",
        "readable now:  no: no schema id",
        "saga:          ord_a, paid RUNNING",
        "waiting:       2 records",
    ]
    assert result.stderr == "Nothing was changed. Without --dry-run it is done: saga dlq redrive 0-17\n"
    assert _Handler.asked[0][:2] == (
        "/v1/dead-letters/0-17/redrive",
        {"actor": "ann", "reason": "", "dry_run": True},
    )


@pytest.mark.parametrize("action", ["redrive", "resolve"])
def test_a_decision_carries_who_why_and_a_key(gateway: str, action: str) -> None:
    result = dlq(gateway, action, "0-17", "--reason", "seen", "--actor", "ann", "--key", "k1")
    assert result.exit_code == 0
    assert result.stderr == "See what came of it: saga dlq show 0-17\n"
    assert _Handler.asked == [(f"/v1/dead-letters/0-17/{action}", {"actor": "ann", "reason": "seen"}, "k1")]


def failure_of(result: Result) -> Failure:
    assert isinstance(result.exception, Failure)
    return result.exception


def test_what_the_gateway_refuses_says_why_and_what_to_do(gateway: str) -> None:
    failure = failure_of(dlq(gateway, "redrive", "0-17", "--reason", "late"))
    assert (failure.code, failure.problem) == (
        ExitCode.CHECK_FAILED,
        "Somebody decided about that dead letter: bob was faster.",
    )
    assert failure.remedy.startswith("`saga dlq list` shows the dead letters there are, `saga dlq show ID` ")
    assert failure_of(dlq(gateway, "show", "0-99")).code == ExitCode.CHECK_FAILED


def test_a_wrong_command_line_and_a_gateway_that_is_not_there_have_codes_of_their_own(gateway: str) -> None:
    assert dlq(gateway, "resolve", "0-17").exit_code == ExitCode.USAGE
    assert dlq(gateway, "list", "--state", "closed").exit_code == ExitCode.USAGE
    assert failure_of(dlq("http://127.0.0.1:1", "list")).code == ExitCode.CLUSTER_UNREACHABLE
