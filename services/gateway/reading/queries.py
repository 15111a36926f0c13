"""What is asked of the read model besides single orders and pages: causes, positions, failures, approvals. Blocks."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import and_, or_, select
from sqlalchemy import column as sql_column
from sqlalchemy import table as sql_table

from services.gateway.read_model import ReadModel, Row

_PROJECTION = sql_table("projection", *map(sql_column, ("topic", "partition", "next_offset", "seen_offset")))
_EVENTS = sql_table(
    "order_events",
    *map(sql_column, ("saga_id", "sequence", "at_ms", "type", "step", "lifecycle", "status", "attempt", "detail")),
    sql_column("cause"),
)
_ORDERS = sql_table(
    "orders",
    *map(sql_column, ("order_id", "customer_id", "currency", "total_minor", "status", "created_at_ms", "sequence")),
    *map(sql_column, ("definition", "gates")),
)
_SAGAS = sql_table(
    "sagas",
    *map(sql_column, ("saga_id", "definition", "version", "data", "started_at_ms", "updated_at_ms", "sequence")),
    *map(sql_column, ("lifecycle", "status", "reason", "current_steps", "gates")),
)
AWAITING = "AWAITING_APPROVAL"


def positions(model: ReadModel, topic: str) -> dict[int, int]:
    """Return how far each partition of a topic is projected, markers of transactions included where they were seen."""
    rows = model.rows(select(_PROJECTION).where(_PROJECTION.c.topic == topic))
    return {row["partition"]: max(row["next_offset"], row["seen_offset"] or 0) for row in rows}


def has_effect(model: ReadModel, saga_id: str, cause: str) -> bool:
    """Tell whether an event that this input caused is in the read model."""
    query = select(_EVENTS.c.sequence).where(_EVENTS.c.saga_id == saga_id, _EVENTS.c.cause == cause).limit(1)
    return bool(model.rows(query))


def events_after(model: ReadModel, saga_id: str, sequence: int) -> list[Row]:
    """Return the events of a saga from the one with this sequence on, itself included."""
    query = select(_EVENTS).where(_EVENTS.c.saga_id == saga_id, _EVENTS.c.sequence >= sequence)
    return model.rows(query.order_by(_EVENTS.c.sequence))


def sequences(model: ReadModel, saga_ids: Sequence[str]) -> dict[str, int]:
    """Return the sequence of each of the sagas that the read model has; orders are sagas."""
    orders = model.rows(select(_ORDERS.c.order_id, _ORDERS.c.sequence).where(_ORDERS.c.order_id.in_(saga_ids)))
    found = {row["order_id"]: row["sequence"] for row in orders}
    others = [saga_id for saga_id in saga_ids if saga_id not in found]
    if others:
        rows = model.rows(select(_SAGAS.c.saga_id, _SAGAS.c.sequence).where(_SAGAS.c.saga_id.in_(others)))
        found |= {row["saga_id"]: row["sequence"] for row in rows}
    return found


def failures(model: ReadModel, start_ms: int, end_ms: int) -> list[Row]:
    """Return the failures of steps of orders from `start_ms` to before `end_ms`."""
    query = (
        select(_EVENTS.c.saga_id, _EVENTS.c.step, _EVENTS.c.detail)
        .where(_EVENTS.c.type == "StepFailed", _EVENTS.c.at_ms >= start_ms, _EVENTS.c.at_ms < end_ms)
        .where(_EVENTS.c.saga_id.in_(select(_ORDERS.c.order_id)))
    )
    return model.rows(query)


def gated(model: ReadModel, from_: tuple[int, str] | None, limit: int) -> list[Row]:
    """Return orders and other sagas that wait for a person's decision, newest first, from `from_` on.

    `order_id` is the id of each of them, `customer_id` and what else only orders have is missing in the others.
    """
    orders = select(
        *(_ORDERS.c[name] for name in ("order_id", "created_at_ms", "definition", "gates")),
        *(_ORDERS.c[name] for name in ("customer_id", "currency", "total_minor")),
    )
    others = select(
        _SAGAS.c.saga_id.label("order_id"),
        _SAGAS.c.started_at_ms.label("created_at_ms"),
        *(_SAGAS.c[name] for name in ("definition", "gates")),
    )
    found = []
    for query, at, key in (
        (orders.where(_ORDERS.c.gates != "[]"), _ORDERS.c.created_at_ms, _ORDERS.c.order_id),
        (others.where(_SAGAS.c.gates != "[]"), _SAGAS.c.started_at_ms, _SAGAS.c.saga_id),
    ):
        older = query if from_ is None else query.where(or_(at < from_[0], and_(at == from_[0], key <= from_[1])))
        found += model.rows(older.order_by(at.desc(), key.desc()).limit(limit))
    found.sort(key=lambda row: (row["created_at_ms"], row["order_id"]), reverse=True)
    return found[:limit]


def gates(model: ReadModel, saga_id: str) -> str | None:
    """Return what an order or another saga waits for a person to decide, as JSON; None where it is not known."""
    rows = model.rows(select(_ORDERS.c.gates).where(_ORDERS.c.order_id == saga_id))
    rows = rows or model.rows(select(_SAGAS.c.gates).where(_SAGAS.c.saga_id == saga_id))
    return rows[0]["gates"] if rows else None


def before_waiting(model: ReadModel, saga_ids: Sequence[str]) -> list[Row]:
    """Return the results that led each of the sagas to wait for signals, in their order.

    `awaited` is the sequence of the event with which a step began to wait.
    """
    awaited = _EVENTS.alias()
    query = (
        select(_EVENTS.c.saga_id, _EVENTS.c.sequence, _EVENTS.c.detail, awaited.c.sequence.label("awaited"))
        .join(awaited, and_(awaited.c.saga_id == _EVENTS.c.saga_id, awaited.c.cause == _EVENTS.c.cause))
        .where(_EVENTS.c.saga_id.in_(saga_ids), _EVENTS.c.type == "StepCompleted", awaited.c.type == "SignalAwaited")
        .where(_EVENTS.c.sequence < awaited.c.sequence)
    )
    return model.rows(query.order_by(_EVENTS.c.saga_id, _EVENTS.c.sequence))


def sagas(
    model: ReadModel, definition: str | None, status: str | None, before: tuple[int, str] | None, limit: int
) -> list[Row]:
    """Return sagas that are no orders, newest first, those older than `before` (started_at_ms, saga_id)."""
    query = select(_SAGAS)
    if definition is not None:
        query = query.where(_SAGAS.c.definition == definition)
    if status is not None:
        query = query.where(_SAGAS.c.status == status)
    if before is not None:
        at_ms, saga_id = before
        same_time = and_(_SAGAS.c.started_at_ms == at_ms, _SAGAS.c.saga_id < saga_id)
        query = query.where(or_(_SAGAS.c.started_at_ms < at_ms, same_time))
    return model.rows(query.order_by(_SAGAS.c.started_at_ms.desc(), _SAGAS.c.saga_id.desc()).limit(limit))
