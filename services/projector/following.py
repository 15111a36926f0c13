"""Follows both topics into one database: what the live read model and one that is being built have in common."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from schemas import topics
from schemas.codec import Codec
from services.feed import Entry
from services.participant.database import Database
from services.projector.letter_store import LetterStore
from services.projector.projection import Projection
from services.projector.store import Store

_BATCH = 2000
_LETTERS = 20
_LINGER_S = 0.05


class Source(Protocol):
    """A topic that is read."""

    def partitions(self) -> Sequence[int]:
        """Return the numbers of the topic's partitions."""

    def start(self, positions: Mapping[int, int]) -> None:
        """Read each partition from the offset given."""

    def take(self, limit: int, wait_s: float, linger_s: float) -> Sequence[Entry]:
        """Return the next records, none when none come in time."""

    def ends(self) -> Mapping[int, int]:
        """Return where each partition ended when it was last read to its end."""


class Following:
    """Two topics, events and dead letters, and the database they are projected into."""

    def __init__(self, database: Database, events: Source, letters: Source, codec: Codec) -> None:
        """Begin where the database ends. Raises Unmigrated, TopicUnavailable."""
        self._events, self._letters = events, letters
        self._store = Store(database, topics.EVENTS.name)
        self._letters_store = Store(database, topics.DEAD_LETTERS.name)
        positions = self._begin(self._store, events)
        self._projection = Projection(self._store, codec, positions)
        self._began_with_ms = self._store.newest_at_ms()
        letter_positions = self._begin(self._letters_store, letters)
        self._letter_store = LetterStore(database, topics.DEAD_LETTERS.name, letter_positions)
        self._noted: tuple[Mapping[int, int], Mapping[int, int]] = ({}, {})

    @staticmethod
    def _begin(store: Store, source: Source) -> dict[int, int]:
        positions = store.open(source.partitions())
        source.start(positions)
        return positions

    @property
    def newest_at_ms(self) -> int | None:
        """When the newest event was decided that is projected; None where none is. Any thread may ask."""
        return self._projection.newest_at_ms or self._began_with_ms

    def advance(self, wait_s: float) -> bool:
        """Project what is there; wait for a first event at most `wait_s`. Returns whether there was anything.

        Raises Gap, Conflict, PositionLost, TopicUnavailable.
        """
        events = self._events.take(_BATCH, wait_s, _LINGER_S)
        if events:
            self._projection.project(events)
        letters = self._letters.take(_LETTERS, 0.0, 0.0)
        if letters:
            self._letter_store.take(letters)
        busy = bool(events or letters)
        if not busy:
            self._note()
        return busy

    def _note(self) -> None:
        """Write where the topics end, when that is news."""
        ends = (self._events.ends(), self._letters.ends())
        if ends != self._noted:
            self._store.saw(ends[0])
            self._letters_store.saw(ends[1])
            self._noted = ends
