"""Remembers which signed messages came already, so that none of them acts twice."""

from __future__ import annotations

from typing import Protocol

from services.participant.database import Conflict, Database, Unwell, execute
from services.signatures import WINDOW_S

_KEEP_MS = 2 * WINDOW_S * 1000
_FORGET_EVERY_MS = 60_000


class NotRemembered(Exception):
    """The database did not answer, so the message may not be let in."""


class SeenMessages(Protocol):
    """Where ids of messages are kept for as long as their signatures would be good."""

    def claim(self, client: str, message_id: str, now_ms: int) -> bool:
        """Remember a message; False where it came before. Blocks; raises NotRemembered."""


class SqlSeenMessages:
    """Ids of messages in the gateway's database, where they are unique for each client."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._forgot_ms = 0
        mark = "?" if database.is_sqlite else "%s"
        self._insert = f"INSERT INTO seen_messages VALUES ({mark}, {mark}, {mark}) ON CONFLICT DO NOTHING"  # noqa: S608 - parameter marks
        self._forget = f"DELETE FROM seen_messages WHERE at_ms < {mark}"  # noqa: S608 - a parameter mark

    def claim(self, client: str, message_id: str, now_ms: int) -> bool:
        """Remember a message; False where it came before. Blocks; raises NotRemembered."""
        try:
            with self._database.apart() as connection:
                if now_ms - self._forgot_ms >= _FORGET_EVERY_MS:
                    self._forgot_ms = now_ms
                    execute(connection, self._forget, [(now_ms - _KEEP_MS,)])
                return execute(connection, self._insert, [(client, message_id, now_ms)]) == 1
        except (Unwell, Conflict) as error:
            raise NotRemembered(str(error)) from error
