"""Which messages each topic carries: what a registry, a description of the topics and their readers go by."""

from __future__ import annotations

from collections.abc import Mapping

from schemas import topics

CARRIED: Mapping[topics.Topic, tuple[str, ...]] = {
    topics.INPUTS: (
        "saga.StartSaga", "saga.Signal", "saga.CancelSaga", "saga.UndoSaga", "saga.ResolveSaga", "saga.MigrateSaga",
        "saga.RedriveSaga", "saga.ArmSchedule", "saga.RunEnded",
    ),
    topics.REPLIES: (
        "saga.CommandFailed", "saga.GenericReply", "inventory.InventoryLocked", "inventory.InventoryReleased",
        "inventory.InventoryDeducted", "inventory.InventoryRestocked", "payment.PaymentCaptured",
        "payment.PaymentRefunded", "shipping.ShipmentQuoted", "shipping.OrderPicked", "shipping.OrderPacked",
        "shipping.OrderShipped", "shipping.ShipmentCancelled", "notification.CustomerNotified",
    ),
    topics.EVENTS: (
        "saga.SagaStarted", "saga.StepScheduled", "saga.StepCompleted", "saga.StepFailed", "saga.StepRetryScheduled",
        "saga.StepParked", "saga.StepHeld", "saga.BranchChosen", "saga.SignalAwaited", "saga.SignalReceived",
        "saga.InputIgnored", "saga.CancelRequested", "saga.CompensationStarted", "saga.SagaCompleted",
        "saga.SagaRevoked", "saga.SagaSuspended", "saga.ScopeEntered", "saga.ScopeFailed", "saga.ScopeUnwound",
        "saga.GatherClosed", "saga.TimerStarted", "saga.EventEmitted", "saga.ContextExported", "saga.PivotPassed",
        "saga.InterventionMade", "saga.UndoRequested", "saga.SagaMigrated", "saga.RecordParked", "saga.RecordUnparked",
    ),
    topics.CHANGELOG: ("saga.State", "saga.Origin", "saga.Schedule"),
    topics.PAYMENT_COMMANDS: ("payment.CapturePayment", "payment.RefundPayment"),
    topics.INVENTORY_COMMANDS: (
        "inventory.LockInventory", "inventory.ReleaseInventory", "inventory.DeductInventory",
        "inventory.RestockInventory",
    ),
    topics.SHIPPING_COMMANDS: (
        "shipping.QuoteShipment", "shipping.PickOrder", "shipping.PackOrder", "shipping.ShipOrder",
        "shipping.CancelShipment",
    ),
    topics.NOTIFICATION_COMMANDS: ("notification.NotifyCustomer",),
    topics.TASKS_COMMANDS: ("saga.GenericCommand",),
}  # fmt: skip
"""The Avro messages of each topic that has any, by `context.Record`."""
