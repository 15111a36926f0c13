"""How orders and their histories are shown over HTTP: pure functions from rows to documents."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import orjson

from schemas.cloudevents import rfc3339
from services.gateway import opaque
from services.gateway.fields import money_text
from services.gateway.orders import lines_form
from services.gateway.telling import sentence

ENGINE = "orchestrator"
"""Who acts where nobody else does."""
_MAX_CURSOR = 200


def order_view(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return an order of the read model."""
    total = row["total_minor"]
    return {
        "order_id": row["order_id"],
        "process": row.get("definition"),
        "reference": row["reference"],
        "customer_id": row["customer_id"],
        "currency": row["currency"],
        "total": None if total is None else money_text(total),
        "lifecycle": row["lifecycle"],
        "status": row["status"],
        "reason": row["reason"],
        "warehouse_id": row["warehouse_id"],
        "tracking_number": row["tracking_number"],
        "sequence": row["sequence"],
        "created_at": rfc3339(row["created_at_ms"]),
        "updated_at": rfc3339(row["updated_at_ms"]),
        "current_steps": orjson.loads(row["current_steps"]),
        "lines": lines_form(orjson.loads(row["lines"])),
    }


def submitted_view(order_id: str, created_at_ms: int, data: str) -> dict[str, Any]:
    """Return an order that Kafka has and the read model has not."""
    fields = orjson.loads(data)
    return order_view(
        {
            "order_id": order_id,
            "reference": fields["reference"],
            "customer_id": fields["customer_id"],
            "currency": fields["currency"],
            "total_minor": fields["total_minor"],
            "lifecycle": "pending",
            "status": "RUNNING",
            "reason": None,
            "warehouse_id": None,
            "tracking_number": None,
            "sequence": 0,
            "created_at_ms": created_at_ms,
            "updated_at_ms": created_at_ms,
            "current_steps": "[]",
            "lines": orjson.dumps(fields["lines"]),
        }
    )


def saga_view(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a saga of the read model that is no order."""
    return {
        "saga_id": row["saga_id"],
        "definition": row["definition"],
        "version": row["version"],
        "lifecycle": row["lifecycle"],
        "status": row["status"],
        "reason": row["reason"],
        "sequence": row["sequence"],
        "started_at": rfc3339(row["started_at_ms"]),
        "updated_at": rfc3339(row["updated_at_ms"]),
        "current_steps": orjson.loads(row["current_steps"]),
        "data": orjson.loads(row["data"]),
    }


def saga_of_order_view(order: Mapping[str, Any], events: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return an order as the saga that it is; its events know the definition, and its version."""
    started = orjson.loads(events[0]["detail"])
    moves = [orjson.loads(event["detail"])["version"] for event in events if event["type"] == "SagaMigrated"]
    version = [started.get("version"), *moves][-1]
    known = {"definition": started.get("definition"), "version": version, "data": "{}"}
    return saga_view({**order, **known, "saga_id": order["order_id"], "started_at_ms": order["created_at_ms"]})


def submitted_saga_view(saga_id: str, created_at_ms: int, asked: str) -> dict[str, Any]:
    """Return a saga that Kafka has and the read model has not."""
    fields = orjson.loads(asked)
    return saga_view(
        {
            "saga_id": saga_id,
            "definition": fields["definition"],
            "version": fields["version"],
            "lifecycle": "",
            "status": "SUBMITTED",
            "reason": None,
            "sequence": 0,
            "started_at_ms": created_at_ms,
            "updated_at_ms": created_at_ms,
            "current_steps": "[]",
            "data": orjson.dumps(fields["data"]),
        }
    )


class Told(NamedTuple):
    """What entries of a history need of those before them."""

    state: dict[str, Any] | None = None
    version: int | None = None
    cause: str | None = None
    actor: str = ENGINE


def history_view(order_id: str, rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the events of an order; a local step, done in one go, shows as started and completed."""
    return {"order_id": order_id, "events": entries_of(rows, Told())[0]}


def entries_of(rows: Sequence[Mapping[str, Any]], told: Told) -> tuple[list[dict[str, Any]], Told]:
    """Return the entries of further events, and what those after them need.

    What an input leads to is the deed of its actor, as in the audit trail: the events of one cause share it.
    """
    events: list[dict[str, Any]] = []
    for row in rows:
        detail = orjson.loads(row["detail"])
        same = row["cause"] is not None and row["cause"] == told.cause
        actor = detail.get("actor") or (told.actor if same else ENGINE)
        named = row["type"] in ("SagaStarted", "SagaMigrated")
        version = detail.get("version", told.version) if named else told.version
        after = {"lifecycle": row["lifecycle"], "status": row["status"]}
        entry = {
            "sequence": row["sequence"],
            "at": rfc3339(row["at_ms"]),
            "type": row["type"],
            "step": row["step"],
            "from": told.state,
            "to": after,
            "attempt": row["attempt"],
            "actor": actor,
            "version": version,
            "summary": sentence(row["type"], row["step"], row["attempt"], detail),
            "detail": detail,
        }
        if row["type"] == "StepCompleted" and detail.get("local"):
            begun = {"type": "StepScheduled", "summary": f"{row['step']} begins", "detail": {"local": True}}
            events.append({**entry, **begun, "to": told.state or after})
        events.append(entry)
        told = Told(after, version, row["cause"], actor)
    return events, told


def cursor_of(row: Mapping[str, Any]) -> str:
    """Return the opaque cursor that continues after a row."""
    return opaque.written(row["created_at_ms"], row["order_id"])


def read_cursor(cursor: str) -> tuple[int, str] | None:
    """Return what a cursor of ours says, None for anything else."""
    match opaque.read(cursor, _MAX_CURSOR):
        case [int(at_ms), str(order_id)]:
            return at_ms, order_id
        case _:
            return None
