"""Remembers who decided about a dead letter that no saga waits for: one each, by a constraint of the database."""

from __future__ import annotations

from typing import NamedTuple, Protocol

from services.participant.database import Conflict, Database, Unwell, execute, fetch

UNDER_WAY, DONE = "under_way", "done"


class Decision(NamedTuple):
    """A row of `dead_letter_decisions`, in the order of its columns; `place` is where the record came from.

    `request` is equal when the same request comes again, `claim` is of one attempt to carry the decision out.
    """

    place: str
    letter_id: str
    action: str
    actor: str
    reason: str
    request: str
    claim: str
    state: str
    at_ms: int


class NotRemembered(Exception):
    """The database did not answer, so nothing may be done."""


class Decisions(Protocol):
    """Where decisions are kept. Every call blocks and raises NotRemembered."""

    def claim(self, decision: Decision, stale_ms: int) -> Decision:
        """Remember a decision unless there is one, and return the one that stands.

        One that has been under way since before `stale_ms` is taken over where it is for the same action: whoever
        made it died.
        """

    def find(self, place: str) -> Decision | None:
        """Return the decision about a record."""

    def finish(self, place: str) -> None:
        """Remember that a decision has been carried out."""


class SqlDecisions:
    """Decisions in the gateway's database, which all gateways share."""

    def __init__(self, database: Database) -> None:
        self._database = database
        mark = "?" if database.is_sqlite else "%s"
        marks = ", ".join([mark] * len(Decision._fields))
        self._insert = f"INSERT INTO dead_letter_decisions VALUES ({marks}) ON CONFLICT DO NOTHING"  # noqa: S608 - parameter marks
        changes = ", ".join(f"{name} = {mark}" for name in ("actor", "reason", "request", "claim", "at_ms"))
        stale = f"place = {mark} AND action = {mark} AND state = '{UNDER_WAY}' AND at_ms < {mark}"
        self._take_over = f"UPDATE dead_letter_decisions SET {changes} WHERE {stale}"  # noqa: S608 - our columns
        self._held = f"SELECT * FROM dead_letter_decisions WHERE place = {mark}"  # noqa: S608 - as above
        self._finish = f"UPDATE dead_letter_decisions SET state = '{DONE}' WHERE place = {mark}"  # noqa: S608 - as above

    def claim(self, decision: Decision, stale_ms: int) -> Decision:
        """Remember a decision unless there is one, and return the one that stands. Raises NotRemembered."""
        mine = decision
        take_over = (mine.actor, mine.reason, mine.request, mine.claim, mine.at_ms, mine.place, mine.action, stale_ms)
        try:
            with self._database.apart() as connection:
                if execute(connection, self._insert, [tuple(mine)]) != 1:
                    execute(connection, self._take_over, [take_over])
                return Decision(*fetch(connection, self._held, (mine.place,))[0])
        except (Unwell, Conflict) as error:
            raise NotRemembered(str(error)) from error

    def find(self, place: str) -> Decision | None:
        """Return the decision about a record. Raises NotRemembered."""
        try:
            with self._database.apart() as connection:
                found = fetch(connection, self._held, (place,))
        except (Unwell, Conflict) as error:
            raise NotRemembered(str(error)) from error
        return Decision(*found[0]) if found else None

    def finish(self, place: str) -> None:
        """Remember that a decision has been carried out. Raises NotRemembered."""
        try:
            with self._database.apart() as connection:
                execute(connection, self._finish, [(place,)])
        except (Unwell, Conflict) as error:
            raise NotRemembered(str(error)) from error
