"""A gateway that answers as it is told, and remembers what it was asked."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple

ORDER = {
    "order_id": "ord_a",
    "process": "order-fulfillment",
    "reference": None,
    "customer_id": "17850",
    "currency": "GBP",
    "total": "35.64",
    "lifecycle": "paid",
    "status": "RUNNING",
    "reason": None,
    "warehouse_id": "W1",
    "tracking_number": None,
    "sequence": 9,
    "created_at": "2026-11-21T18:00:00.000Z",
    "updated_at": "2026-11-21T18:00:01.000Z",
    "current_steps": ["pick", "pack"],
    "lines": [{"sku": "85123A", "description": "", "quantity": 6, "unit_price": "2.55"}],
}
APPROVAL = {
    "id": "ord_a",
    "order_id": "ord_a",
    "saga_id": "ord_a",
    "definition": "order-fulfillment",
    "customer_id": "17850",
    "amount": "135.64",
    "currency": "GBP",
    "reason": "an order of 135.64 GBP takes a person's approval",
    "step": "approve",
    "signals": ["approve", "reject"],
    "approve": "approve",
    "reject": "reject",
    "given": None,
    "since": "2026-11-21T18:00:00.000Z",
    "expires": None,
    "status_url": "/v1/orders/ord_a",
}
EXPLANATION = {
    "saga_id": "ord_a",
    "state": {"lifecycle": "validated", "status": "RUNNING"},
    "reason": None,
    "way": "is running",
    "summary": "It is running. Step capture waits since 18:00 for payment.",
    "waits": [
        {
            "kind": "open-circuit",
            "step": "capture",
            "undo": False,
            "attempt": 2,
            "since": "2026-11-21T18:00:00.000Z",
            "for_s": 307.2,
            "until": "2026-11-21T18:05:30.000Z",
            "cause": "circuit_open",
            "what": "payment, whose provider is not called now (circuit_open)",
            "next": "the command of capture is sent again at 2026-11-21T18:05:30.000Z, and no attempt is spent",
        }
    ],
    "stale": False,
}


def event(sequence: int, kind: str, status: str = "RUNNING") -> dict[str, Any]:
    """Return an entry of a history."""
    state = {"lifecycle": "paid", "status": status}
    at = f"2026-11-21T18:00:{sequence:02}.000Z"
    return {"sequence": sequence, "at": at, "type": kind, "to": state, "summary": f"{kind} happened"}


def sent(entry: Mapping[str, Any], number: int | None) -> str:
    """Return an entry as a server-sent event; only the last of those with one sequence has an id."""
    head = "" if number is None else f"id: {number}\n"
    return f"{head}event: {entry['type']}\ndata: {json.dumps(entry)}\n\n"


class Answer(NamedTuple):
    """What is answered once, or for ever where it is the last: a document, or text as it is."""

    status: int
    body: object
    headers: Mapping[str, str] = {}


class Asked(NamedTuple):
    """What the gateway was asked."""

    method: str
    path: str
    body: Any
    headers: Mapping[str, str]


@dataclass(slots=True)
class StubGateway:
    """Its address, what it answers by method and path without the query, and what it was asked."""

    url: str = ""
    answers: dict[str, list[Answer]] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)

    def on(self, route: str, *answers: Answer) -> None:
        """Have a route such as `GET /v1/orders` answer these, one after the other, the last for ever."""
        self.answers[route] = list(answers)

    def next_answer(self, route: str) -> Answer:
        """Return what to answer now."""
        known = self.answers.get(route)
        if known is None:
            return Answer(404, {"title": "There is nothing here", "detail": route})
        return known.pop(0) if len(known) > 1 else known[0]


@contextmanager
def running() -> Iterator[StubGateway]:
    """Give a gateway on a free port."""
    stub = StubGateway()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(stub))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    stub.url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield stub
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _handler(stub: StubGateway) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer("GET", None)

        def do_POST(self) -> None:
            self._answer("POST", json.loads(self.rfile.read(int(self.headers["Content-Length"]))))

        def _answer(self, method: str, body: Any) -> None:
            stub.asked.append(Asked(method, self.path, body, dict(self.headers)))
            answer = stub.next_answer(f"{method} {self.path.partition('?')[0]}")
            self.send_response(answer.status)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            self.end_headers()
            if answer.status != 204:
                self.wfile.write((answer.body if isinstance(answer.body, str) else json.dumps(answer.body)).encode())

        def log_message(self, *_about: object) -> None:
            """Say nothing."""

    return Handler
