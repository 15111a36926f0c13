"""What can happen to one command on its way, as a table: the failures that exploration injects."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from simulator.participant import Wish


class Way(StrEnum):
    """How a record travels."""

    ARRIVES = "arrives"
    LATE = "late"
    LOST = "lost"
    UNUSABLE = "unusable"


class Fate(NamedTuple):
    """What happens to a command and its reply; `lasting`: to every further command with the same token, too.

    `of_child`: it can happen to a saga that the step starts, too.
    """

    name: str
    says: str
    wish: Wish = Wish.DO
    command: Way = Way.ARRIVES
    reply: Way = Way.ARRIVES
    lasting: bool = False
    of_child: bool = False


FINE = Fate("fine", "is done and answered")

FAULTS = (
    Fate("refused", "fails for good", Wish.REFUSE, of_child=True),
    Fate("fails-once", "fails in passing", Wish.FAIL),
    Fate("fails-always", "fails in passing, every time", Wish.FAIL, lasting=True),
    Fate("circuit-open", "is not tried: the circuit is open", Wish.NOT_NOW),
    Fate("cannot-tell", "is done, and the participant cannot tell", Wish.DO_AND_NOT_KNOW, of_child=True),
    Fate("command-lost", "never arrives", command=Way.LOST),
    Fate("commands-lost", "never arrives, nor does any retry", command=Way.LOST, lasting=True),
    Fate("command-late", "arrives late, perhaps after its time-out or its undo", command=Way.LATE),
    Fate("reply-lost", "is done, and the reply is lost", reply=Way.LOST, of_child=True),
    Fate("replies-lost", "is done, and every reply is lost", reply=Way.LOST, lasting=True, of_child=True),
    Fate(
        "reply-late",
        "is done, and the reply comes late, perhaps after the saga turned round",
        reply=Way.LATE,
        of_child=True,
    ),
    Fate("reply-unusable", "is done, and its result fits no record", reply=Way.UNUSABLE),
)
"""Each is one fault."""

FATES = {fate.name: fate for fate in (FINE, *FAULTS)}

MET_BY_MEMORY = frozenset({Wish.REFUSE, Wish.FAIL, Wish.NOT_NOW, Wish.DO_AND_NOT_KNOW})
"""Wishes that a participant which knows the token already does not get: it answers what it answered before."""
