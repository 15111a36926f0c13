"""Waits for sagas to change in the read model: one task asks for all who wait, so their number costs little."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from typing import NamedTuple

from fastapi.concurrency import run_in_threadpool

from services.gateway.read_model import ReadModel, ReadModelUnavailable
from services.gateway.reading import queries

MOST_WAITING = 1_000
"""How many may wait at once; further ones are told at once that nothing has changed."""
_EVERY_S = 0.05


class _Waiting(NamedTuple):
    """One who waits for an event after `sequence`."""

    sequence: int
    done: asyncio.Future[None]


class Watch:
    """Belongs to the event loop's thread; the read model is asked on others."""

    def __init__(self, read_model: ReadModel) -> None:
        self._read_model = read_model
        self._waiting: defaultdict[str, list[_Waiting]] = defaultdict(list)
        self._count = 0
        self._task: asyncio.Task[None] | None = None

    async def later(self, saga_id: str, sequence: int, within_s: float) -> bool:
        """Wait until the read model has an event of the saga after `sequence`; False when it has none in time."""
        if within_s <= 0 or self._count >= MOST_WAITING:
            return False
        waiting = _Waiting(sequence, asyncio.get_running_loop().create_future())
        self._waiting[saga_id].append(waiting)
        self._count += 1
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._ask())
        try:
            async with asyncio.timeout(within_s):
                await waiting.done
        except TimeoutError:
            return False
        finally:
            self._leave(saga_id, waiting)
        return True

    def _leave(self, saga_id: str, waiting: _Waiting) -> None:
        self._count -= 1
        self._waiting[saga_id].remove(waiting)
        if not self._waiting[saga_id]:
            del self._waiting[saga_id]

    async def _ask(self) -> None:
        """Ask again and again, as long as anybody waits; who waits has a time limit."""
        while self._waiting:
            try:
                known = await run_in_threadpool(queries.sequences, self._read_model, list(self._waiting))
            except ReadModelUnavailable:
                known = {}
            for saga_id, sequence in known.items():
                for waiting in self._waiting.get(saga_id, ()):
                    if sequence > waiting.sequence and not waiting.done.done():
                        waiting.done.set_result(None)
            await asyncio.sleep(_EVERY_S)
