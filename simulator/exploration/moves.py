"""The moves that runs are made of, and the runs that break a property."""

from __future__ import annotations

from typing import NamedTuple

from simulator.account import Violation

START = "start"


class Move(NamedTuple):
    """One step of a run: what happens, what it concerns, and the fates of the commands that follow from it."""

    kind: str
    subject: str
    fates: tuple[str, ...]


class Broken(NamedTuple):
    """A violation and a shortest run that shows it."""

    violation: Violation
    moves: tuple[Move, ...]
