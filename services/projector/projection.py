"""Turns batches of records into read-model batches: decodes, drops what was seen, remembers recent orders."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any, Protocol

from schemas.codec import Codec, Message, Undecodable
from services.feed import Entry
from services.projector.fold import (
    DEFINITIONS,
    REPORTING,
    EventRow,
    Order,
    Report,
    apply,
    event_row,
    new_order,
    new_saga,
    report_of,
)
from services.projector.store import Batch, Rows

_log = logging.getLogger(__name__)
REMEMBERED = 50_000
"""How many sagas are kept in memory, so that most batches read nothing from the database."""


class Orders(Protocol):
    """Where sagas that are not remembered come from, and where batches go."""

    def orders(self, order_ids: Sequence[str]) -> dict[str, Order]:
        """Return those of the orders that the read model has."""

    def sagas(self, saga_ids: Sequence[str]) -> dict[str, Order]:
        """Return those of the other sagas that the read model has."""

    def write(self, batch: Batch) -> None:
        """Write everything or nothing."""


class Projection:
    """The read model between two batches. After any error it is of no use: the process starts anew."""

    def __init__(self, store: Orders, codec: Codec, positions: dict[int, int]) -> None:
        self._store = store
        self._codec = codec
        self._positions = positions
        self._known: dict[str, Order] = {}
        self.newest_at_ms: int | None = None
        """When the newest event was decided that this projection has written; None before the first."""

    def project(self, entries: Sequence[Entry]) -> int:
        """Write what the records say, and return how many events were new. Raises Gap and Conflict."""
        positions: dict[int, tuple[int, int]] = {}
        messages, reports = [], dict[str, Report]()
        for entry in entries:
            old = positions.get(entry.partition, (self._positions[entry.partition],))[0]
            positions[entry.partition] = (old, entry.offset + 1)
            message = self._decode(entry)
            if message is None:
                continue
            messages.append(message)
            if message.fields["meta"]["definition"] == REPORTING:
                report = report_of(message.name.partition(".")[2], message.fields["meta"], message.fields)
                if report is not None:
                    reports[report.date] = report
        self._recall(messages)
        orders, sagas, events = Rows(), Rows(), list[EventRow]()
        for message in messages:
            is_order = message.fields["meta"]["definition"] in DEFINITIONS
            self._fold(message, orders if is_order else sagas, events, is_order=is_order)
        self._store.write(Batch(orders, sagas, events, positions, reports.values()))
        self._positions.update((partition, new) for partition, (_, new) in positions.items())
        self._forget()
        if events:
            self.newest_at_ms = max(self.newest_at_ms or 0, *(event.at_ms for event in events))
        return len(events)

    def _decode(self, entry: Entry) -> Message | None:
        try:
            message = self._codec.decode(entry.value)
        except Undecodable as error:
            _log.error(
                "skipped a record that is no event",
                extra={"partition": entry.partition, "offset": entry.offset, "why": str(error)},
            )
            return None
        return message if "sequence" in message.fields.get("meta", {}) else None

    def _recall(self, messages: Sequence[Message]) -> None:
        """Read the sagas of the batch that are not in memory; ones that start in it need not be looked for."""
        known = self._known
        orders: dict[str, None] = {}
        others: dict[str, None] = {}
        for message in messages:
            meta = message.fields["meta"]
            order = known.pop(meta["saga_id"], None)
            if order is not None:
                known[meta["saga_id"]] = order
            else:
                wanted = orders if meta["definition"] in DEFINITIONS else others
                wanted[meta["saga_id"]] = None
        if orders:
            known.update(self._store.orders(list(orders)))
        if others:
            known.update(self._store.sagas(list(others)))

    def _fold(self, message: Message, rows: Rows, events: list[EventRow], *, is_order: bool) -> None:
        kind, fields = message.name.partition(".")[2], message.fields
        meta: dict[str, Any] = fields.pop("meta")
        saga_id = meta["saga_id"]
        order = self._known.get(saga_id)
        if order is None:
            if not is_order and meta["sequence"] > 1:
                return  # it started before this read model took in sagas like it; a rebuild brings it
            order = self._known[saga_id] = Order()
        if meta["sequence"] <= order.sequence:
            return
        apply(order, kind, meta, fields)
        if kind == "SagaStarted":
            made = new_order(meta, fields["data"]) if is_order else new_saga(meta, fields["data"])
            rows.created[saga_id] = made
        elif kind == "SagaMigrated":
            rows.versions[saga_id] = fields["version"]
        rows.changed[saga_id] = order
        events.append(event_row(kind, meta, fields))

    def _forget(self) -> None:
        excess = len(self._known) - REMEMBERED
        if excess > 0:
            for order_id in [order_id for order_id, _ in zip(self._known, range(excess), strict=False)]:
                del self._known[order_id]
