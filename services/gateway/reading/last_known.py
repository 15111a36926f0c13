"""The rows that were shown lately, for the time when the read model does not answer. Bounded, thread-safe."""

from __future__ import annotations

import threading
from collections import OrderedDict

from services.gateway.read_model import Row

_MOST = 5_000


class LastKnown:
    """Rows of orders and sagas by their ids, with the time (ms) when they were read."""

    def __init__(self) -> None:
        self._rows: OrderedDict[str, tuple[int, Row]] = OrderedDict()
        self._lock = threading.Lock()

    def keep(self, saga_id: str, at_ms: int, row: Row) -> None:
        """Remember what was read."""
        with self._lock:
            self._rows[saga_id] = (at_ms, row)
            self._rows.move_to_end(saga_id)
            if len(self._rows) > _MOST:
                self._rows.popitem(last=False)

    def find(self, saga_id: str) -> tuple[int, Row] | None:
        """Return when a row was read, and what it was."""
        with self._lock:
            return self._rows.get(saga_id)
