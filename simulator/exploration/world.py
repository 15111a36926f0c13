"""One moment of an explored saga: its state, the participants' books, what is on its way, the faults to come."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from orchestrator.core.events import FailureKind
from orchestrator.core.state import State
from simulator.account import Account
from simulator.participant import EMPTY, Books, Command


class Reply(NamedTuple):
    """A reply on its way, done without a kind. It comes before `until` (milliseconds), or whenever it likes."""

    command_id: str
    step: str
    undo: bool
    kind: FailureKind | None
    code: str
    retriable: bool
    until: int | None


class World(NamedTuple):
    """A moment; `now` is milliseconds since the epoch, `heard` the replies that open steps have had.

    `repairs_left` is how often a person still deals with what waits for one.
    """

    state: State
    now: int
    books: Books
    replies: tuple[Reply, ...]
    heard: tuple[Reply, ...]
    late: tuple[Command, ...]
    lasting: Mapping[str, str]
    faults_left: int
    repairs_left: int
    account: Account


def first_world(state: State, now: int, faults: int) -> World:
    """Return the moment in which a saga begins."""
    return World(state, now, EMPTY, (), (), (), MappingProxyType({}), faults, 1, Account())
