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
)
_SAGAS = sql_table(
    "sagas",
    *map(sql_column, ("saga_id", "definition", "version", "data", "started_at_ms", "updated_at_ms", "sequence")),
    *map(sql_column, ("lifecycle", "status", "reason", "current_steps")),
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


def awaiting(model: ReadModel, before: tuple[int, str] | None, limit: int) -> list[Row]:
    """Return orders that wait for an approval, newest first, those older than `before` (created_at_ms, order_id)."""
    query = select(_ORDERS).where(_ORDERS.c.status == AWAITING)
    if before is not None:
        at_ms, order_id = before
        same_time = and_(_ORDERS.c.created_at_ms == at_ms, _ORDERS.c.order_id < order_id)
        query = query.where(or_(_ORDERS.c.created_at_ms < at_ms, same_time))
    return model.rows(query.order_by(_ORDERS.c.created_at_ms.desc(), _ORDERS.c.order_id.desc()).limit(limit))


def awaited(model: ReadModel, saga_ids: Sequence[str]) -> dict[str, Row]:
    """Return the event with which each of the sagas began to wait for a signal, the last one."""
    query = select(_EVENTS).where(_EVENTS.c.saga_id.in_(saga_ids), _EVENTS.c.type == "SignalAwaited")
    return {row["saga_id"]: row for row in model.rows(query.order_by(_EVENTS.c.saga_id, _EVENTS.c.sequence))}


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
