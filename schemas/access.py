"""Who may do what on the cluster: one principal for each process, the topics it reads and writes, and its names."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from schemas import topics
from schemas.topics import Topic, here

ADMIN = here("admin")
"""Whoever runs the installation: makes topics and access lists, and reads everything. A super user of the broker."""


class Kind(StrEnum):
    """What an access list entry is about; `TRANSACTION` is a transactional id."""

    TOPIC = "topic"
    GROUP = "group"
    TRANSACTION = "transactional-id"


class Operation(StrEnum):
    """What is allowed. Reading and writing include describing: where a topic ends, who is in a group."""

    READ = "read"
    WRITE = "write"
    DESCRIBE = "describe"


class Acl(NamedTuple):
    """One entry: this principal may do this with what has this name, or with all whose names begin so."""

    principal: str
    kind: Kind
    name: str
    operation: Operation
    by_prefix: bool = False


@dataclass(frozen=True, slots=True)
class Access:
    """What one process does with the cluster. `groups` and `transactions` are what the names of its own begin with.

    `describes`: topics whose ends it asks for; `watches`: groups of others that it looks at.
    """

    principal: str
    reads: tuple[Topic, ...] = ()
    writes: tuple[Topic, ...] = ()
    groups: tuple[str, ...] = ()
    transactions: tuple[str, ...] = ()
    describes: tuple[Topic, ...] = ()
    watches: tuple[str, ...] = ()


def _participant(
    name: str, commands: Topic, *, reads: tuple[Topic, ...] = (), writes: tuple[Topic, ...] = ()
) -> Access:
    own = here(name)
    return Access(own, (commands, *reads), (topics.REPLIES, topics.DEAD_LETTERS, *writes), (own,), (own,))


COMMANDS = (
    topics.PAYMENT_COMMANDS,
    topics.INVENTORY_COMMANDS,
    topics.SHIPPING_COMMANDS,
    topics.NOTIFICATION_COMMANDS,
    topics.TASKS_COMMANDS,
)

ACCESS = (
    Access(
        here("orchestrator"),
        reads=(topics.INPUTS, topics.REPLIES, topics.CHANGELOG, topics.DEFINITIONS),
        # Sagas that sagas start are participants: their parents' commands are inputs, their ends are replies.
        writes=(
            topics.EVENTS, topics.CHANGELOG, topics.STATUS, topics.AUDIT, topics.EMITTED, topics.DEAD_LETTERS,
            topics.INPUTS, topics.REPLIES, *COMMANDS,
        ),
        groups=(here("orchestrator"),),
        transactions=(here("orchestrator"),),
    ),
    _participant("payment", topics.PAYMENT_COMMANDS),
    _participant("inventory", topics.INVENTORY_COMMANDS),
    # The carrier's news of deliveries are signals to sagas.
    _participant("shipping", topics.SHIPPING_COMMANDS, writes=(topics.INPUTS,)),
    _participant("notification", topics.NOTIFICATION_COMMANDS),
    # The daily report asks the log whether the read model has all of the day.
    _participant("tasks", topics.TASKS_COMMANDS, reads=(topics.EVENTS,)),
    Access(
        here("gateway"),
        reads=(topics.DEFINITIONS,),
        # A person's decision about a dead letter is a record behind it; redriven, its record goes back to its topic.
        writes=(topics.INPUTS, topics.DEFINITIONS, topics.DEAD_LETTERS, topics.REPLIES, *COMMANDS),
        groups=("definitions",),
        transactions=(here("sagaline.definitions"),),
        # How fresh the read model is, and whether orchestrators are at work.
        describes=(topics.EVENTS,),
        watches=(here("orchestrator"),),
    ),
    Access(
        here("inbound"),
        reads=(topics.INBOUND,),
        writes=(topics.INPUTS, topics.DEAD_LETTERS),
        groups=(here("inbound"),),
        transactions=(here("inbound"),),
    ),
    Access(here("projector"), reads=(topics.EVENTS, topics.DEAD_LETTERS), groups=("projector",)),
    Access(here("watchdog"), reads=(topics.EVENTS, topics.ALERTS), writes=(topics.ALERTS,), groups=("watchdog",)),
    Access(here("webhooks"), reads=(topics.EVENTS,), groups=("webhooks",)),
    # Whoever sends orders by the topic: a program that is not ours.
    Access(here("shop"), writes=(topics.INBOUND,)),
)  # fmt: skip
"""Every process that connects to the cluster, but for the administrator."""

PRINCIPALS = (*(access.principal for access in ACCESS), ADMIN)


def acls() -> Iterator[Acl]:
    """Yield every entry of the access list; what is not in it is refused, but for the administrator."""
    for access in ACCESS:
        who = access.principal
        yield from (Acl(who, Kind.TOPIC, topic.name, Operation.READ) for topic in access.reads)
        yield from (Acl(who, Kind.TOPIC, topic.name, Operation.WRITE) for topic in access.writes)
        yield from (Acl(who, Kind.TOPIC, topic.name, Operation.DESCRIBE) for topic in access.describes)
        yield from (Acl(who, Kind.GROUP, name, Operation.DESCRIBE) for name in access.watches)
        yield from (Acl(who, Kind.GROUP, name, Operation.READ, by_prefix=True) for name in access.groups)
        yield from (Acl(who, Kind.TRANSACTION, name, Operation.WRITE, by_prefix=True) for name in access.transactions)
