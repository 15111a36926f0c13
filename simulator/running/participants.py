"""Participants in a simulated run: each takes commands, works for a while, answers; it drops out and comes back."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from simulator.participant import EMPTY, Answer, Books, Command, Wish, handle
from simulator.running.agenda import Agenda
from simulator.running.weather import PROFILES, Dice, Environment


class Order(NamedTuple):
    """A command on the wire: for which saga, and what it is."""

    saga_id: str
    command: Command


class Participant:
    """One participant. What it was working on when it dropped out it begins anew, as its inbox would have it."""

    __slots__ = (
        "_agenda", "_answer", "_books", "_dice", "_environment", "_epoch", "_profile", "_waiting", "name", "up",
    )  # fmt: skip

    def __init__(
        self,
        name: str,
        agenda: Agenda,
        dice: Dice,
        environment: Environment,
        books: dict[str, Books],
        answer: Callable[[str, Order, Answer], None],
    ) -> None:
        self.name = name
        self.up = True
        self._books = books
        self._agenda = agenda
        self._dice = dice
        self._environment = environment
        self._profile = PROFILES[environment.profile]
        self._answer = answer
        self._epoch = 0
        self._waiting: list[Order] = []

    def receive(self, order: Order) -> None:
        """Take a command; it waits where the participant is down."""
        if not self.up:
            self._waiting.append(order)
            return
        self._agenda.at(self._agenda.now + self._dice.latency(self._profile), self._finish, order, self._epoch)

    def _finish(self, order: Order, epoch: int) -> None:
        if epoch != self._epoch:
            self.receive(order)
            return
        books = self._books.get(order.saga_id, EMPTY)
        wish, silent = self._wish(order.command.undoes is not None)
        self._books[order.saga_id], answer = handle(books, order.command, wish)
        if not silent:
            self._answer(self.name, order, answer)

    def _wish(self, undo: bool) -> tuple[Wish, bool]:
        """Draw what the participant does, and whether its answer is lost with its provider's."""
        if not self._dice.happens(self._environment.faults):
            return Wish.DO, False
        match self._dice.below(20 if undo else 5):
            case 0:
                return Wish.REFUSE, False
            case 1:
                return Wish.NOT_NOW, False
            case 2:
                return Wish.DO_AND_NOT_KNOW, False
            case 3:
                return Wish.DO, True
            case _:
                return Wish.FAIL, False

    def drop_out(self) -> None:
        """Go down: work that is not done is lost."""
        self.up = False
        self._epoch += 1

    def come_back(self) -> None:
        """Go on with what has come meanwhile."""
        self.up = True
        waiting, self._waiting = self._waiting, []
        for order in waiting:
            self.receive(order)
