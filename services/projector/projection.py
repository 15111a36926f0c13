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
    NewOrder,
    Order,
    Report,
    apply,
    event_row,
    new_order,
    report_of,
)
from services.projector.store import Batch

_log = logging.getLogger(__name__)
REMEMBERED = 50_000
"""How many orders are kept in memory, so that most batches read nothing from the database."""


class Orders(Protocol):
    """Where orders that are not remembered come from, and where batches go."""

    def orders(self, order_ids: Sequence[str]) -> dict[str, Order]:
        """Return those of the orders that the read model has."""

    def write(self, batch: Batch) -> None:
        """Write everything or nothing."""


class Projection:
    """The read model between two batches. After any error it is of no use: the process starts anew."""

    def __init__(self, store: Orders, codec: Codec, positions: dict[int, int]) -> None:
        self._store = store
        self._codec = codec
        self._positions = positions
        self._known: dict[str, Order] = {}

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
            definition = message.fields["meta"]["definition"]
            if definition in DEFINITIONS:
                messages.append(message)
            elif definition == REPORTING:
                report = report_of(message.name.partition(".")[2], message.fields["meta"], message.fields)
                if report is not None:
                    reports[report.date] = report
        self._recall(messages)
        created: list[NewOrder] = []
        changed: dict[str, Order] = {}
        events: list[EventRow] = []
        for message in messages:
            self._fold(message, created, changed, events)
        self._store.write(Batch(created, changed, events, positions, reports.values()))
        self._positions.update((partition, new) for partition, (_, new) in positions.items())
        self._forget()
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
        """Read the orders of the batch that are not in memory; ones that start in it need not be looked for."""
        known = self._known
        wanted: dict[str, None] = {}
        for message in messages:
            meta = message.fields["meta"]
            order = known.pop(meta["saga_id"], None)
            if order is not None:
                known[meta["saga_id"]] = order
            else:
                wanted[meta["saga_id"]] = None
        if wanted:
            known.update(self._store.orders(list(wanted)))

    def _fold(
        self, message: Message, created: list[NewOrder], changed: dict[str, Order], events: list[EventRow]
    ) -> None:
        kind, fields = message.name.partition(".")[2], message.fields
        meta: dict[str, Any] = fields.pop("meta")
        order_id = meta["saga_id"]
        order = self._known.get(order_id)
        if order is None:
            order = self._known[order_id] = Order()
        if meta["sequence"] <= order.sequence:
            return
        apply(order, kind, meta, fields)
        if kind == "SagaStarted":
            created.append(new_order(order_id, meta["at"], fields["data"]))
        changed[order_id] = order
        events.append(event_row(kind, meta, fields))

    def _forget(self) -> None:
        excess = len(self._known) - REMEMBERED
        if excess > 0:
            for order_id in [order_id for order_id, _ in zip(self._known, range(excess), strict=False)]:
                del self._known[order_id]
