"""Events of orders as the orchestrator would write them, and a projector to read them with."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import count
from typing import Any

import orjson

from schemas.codec import Codec
from services.feed import Entry
from services.participant.database import Database
from services.projector.projection import Projection
from services.projector.store import Store

CODEC = Codec()
TOPIC = "saga.events"
BORN_MS = 1_700_000_000_000
DATA = {
    "customer_id": "17850",
    "currency": "GBP",
    "total_minor": 1530,
    "payment_method": "pm_card_ok",
    "lines": [{"sku": "85123A", "description": "HEART", "quantity": 6, "unit_price_minor": 255}],
    "shipping": {"method": "standard", "country": "United Kingdom", "address": "1 High St"},
    "reference": "536365",
}
_SCHEDULED = {"command_id": "c", "token": "t", "command": "x.Y", "topic": "x.commands"}


class Story:
    """The events of one order, one after another, as record values."""

    def __init__(self, order_id: str, born_ms: int = BORN_MS, definition: str = "order-fulfillment") -> None:
        self.order_id = order_id
        self.values: list[bytes] = []
        self._at = born_ms
        self._definition = definition
        self.lifecycle = "pending"
        self.status = "RUNNING"

    def event(self, kind: str, /, **fields: Any) -> Story:
        """Add an event; `lifecycle` and `status` among the fields change the order's state, `after_ms` moves time."""
        self.lifecycle = fields.pop("lifecycle", self.lifecycle)
        self.status = fields.pop("status", self.status)
        self._at += fields.pop("after_ms", 1)
        cause = fields.pop("cause", "a test")
        meta = {
            "saga_id": self.order_id,
            "sequence": len(self.values) + 1,
            "at": self._at,
            "definition": self._definition,
            "version": 1,
            "lifecycle": self.lifecycle,
            "status": self.status,
            "cause": cause,
        }
        self.values.append(CODEC.encode(f"saga.{kind}", {"meta": meta, **fields}))
        return self

    def started(self, **data: Any) -> Story:
        """Add the start and the validation."""
        text = orjson.dumps({"order_id": self.order_id, **DATA, **data}).decode()
        self.event("SagaStarted", data=text, parameters="{}")
        return self.completed("validate", local=True, lifecycle="validated")

    def awaiting_approval(self) -> Story:
        """Add that a person is to approve."""
        asked = {"step": "approval", "signals": ["approve", "reject"]}
        return self.event("SignalAwaited", **asked, status="AWAITING_APPROVAL")

    def scheduled(self, step: str, undo: bool = False, **state: str) -> Story:
        """Add a command."""
        return self.event("StepScheduled", step=step, undo=undo, attempt=0, **_SCHEDULED, **state)

    def completed(self, step: str, output: str = "{}", undo: bool = False, local: bool = False, **state: str) -> Story:
        """Add a result."""
        return self.event("StepCompleted", step=step, undo=undo, attempt=0, output=output, local=local, **state)

    def shipped(self) -> Story:
        """Add everything from the start to the end of an order without trouble."""
        self.started().scheduled("lock-inventory")
        self.completed("lock-inventory", '{"warehouse_id": "LDN"}', status="Inventory_Locked")
        self.scheduled("capture-payment").completed("capture-payment", lifecycle="paid", status="RUNNING")
        self.scheduled("ship")
        self.completed("ship", '{"tracking_number": "SL1"}', lifecycle="shipped")
        return self.event("SagaCompleted", output="{}", status="COMPLETED")


def entries(*stories: Story, partition: int = 0, first: int = 0) -> list[Entry]:
    """Return the records of several orders, taken turn by turn, with offsets that leave gaps as markers do."""
    turns = max(len(story.values) for story in stories)
    values = [story.values[turn] for turn in range(turns) for story in stories if turn < len(story.values)]
    return [Entry(partition, first + 2 * number, value) for number, value in zip(count(), values)]


@contextmanager
def projector(url: str, partitions: Sequence[int] = (0,)) -> Iterator[tuple[Projection, dict[int, int]]]:
    """Run a projector over a migrated database; gives the positions it began at too."""
    database = Database(url)
    try:
        store = Store(database, TOPIC)
        positions = store.open(partitions)
        yield Projection(store, CODEC, dict(positions)), positions
    finally:
        database.close()
