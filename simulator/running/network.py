"""The broker and the ways to it: records arrive later, in order from one sender to one place, and some twice."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from simulator.running.agenda import Agenda
from simulator.running.journal import Journal
from simulator.running.weather import PROFILES, Dice, Environment


class Network:
    """Carries records. While the broker is down nothing arrives, and nothing is lost."""

    __slots__ = ("_agenda", "_dice", "_duplicates", "_journal", "_last", "_profile", "carried", "doubled", "up_at")

    def __init__(self, agenda: Agenda, dice: Dice, journal: Journal, environment: Environment) -> None:
        self._agenda = agenda
        self._dice = dice
        self._journal = journal
        self._profile = PROFILES[environment.profile]
        self._duplicates = environment.duplicates
        self._last: dict[tuple[str, str], int] = {}
        self.up_at = 0
        self.carried = 0
        self.doubled = 0

    def carry(self, sender: str, place: str, name: str, receive: Callable[..., None], *record: Any) -> None:
        """Let a record arrive at a place some time later, perhaps twice."""
        self._send(sender, place, name, receive, record)
        if self._dice.happens(self._duplicates):
            self.doubled += 1
            self._send(sender, place, f"{name} again", receive, record)

    def _send(self, sender: str, place: str, name: str, receive: Callable[..., None], record: tuple[Any, ...]) -> None:
        now = self._agenda.now
        way = (sender, place)
        latency = self._dice.latency(self._profile)
        arrival = max(now + latency, self._last.get(way, 0))
        self._last[way] = arrival
        self.carried += 1
        self._journal.note(now, f"{sender} to {place}: {name}, {arrival - now} ms")
        self._agenda.at(arrival, self._arrive, receive, record)

    def _arrive(self, receive: Callable[..., None], record: tuple[Any, ...]) -> None:
        if self._agenda.now < self.up_at:
            self._agenda.at(self.up_at, self._arrive, receive, record)
        else:
            receive(*record)
