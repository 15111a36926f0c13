"""How far each partition of a topic has been projected: moved in the transaction that writes what follows from it."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import Connection

from services.participant.database import Conflict
from services.projector.tables import PROJECTION


def move(connection: Connection, topic: str, positions: Mapping[int, tuple[int, int]]) -> None:
    """Move each partition from its old position to its new one.

    Raises Conflict when another projector has written these partitions.
    """
    for partition, (old, new) in positions.items():
        moved = connection.execute(
            PROJECTION.update()
            .where(
                PROJECTION.c.topic == topic,
                PROJECTION.c.partition == partition,
                PROJECTION.c.next_offset == old,
            )
            .values(next_offset=new)
        )
        if moved.rowcount != 1:
            raise Conflict(f"{topic}/{partition} is no longer at {old}: another projector writes here")
