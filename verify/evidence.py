"""What the oracle judges, as plain data: nothing here knows where it was read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

ORDER_DEFINITIONS = frozenset({"order-fulfillment", "order-fulfillment-payment-first"})
"""The definitions whose money, stock, shipments and messages the oracle knows; other sagas are checked as logs only."""

Outcome = Literal["COMPLETED", "REVOKED", "SUSPENDED", "HELD", "WAITING"]
"""HELD: the saga has not ended, and nothing happens until a person deals with a step or a record that waits.

WAITING: it has not ended, and all that it waits for is a signal, a time or a person, within the time it has for that.
"""

TERMINAL: Mapping[str, Outcome] = {
    "SagaCompleted": "COMPLETED",
    "SagaRevoked": "REVOKED",
    "SagaSuspended": "SUSPENDED",
}
"""Events that end a saga, and the outcome each stands for."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a record lies in the log."""

    topic: str
    partition: int
    offset: int

    def __str__(self) -> str:
        return f"{self.topic}/{self.partition}@{self.offset}"


@dataclass(frozen=True, slots=True)
class Event:
    """One record of saga.events; `name` is without its context, `fields` is everything but the meta."""

    saga_id: str
    sequence: int
    name: str
    lifecycle: str
    status: str
    at_ms: int
    definition: str
    version: int
    fields: Mapping[str, Any]
    place: Place
    cause: str = ""
    """The id of the input, reply or timer that led to it."""

    @property
    def step(self) -> str:
        """The step the event speaks of, or an empty text."""
        return str(self.fields.get("step", ""))

    @property
    def undo(self) -> bool:
        """Whether the event speaks of a step's compensation."""
        return bool(self.fields.get("undo", False))


@dataclass(frozen=True, slots=True)
class Command:
    """What a step sent: a record of a command topic, or the input of a child saga; `name` is without its context."""

    saga_id: str
    sequence: int
    command_id: str
    token: str
    undoes: str | None
    step: str
    attempt: int | None
    """None where the record does not tell: saga.StartSaga and saga.UndoSaga."""
    name: str
    fields: Mapping[str, Any]
    place: Place


@dataclass(frozen=True, slots=True)
class Line:
    """What was ordered of one SKU; prices in minor units."""

    sku: str
    quantity: int
    unit_price_minor: int


@dataclass(frozen=True, slots=True)
class Start:
    """One StartSaga that the log accepted; an order's price is 0 and its lines are empty for any other definition."""

    saga_id: str
    definition: str
    price_minor: int
    currency: str
    lines: tuple[Line, ...]
    place: Place


@dataclass(frozen=True, slots=True)
class Request:
    """What a running saga was told on saga.inputs: a signal, a cancellation, a person's decision; `name` says which."""

    saga_id: str
    input_id: str
    name: str
    place: Place


@dataclass(frozen=True, slots=True)
class Emitted:
    """One record of saga.emitted: what a saga told the world."""

    saga_id: str
    event_id: str
    type: str
    place: Place


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A record that nobody could use."""

    key: str
    origin: str
    code: str
    detail: str


@dataclass(frozen=True, slots=True)
class Status:
    """The last value of a saga on orders.status."""

    saga_id: str
    sequence: int
    lifecycle: str
    status: str


@dataclass(frozen=True, slots=True)
class Log:
    """Everything committed on the topics, in the order of each partition."""

    starts: Sequence[Start] = ()
    begun: Mapping[str, Start] = field(default_factory=dict)
    """What each saga was started with by its own first event, which outlives the input."""
    events: Mapping[str, Sequence[Event]] = field(default_factory=dict)
    commands: Sequence[Command] = ()
    emitted: Sequence[Emitted] = ()
    requests: Sequence[Request] = ()
    states: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    statuses: Mapping[str, Status] = field(default_factory=dict)
    dead_letters: Sequence[DeadLetter] = ()
    expired: frozenset[str] = frozenset()
    """Sagas whose state was taken out of the changelog."""
    unreadable: Sequence[str] = ()
    """Records of our own topics that decode as nothing, dead letters apart: where they lie and why."""


@dataclass(frozen=True, slots=True)
class Charge:
    """A captured charge in the PSP's ledger."""

    charge_id: str
    order_id: str
    key: str
    amount_minor: int
    currency: str


@dataclass(frozen=True, slots=True)
class Refund:
    """A refund in the PSP's ledger."""

    refund_id: str
    charge_id: str
    amount_minor: int


@dataclass(frozen=True, slots=True)
class Shipment:
    """A shipment in the carrier's ledger; `status` is active, delivered or cancelled."""

    shipment_id: str
    order_id: str
    key: str
    status: str


@dataclass(frozen=True, slots=True)
class Message:
    """A message that a channel sent: an outbox holds nothing else."""

    channel: str
    order_id: str
    template: str
    key: str


@dataclass(frozen=True, slots=True)
class Ledgers:
    """What the providers say happened."""

    charges: Sequence[Charge] = ()
    refunds: Sequence[Refund] = ()
    shipments: Sequence[Shipment] = ()
    messages: Sequence[Message] = ()


@dataclass(frozen=True, slots=True)
class ChargeRow:
    """A charge as the payment service knows it."""

    token: str
    saga_id: str
    charge_id: str
    amount_minor: int
    refunded_minor: int


@dataclass(frozen=True, slots=True)
class ShipmentRow:
    """A shipment as the shipping service knows it."""

    token: str
    saga_id: str
    shipment_id: str
    state: str


@dataclass(frozen=True, slots=True)
class MessageRow:
    """A message as the notification service knows it."""

    saga_id: str
    channel: str
    template: str
    state: str


@dataclass(frozen=True, slots=True)
class StockRow:
    """Units of one SKU in one warehouse; `on_hand` includes what is reserved."""

    warehouse_id: str
    sku: str
    on_hand: int
    reserved: int
    initial: int


@dataclass(frozen=True, slots=True)
class AllocationRow:
    """Units of one SKU that one warehouse set aside for a saga."""

    saga_id: str
    warehouse_id: str
    sku: str
    quantity: int
    state: str


@dataclass(frozen=True, slots=True)
class CommandRow:
    """A command that a participant accepted."""

    participant: str
    command_id: str
    saga_id: str
    answered: bool


@dataclass(frozen=True, slots=True)
class EffectRow:
    """An effect that a participant keeps under its execution token."""

    participant: str
    token: str
    saga_id: str
    step: str
    state: str


@dataclass(frozen=True, slots=True)
class Tables:
    """What the participants' databases hold."""

    charges: Sequence[ChargeRow] = ()
    shipments: Sequence[ShipmentRow] = ()
    messages: Sequence[MessageRow] = ()
    stock: Sequence[StockRow] = ()
    allocations: Sequence[AllocationRow] = ()
    commands: Sequence[CommandRow] = ()
    effects: Sequence[EffectRow] = ()


@dataclass(frozen=True, slots=True)
class Evidence:
    """All of it; `accepted` holds the ids that a client got 202 for, where it kept them.

    What the log had before `forgotten_before_ms` (milliseconds since the epoch) may be gone from all topics but
    saga.events, which keeps everything. `read_at_ms` is when it was read, on the same clock.
    """

    log: Log
    ledgers: Ledgers
    tables: Tables
    accepted: frozenset[str] = frozenset()
    forgotten_before_ms: int = 0
    read_at_ms: int = 0
