"""The shapes of what this package answers, for the OpenAPI document only."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from services.gateway.documents import BusinessState, Fresh, ListedOrder


class WaitView(BaseModel):
    """One thing that a saga waits for; `until` null: nothing happens by itself."""

    kind: Literal["reply", "retry", "open-circuit", "signal", "timer", "person", "parked-record", "start"]
    step: str | None
    undo: bool
    attempt: int = Field(description="Counted from 1.")
    since: str
    for_s: float = Field(description="Seconds since then.")
    until: str | None
    cause: str | None = Field(examples=["circuit_open"])
    what: str
    next: str
    signals: list[str] = Field(description="The signals that it waits for; none for any other kind.")


class StepInProgress(BaseModel):
    """A step that is under way; `deadline` null: nothing happens to it by itself."""

    step: str
    undo: bool
    attempt: int = Field(description="Counted from 1.")
    waits_for: Literal["reply", "retry", "open-circuit", "signal", "timer", "person"]
    since: str
    elapsed_s: float = Field(description="Seconds since then.")
    deadline: str | None


class OrderView(ListedOrder, Fresh):
    """An order as it is now; `elapsed_s` from when it was taken to now, or to its last event where it has ended."""

    elapsed_s: float
    steps_in_progress: list[StepInProgress]


class Refusal(BaseModel):
    """Something that was asked of a saga and that was not legal in the state which it was in.

    `expected` and `meant_for`: the last event of the state and the path of the step that it named, null where it named
    none.
    """

    at: str
    input: str = Field(examples=["cancel"])
    actor: str
    reason: str
    expected: int | None
    meant_for: str | None


class Explanation(Fresh):
    """Why an order or a saga is where it is: what it waits for, since when, what happens next and when."""

    saga_id: str
    state: BusinessState
    reason: str | None
    way: Literal["is running", "is past its point of no return", "is being undone", "has ended"]
    summary: str
    waits: list[WaitView]
    refused: list[Refusal]


class Approval(BaseModel):
    """A step of an order or another saga that waits for a person's decision; `expires` null: it waits without end.

    `id` is that of the order or saga; where several of its steps wait, `step` tells them apart.
    `approve` and `reject` are the signals that these decisions send, null where the step takes none that means it;
    `given` is what the step was given to decide about. Only orders have an `order_id`, a customer and an amount.
    """

    id: str
    order_id: str | None
    saga_id: str
    definition: str | None
    customer_id: str | None
    amount: str | None
    currency: str | None
    reason: str
    step: str
    signals: list[str]
    approve: str | None
    reject: str | None
    given: Any
    since: str
    expires: str | None
    status_url: str


class ApprovalTaken(BaseModel):
    """The decision is on its way to the order (`order_id`) or another saga (`saga_id`)."""

    order_id: str | None = None
    saga_id: str | None = None
    status_url: str


class ApprovalPage(Fresh):
    """What waits for a decision, newest first."""

    approvals: list[Approval]
    next_cursor: str | None


class ApprovalForm(BaseModel):
    """What a person decides, why, and about which step: it may be left out where one waits alone."""

    model_config = ConfigDict(extra="forbid")

    decision: Literal["approve", "reject"]
    actor: str = Field(max_length=128)
    reason: str = Field("", max_length=512)
    step: str | None = Field(None, max_length=512)


class StepFailures(BaseModel):
    """How often a step failed for good on a day, for how many orders, and because of what."""

    orders: int
    failures: int
    codes: dict[str, int]


class FailureStatistics(Fresh):
    """The failures of a UTC day: of one step, or of every step that failed."""

    date: str = Field(examples=["2026-11-20"])
    zone: Literal["UTC"]
    step: str | None
    orders: int
    steps: dict[str, StepFailures]


class DailyReport(Fresh):
    """What one UTC day of orders added up to, and which saga made the report when."""

    date: str = Field(examples=["2026-11-20"])
    saga_id: str
    made_at: str
    zone: str
    orders: dict[str, int]
    outcomes: dict[str, int]
    revoked_because: dict[str, int]
    failures: dict[str, dict[str, Any]]
    sla: dict[str, dict[str, Any]]
    pages: dict[str, int]


class PartitionLag(BaseModel):
    """How far a partition of saga.events is projected; records include the markers of transactions."""

    partition: int
    position: int
    end: int | None
    lag: int | None


class LagRecords(BaseModel):
    """The lag of the whole topic."""

    records: int | None
    seconds: float


class ReadModelStatus(Fresh):
    """How far the read model is behind what happened."""

    lag: LagRecords
    partitions: list[PartitionLag]


class ListedSaga(BaseModel):
    """A saga that is no order, in a list."""

    saga_id: str
    definition: str
    version: int
    lifecycle: str
    status: str
    reason: str | None
    sequence: int
    started_at: str
    updated_at: str
    current_steps: list[str]


class SagaPage(Fresh):
    """A page of sagas that are no orders, newest first."""

    sagas: list[ListedSaga]
    next_cursor: str | None
