"""Writes dead letters, what people decided about them, and what later events of their sagas make of them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import orjson
from sqlalchemy import Connection, insert, null, select

from services.feed import Entry
from services.participant.database import Database
from services.projector.letters import TELLING, Decision, Fact, Letter, Standing, read_entry, standing_of
from services.projector.positions import move
from services.projector.tables import DEAD_LETTERS, ORDER_EVENTS

_WITHOUT_BYTES = [null().label(name) if name in ("key", "value") else DEAD_LETTERS.c[name] for name in Letter._fields]
"""A letter but for its bytes, of which there may be many and which say nothing about where it stands."""


class LetterStore:
    """The dead letters of the read model; belongs to the thread that writes the rest of it."""

    def __init__(self, database: Database, topic: str, positions: Mapping[int, int]) -> None:
        """Go on from these positions of the topic."""
        self._database = database
        self._topic = topic
        self._positions = dict(positions)

    def take(self, entries: Sequence[Entry]) -> int:
        """Write what the records say and how far they go, or nothing; return how many letters were new.

        Raises Conflict when another projector has written these partitions.
        """
        moved: dict[int, tuple[int, int]] = {}
        new = 0
        with self._database.begin() as connection:
            for entry in entries:
                old = self._positions[entry.partition]
                moved[entry.partition] = (moved.get(entry.partition, (old,))[0], entry.offset + 1)
                match read_entry(entry):
                    case Decision() as decision:
                        _decide(connection, decision)
                    case Letter() as letter:
                        new += 1
                        connection.execute(insert(DEAD_LETTERS).values((*letter, *_standing(connection, letter))))
            move(connection, self._topic, moved)
        self._positions.update((partition, after) for partition, (_, after) in moved.items())
        return new


def review(connection: Connection, saga_ids: Collection[str]) -> None:
    """Bring the letters of these sagas up to the events that are written."""
    query = select(*_WITHOUT_BYTES).where(DEAD_LETTERS.c.saga_id.in_(sorted(saga_ids)))
    for letter in [Letter(*row) for row in connection.execute(query)]:
        standing = standing_of(letter, _facts(connection, letter.saga_id or ""))
        if standing is not None:
            change = DEAD_LETTERS.update().where(DEAD_LETTERS.c.id == letter.id)
            connection.execute(change.values(**standing._asdict()))


def _standing(connection: Connection, letter: Letter) -> Standing:
    """Return where a new letter stands: the events of its saga may have come before it."""
    told = None if letter.saga_id is None else standing_of(letter, _facts(connection, letter.saga_id))
    return told or Standing()


def _decide(connection: Connection, decision: Decision) -> None:
    """Let the first decision about a letter stand."""
    undecided = (DEAD_LETTERS.c.id == decision.letter_id) & (DEAD_LETTERS.c.state == Standing().state)
    connection.execute(DEAD_LETTERS.update().where(undecided).values(**decision.standing._asdict()))


def _facts(connection: Connection, saga_id: str) -> list[Fact]:
    columns = [ORDER_EVENTS.c[name] for name in Fact._fields]
    query = select(*columns).where(ORDER_EVENTS.c.saga_id == saga_id, ORDER_EVENTS.c.type.in_(sorted(TELLING)))
    found = connection.execute(query.order_by(ORDER_EVENTS.c.sequence))
    return [Fact(row.sequence, row.at_ms, row.type, row.step, orjson.loads(row.detail)) for row in found]
