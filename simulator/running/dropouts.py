"""Dropouts in a simulated run: orchestrators, participants and the broker go down now and then, and come back."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from simulator.running.agenda import Agenda
from simulator.running.cluster import Cluster, Node
from simulator.running.journal import Journal
from simulator.running.network import Network
from simulator.running.participants import Participant
from simulator.running.weather import MINUTE_MS, Dice, Environment

_PERIODS_MS = ((MINUTE_MS, 500), (15 * MINUTE_MS, 10_000))
"""Until when the draws are how far apart; later on they are far apart."""
_LATER_MS = 360 * MINUTE_MS
_DOWN_MS = (500, 30_000)
_BROKER_DOWN_MS = (500, 5_000)


class Dropouts:
    """Draws which of the nodes go down: often while much is under way, every six hours later on."""

    def __init__(
        self,
        agenda: Agenda,
        dice: Dice,
        journal: Journal,
        environment: Environment,
        network: Network,
        cluster: Cluster,
        participants: Mapping[str, Participant],
    ) -> None:
        self._agenda = agenda
        self._dice = dice
        self._journal = journal
        self._share = environment.dropouts
        self._network = network
        self._cluster = cluster
        self._participants = participants
        self.count = 0

    def begin(self, goes_on: Callable[[], bool]) -> None:
        """Draw for the first time soon, and again as long as there is something that can be disturbed."""
        if self._share:
            self._agenda.at(_PERIODS_MS[0][1], self._draw, goes_on)

    def _draw(self, goes_on: Callable[[], bool]) -> None:
        now = self._agenda.now
        for node in self._cluster.nodes:
            if node.up and self._dice.happens(self._share):
                self._note(node.name)
                self._cluster.drop_out(node)
                self._agenda.at(now + self._dice.between(*_DOWN_MS), self._start_again, node)
        for participant in self._participants.values():
            if participant.up and self._dice.happens(self._share):
                self._note(participant.name)
                participant.drop_out()
                self._agenda.at(now + self._dice.between(*_DOWN_MS), participant.come_back)
        if now >= self._network.up_at and self._dice.happens(self._share):
            self._note("broker")
            self._network.up_at = now + self._dice.between(*_BROKER_DOWN_MS)
        if goes_on():
            pause = next((pause for until, pause in _PERIODS_MS if now < until), _LATER_MS)
            self._agenda.at(now + pause, self._draw, goes_on)

    def _note(self, name: str) -> None:
        self.count += 1
        self._journal.note(self._agenda.now, f"{name} drops out")

    def _start_again(self, node: Node) -> None:
        self._journal.note(self._agenda.now, f"{node.name} starts again")
        self._cluster.come_back(node)
