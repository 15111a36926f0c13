"""Which events somebody is told of, and what: a saga's business state has changed. Pure."""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping
from typing import Any, NamedTuple

import orjson

from schemas.cloudevents import rfc3339

FIRST_PAUSE_MS = 1_000
LONGEST_PAUSE_MS = 3_600_000
MAX_ATTEMPTS = 12
"""About four hours from the first attempt to the last."""
_GONE = 410


class Known(NamedTuple):
    """Whose a saga is, and how its last event left it; a row of `sagas`, in the order of its columns."""

    saga_id: str
    customer_id: str
    lifecycle: str
    status: str
    at_ms: int


class Notice(NamedTuple):
    """What a client is to be told. `message_id` is the same whenever the same event is told."""

    message_id: str
    customer_id: str
    body: bytes


def take_in(sagas: MutableMapping[str, Known], name: str, fields: Mapping[str, Any], since_ms: int) -> Notice | None:
    """Note how an event leaves its saga; return what is to be told where its state changed at `since_ms` or later."""
    meta = fields["meta"]
    saga_id, at_ms = meta["saga_id"], meta["at"]
    before = sagas.get(saga_id)
    customer_id = _customer(fields["data"]) if name == "saga.SagaStarted" else before and before.customer_id
    if not customer_id:
        return None
    now = Known(saga_id, customer_id, meta["lifecycle"], meta["status"], at_ms)
    sagas[saga_id] = now
    was = None if before is None else {"lifecycle": before.lifecycle, "status": before.status}
    to = {"lifecycle": now.lifecycle, "status": now.status}
    if to == was or at_ms < since_ms:
        return None
    about = {
        "saga_id": saga_id,
        "definition": meta["definition"],
        "sequence": meta["sequence"],
        "customer_id": customer_id,
        "from": was,
        "to": to,
    }
    body = {"type": "saga.state_changed", "timestamp": rfc3339(at_ms), "data": about}
    return Notice(f"{saga_id}_{meta['sequence']}".replace(".", "_"), customer_id, orjson.dumps(body))


def _customer(data: str) -> str | None:
    try:
        document = orjson.loads(data)
    except orjson.JSONDecodeError:
        return None
    customer_id = document.get("customer_id") if isinstance(document, dict) else None
    return customer_id if isinstance(customer_id, str) else None


class Outcome(NamedTuple):
    """What became of an attempt: the new state of the message, and when it is due again."""

    state: str
    due_ms: int
    problem: str


def outcome_of(attempts: int, status: int | None, problem: str, now_ms: int) -> Outcome:
    """Return what follows from attempt number `attempts`; `status` None: there was no HTTP answer."""
    if status is not None and 200 <= status < 300:
        return Outcome("done", now_ms, "")
    told = problem if status is None else f"status {status}"
    if status == _GONE or attempts >= MAX_ATTEMPTS:
        return Outcome("dead", now_ms, told)
    pause = min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (attempts - 1))
    return Outcome("waiting", now_ms + pause, told)
