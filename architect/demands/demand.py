"""One demand of a text, as data: what kind, over what scope, how strict, and in which words."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What a demand is about."""

    SEVERAL_REGIONS = "several regions"
    ONE_REGION = "one region"
    STRONG = "strong consistency"
    EVENTUAL = "eventual consistency"
    AVAILABLE = "full availability"
    SURVIVES = "going on when a place is lost"
    GIVES_WAY = "availability that may be given up"
    SWIFT = "zero or near-zero latency"
    LOW_LATENCY = "low latency"
    PATIENT = "a latency that leaves time for round trips"
    NO_WAITING = "no waiting, locking or coordination"
    NO_LOSS = "no loss"
    UNSAFE_ACK = "acknowledgement before the data is safe"
    SAFE_ACK = "acknowledgement after the data is safe"
    LATE_COPY = "asynchronous replication"
    ALL_COPIES = "every copy confirms every write"
    SINGLE_COPY = "a single copy"
    INSTANT_RECOVERY = "recovery without any time"
    LOST_PLACE = "the loss of a place or a machine"
    AGREEMENT = "agreement of all nodes"
    NO_LIMIT_OF_FAULTS = "any number of faults and delays"
    WHOLE = "a process over several services"
    WHOLE_CAP = "consistency, availability and partition tolerance together"


class Scope(StrEnum):
    """Over what a demand reaches."""

    UNSAID = "unsaid"
    LOCAL = "inside one region, service or record"
    NODES = "several nodes"
    SERVICES = "several services"
    REGIONS = "several regions"


@dataclass(frozen=True, slots=True)
class Demand:
    """A demand and the sentence that makes it.

    `bound_s` is the longest time allowed in seconds, 0 for none at all. `vague`: said by an adjective, which any figure
    beside it overrules. `cut`: under a network partition; `lost`: on the loss of a place or a machine.
    `denied`: the words say that it is not wanted, so it binds nothing.
    """

    kind: Kind
    words: str
    scope: Scope = Scope.UNSAID
    bound_s: float | None = None
    vague: bool = False
    cut: bool = False
    lost: bool = False
    denied: bool = False


def wanted(demands: Iterable[Demand], kind: Kind) -> tuple[Demand, ...]:
    """Return the demands of a kind that are not denied, in their order."""
    return tuple(one for one in demands if one.kind is kind and not one.denied)
