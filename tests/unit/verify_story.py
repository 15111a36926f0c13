"""Builds the evidence that correct orders leave behind, as plain data, so that tests can spoil it in one place."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from verify.evidence import (
    AllocationRow,
    Charge,
    ChargeRow,
    Command,
    CommandRow,
    EffectRow,
    Event,
    Evidence,
    Ledgers,
    Line,
    Log,
    Message,
    MessageRow,
    Place,
    Refund,
    Shipment,
    ShipmentRow,
    Start,
    Status,
    StockRow,
    Tables,
)
from verify.fold import fold

COMPLETED = "ord_completed"
REVOKED = "ord_revoked"
DECLINED = "ord_declined"
MANUAL = "ord_manual"

PRICE = 2550
LINES = (Line("85123A", 10, 255),)
STOCK = 100
_CHANNELS = ("email", "sms", "push")
_TOPIC = {
    "LockInventory": "inventory.commands",
    "ReleaseInventory": "inventory.commands",
    "DeductInventory": "inventory.commands",
    "RestockInventory": "inventory.commands",
    "CapturePayment": "payment.commands",
    "RefundPayment": "payment.commands",
    "PickOrder": "shipping.commands",
    "PackOrder": "shipping.commands",
    "ShipOrder": "shipping.commands",
    "CancelShipment": "shipping.commands",
    "NotifyCustomer": "notification.commands",
}


@dataclass
class Story:
    """One order told event by event; lifecycle and status are set before the event that reaches them."""

    saga_id: str
    lifecycle: str = "pending"
    status: str = "RUNNING"
    events: list[Event] = field(default_factory=list)
    commands: list[Command] = field(default_factory=list)

    def event(self, name: str, **fields: Any) -> None:
        sequence = len(self.events) + 1
        self.events.append(
            Event(
                self.saga_id,
                sequence,
                name,
                self.lifecycle,
                self.status,
                1_000 + sequence,
                "order-fulfillment",
                1,
                fields,
                Place("saga.events", 0, sequence),
            )
        )

    def started(self) -> None:
        self.event("SagaStarted", data="{}", parameters="{}", deadline=900_000, options="{}", parent=None)

    def local(self, step: str) -> None:
        self.event("StepCompleted", step=step, undo=False, attempt=0, output="{}", local=True)

    def scheduled(self, step: str, command: str, *, undo: bool = False, attempt: int = 0, **fields: Any) -> None:
        path = f"{self.saga_id}:{step}:undo" if undo else f"{self.saga_id}:{step}"
        sent = sum(known.token == path for known in self.commands)
        topic = _TOPIC[command]
        self.event(
            "StepScheduled", step=step, undo=undo, attempt=attempt, command_id=f"{path}:{sent}", token=path,
            command=f"{topic.partition('.')[0]}.{command}", topic=topic, timeout_at=None, budget_at=None,
            source="",
        )  # fmt: skip
        undoes = f"{self.saga_id}:{step}" if undo else None
        self.commands.append(
            Command(
                self.saga_id,
                len(self.events),
                f"{path}:{sent}",
                path,
                undoes,
                step,
                attempt,
                command,
                fields,
                Place(topic, 0, len(self.commands)),
            )
        )

    def completed(self, step: str, *, undo: bool = False, attempt: int = 0) -> None:
        self.event("StepCompleted", step=step, undo=undo, attempt=attempt, output="{}", local=False)

    def failed(self, step: str, kind: str, code: str, *, undo: bool = False, attempt: int = 0, final: bool) -> None:
        self.event(
            "StepFailed", step=step, undo=undo, attempt=attempt, kind=kind, code=code, message="", causes=[],
            final=final,
        )  # fmt: skip

    def retried(self, step: str, attempt: int, *, undo: bool = False) -> None:
        self.event(
            "StepRetryScheduled", step=step, undo=undo, attempt=attempt, due_at=5_000, backoff_ms=200, jitter_ms=7
        )

    def call(self, step: str, command: str, *, undo: bool = False, **fields: Any) -> None:
        self.scheduled(step, command, undo=undo, **fields)
        self.completed(step, undo=undo)

    def turn(self, code: str, failed_step: str | None, plan: Sequence[str]) -> None:
        self.status = "COMPENSATING"
        self.event("CompensationStarted", code=code, message="", failed_step=failed_step, plan=list(plan))

    def state(self) -> dict[str, Any]:
        """Return the state that the changelog holds after the events."""
        folded = fold(self.events)
        steps = [
            (name, undo, step.status, step.attempt, step.dispatches, step.uncertain, None, None, None, step.code, "")
            for (name, undo), step in folded.steps.items()
        ]
        plain = {
            name: getattr(folded, name)
            for name in (
                "sequence", "definition", "version", "lifecycle", "status", "phase", "outcome", "started_at",
                "deadline", "code", "message", "failed_step", "plan", "pivoted",
            )
        }  # fmt: skip
        texts = {
            "outputs": json.dumps(folded.outputs),
            "steps": json.dumps(steps),
            "unwinding": json.dumps(folded.unwinding),
            "parked": json.dumps(folded.parked),
            "parent": None if folded.parent is None else json.dumps(folded.parent),
        }
        return {**plain, **texts, "saga_id": self.saga_id}

    def last_status(self) -> Status:
        """Return the last value on orders.status: that of the last change."""
        reached = next(e for e in self.events if (e.lifecycle, e.status) == (self.lifecycle, self.status))
        return Status(self.saga_id, reached.sequence, self.lifecycle, self.status)


def _until_paid(story: Story) -> None:
    story.started()
    story.lifecycle = "validated"
    story.local("validate")
    story.event("BranchChosen", step="needs-approval", branch="within-limit", target="lock-inventory", source="")
    story.scheduled("lock-inventory", "LockInventory")
    story.status = "Inventory_Locked"
    story.completed("lock-inventory")
    story.local("assign-warehouse")


def completed_story() -> Story:
    """An order that ships, after one payment attempt that had no answer."""
    story = Story(COMPLETED)
    _until_paid(story)
    story.scheduled("capture-payment", "CapturePayment")
    story.failed("capture-payment", "TRANSIENT", "timeout", final=False)
    story.retried("capture-payment", 1)
    story.scheduled("capture-payment", "CapturePayment", attempt=1)
    story.lifecycle, story.status = "paid", "RUNNING"
    story.completed("capture-payment", attempt=1)
    story.scheduled("deduct-inventory", "DeductInventory")
    story.scheduled("confirm-order", "NotifyCustomer", template="order-confirmed", channels=list(_CHANNELS))
    story.completed("confirm-order")
    story.completed("deduct-inventory")
    story.event("BranchChosen", step="shipping-method", branch="standard", target="use-standard", source="")
    story.local("use-standard")
    story.lifecycle = "picking"
    story.call("pick", "PickOrder")
    story.scheduled("pack", "PackOrder")
    story.lifecycle = "packed"
    story.completed("pack")
    story.scheduled("ship", "ShipOrder")
    story.lifecycle = "shipped"
    story.completed("ship")
    story.call("announce-shipment", "NotifyCustomer", template="order-shipped", channels=list(_CHANNELS))
    story.status = "COMPLETED"
    story.event("SagaCompleted", output="{}")
    story.lifecycle = "delivered"
    story.event("SignalReceived", step="delivered", signal="delivered", actor="carrier", data="{}", settles=True)
    return story


def revoked_story() -> Story:
    """An order that is paid and confirmed, and then cannot be shipped."""
    story = Story(REVOKED)
    _until_paid(story)
    story.scheduled("capture-payment", "CapturePayment")
    story.lifecycle, story.status = "paid", "RUNNING"
    story.completed("capture-payment")
    story.scheduled("deduct-inventory", "DeductInventory")
    story.scheduled("confirm-order", "NotifyCustomer", template="order-confirmed", channels=list(_CHANNELS))
    story.completed("deduct-inventory")
    story.completed("confirm-order")
    story.scheduled("ship", "ShipOrder")
    story.failed("ship", "REJECTED", "address_rejected", final=True)
    plan = ("ship", "confirm-order", "deduct-inventory", "capture-payment", "lock-inventory")
    story.turn("address_rejected", "ship", plan)
    story.call("ship", "CancelShipment", undo=True)
    story.call("confirm-order", "NotifyCustomer", undo=True, template="order-cancelled", channels=list(_CHANNELS))
    story.call("deduct-inventory", "RestockInventory", undo=True)
    story.call("capture-payment", "RefundPayment", undo=True)
    story.call("lock-inventory", "ReleaseInventory", undo=True)
    _revoked(story, "address_rejected")
    return story


def declined_story() -> Story:
    """An order whose card is declined."""
    story = Story(DECLINED)
    _until_paid(story)
    story.scheduled("capture-payment", "CapturePayment")
    story.failed("capture-payment", "REJECTED", "card_declined", final=True)
    story.turn("card_declined", "capture-payment", ["lock-inventory"])
    story.call("lock-inventory", "ReleaseInventory", undo=True)
    _revoked(story, "card_declined")
    return story


def manual_story() -> Story:
    """An order whose refund fails for good."""
    story = Story(MANUAL)
    _until_paid(story)
    story.scheduled("capture-payment", "CapturePayment")
    story.lifecycle, story.status = "paid", "RUNNING"
    story.completed("capture-payment")
    story.event("CancelRequested", actor="clerk", reason="changed mind")
    story.turn("cancelled", None, ["capture-payment", "lock-inventory"])
    story.scheduled("capture-payment", "RefundPayment", undo=True)
    story.failed("capture-payment", "UNKNOWN", "refund_failed", undo=True, final=True)
    story.call("lock-inventory", "ReleaseInventory", undo=True)
    story.status = "MANUAL_INTERVENTION"
    story.event("SagaSuspended", code="cancelled", message="", steps=["capture-payment"])
    return story


def settled_by_hand() -> Story:
    """The order whose refund failed, after a person skipped it."""
    story = manual_story()
    _intervene(story, "skip")
    _revoked(story, "cancelled")
    return story


def repaired_story() -> Story:
    """The order whose refund failed, after a person had it tried again."""
    story = manual_story()
    story.status = "COMPENSATING"
    _intervene(story, "retry")
    story.call("capture-payment", "RefundPayment", undo=True)
    _revoked(story, "cancelled")
    return story


def _intervene(story: Story, action: str) -> None:
    story.event(
        "InterventionMade", action=action, steps=["capture-payment"], undo=True, actor="ann", reason="by transfer"
    )


def _revoked(story: Story, code: str) -> None:
    story.lifecycle, story.status = "cancelled", "TRANSACTION_REVOKED"
    story.event("SagaRevoked", code=code, message="")


def _outbox(saga_id: str, *templates: str) -> list[Message]:
    return [Message(c, saga_id, template, f"{saga_id}:{template}:{c}") for template in templates for c in _CHANNELS]


def honest_evidence() -> Evidence:
    """Return the evidence of four orders that all ended as they should."""
    stories = (completed_story(), revoked_story(), declined_story(), manual_story())
    commands = [command for story in stories for command in story.commands]
    charges = [
        Charge(f"ch_{saga_id}", saga_id, f"{saga_id}:capture-payment", PRICE, "GBP")
        for saga_id in (COMPLETED, REVOKED, MANUAL)
    ]
    messages = [
        *_outbox(COMPLETED, "order-confirmed", "order-shipped"),
        *_outbox(REVOKED, "order-confirmed", "order-cancelled"),
    ]
    states = {COMPLETED: "deducted", REVOKED: "restocked", DECLINED: "released", MANUAL: "released"}
    return Evidence(
        log=Log(
            starts=[Start(s.saga_id, "order-fulfillment", PRICE, "GBP", LINES, Place("saga.inputs", 0, n))
                    for n, s in enumerate(stories)],
            events={story.saga_id: story.events for story in stories},
            commands=commands,
            states={story.saga_id: story.state() for story in stories},
            statuses={story.saga_id: story.last_status() for story in stories},
        ),
        ledgers=Ledgers(
            charges=charges,
            refunds=[Refund("re_1", f"ch_{REVOKED}", PRICE)],
            shipments=[Shipment("sh_1", COMPLETED, f"{COMPLETED}:ship", "delivered")],
            messages=messages,
        ),
        tables=Tables(
            charges=[
                ChargeRow(c.key, c.order_id, c.charge_id, PRICE, PRICE if c.order_id == REVOKED else 0) for c in charges
            ],
            shipments=[ShipmentRow(f"{COMPLETED}:ship", COMPLETED, "sh_1", "active")],
            messages=[MessageRow(m.order_id, m.channel, m.template, "sent") for m in messages],
            stock=[StockRow("LDN", "85123A", STOCK - 10, 0, STOCK), StockRow("MAN", "85123A", 5, 0, 5)],
            allocations=[AllocationRow(saga_id, "LDN", "85123A", 10, state) for saga_id, state in states.items()],
            commands=[CommandRow("payment", command.command_id, command.saga_id, True) for command in commands],
            effects=[EffectRow("payment", c.key, c.order_id, "capture-payment", "done") for c in charges],
        ),
        accepted=frozenset(story.saga_id for story in stories),
    )  # fmt: skip
