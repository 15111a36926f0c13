"""What was asked for: steps, triggers, load, guarantees, each with the words it was read from."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from architect.catalogue import CHANGES_NOTHING, Kind


class Topic(StrEnum):
    """What a statement of the input is about; every statement is answered under its topic."""

    STEPS = "steps"
    TRIGGER = "trigger"
    PARTICIPANT = "participant"
    THROUGHPUT = "throughput"
    AVERAGE_THROUGHPUT = "average throughput"
    CONCURRENCY = "concurrency"
    TRANSITION_LATENCY = "latency per transition"
    RTO = "recovery time objective"
    DATA_LOSS = "data loss"
    PAYLOAD = "payload"
    AVAILABILITY = "availability"
    COST = "cost"
    SAGA_DURATION = "mean saga duration"
    SAGA_LIMIT = "time limit of the whole saga"
    STEP_LIMIT = "time limit of a step"
    WAIT_LIMIT = "limit of a wait"
    RETENTION = "retention"
    RETRIES = "retries"
    REGIONS = "regions"
    CONSISTENCY = "consistency"
    LOW_LATENCY = "low latency"
    ONCE = "effects happen once"
    COMPENSATION = "compensation"
    PARTIAL_FAILURE = "partial failure"
    DEAD_LETTERS = "dead letters"
    ORDERING = "ordering"
    AUDIT = "audit"
    PEOPLE = "people in the process"
    COLD_START = "cold start"
    UNSUPPORTED = "unsupported"
    FAN_OUT = "scatter and gather"
    DOWNTIME = "planned downtime"


@dataclass(frozen=True, slots=True)
class Statement:
    """Words of the input and what they were read as. `value` is in the unit that `reading` names, `of` what it counts.

    `step` is the step it is about, empty for the whole saga. `denied`: the words say that it is not needed.
    """

    topic: Topic
    words: str
    reading: str
    value: float | None = None
    of: str = ""
    step: str = ""
    denied: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """One step. `level`: steps of one level run beside each other, levels one after the other.

    A step that changes something has a `compensation`, any other a `reason` why it has none; neither is known for a
    step of kind UNKNOWN. `limit_s`: the time for all its attempts, None for the default.
    `recipients`: how many are asked at once.
    """

    name: str
    kind: Kind
    service: str
    effect: str
    compensation: str
    reason: str
    external: bool
    level: int
    limit_s: float | None = None
    assumed: str = ""
    recipients: int = 1

    @property
    def acts(self) -> bool:
        """Whether the step changes something outside the saga that may have to be taken back."""
        return self.kind not in CHANGES_NOTHING

    @property
    def remote(self) -> bool:
        """Whether a participant does it, by a command and a reply; else the orchestrator does it alone."""
        return self.kind not in (Kind.DECISION, Kind.WAIT, Kind.STATE, Kind.APPROVAL)


@dataclass(frozen=True, slots=True)
class Trigger:
    """What starts a saga, whether the product has it, and how."""

    name: str
    supported: bool
    how: str
    words: str


@dataclass(frozen=True, slots=True)
class Requirements:
    """The input, read. `unread` are clauses that no rule of the reader understood, `doubts` what was assumed."""

    name: str
    form: str
    steps: tuple[Step, ...]
    triggers: tuple[Trigger, ...]
    statements: tuple[Statement, ...]
    unread: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()
    several_regions: bool = False
    strong: bool = False
    eventual: bool = False
    regions: tuple[str, ...] = ()

    def value(self, topic: Topic) -> float | None:
        """Return the strictest value said of a topic: the largest load, the smallest bound; None without one."""
        values = [one.value for one in self.about(topic) if one.value is not None]
        if not values:
            return None
        return max(values) if topic in _LARGEST_COUNTS else min(values)

    def first(self, topic: Topic) -> Statement | None:
        """Return the first statement on a topic that is not denied."""
        return next(iter(self.about(topic)), None)

    def about(self, topic: Topic) -> tuple[Statement, ...]:
        """Return all statements on a topic that are not denied."""
        return tuple(one for one in self.statements if one.topic is topic and not one.denied)


_LARGEST_COUNTS = frozenset(
    {
        Topic.THROUGHPUT, Topic.AVERAGE_THROUGHPUT, Topic.CONCURRENCY, Topic.PAYLOAD, Topic.AVAILABILITY,
        Topic.RETENTION, Topic.SAGA_DURATION, Topic.RETRIES, Topic.WAIT_LIMIT,
    }
)  # fmt: skip
