"""The sagas of one task: read from its store once, changed in memory, written before each commit."""

from __future__ import annotations

from orchestrator import parking
from orchestrator.core.state import Phase, State, next_due
from orchestrator.serde import state_fields, state_of
from schemas.codec import Codec
from streams.processor import Context

ORIGIN_SUFFIX = b"/origin"
_HEAVY_STATE = 50_000
"""Bytes from which on a saga's state is measured with every result."""
_CACHED_SAGAS = 20_000


class Sagas:
    """What a task knows of its sagas. Uncommitted changes are in here: an abort needs a new one."""

    __slots__ = ("_codec", "_dirty", "_heavy", "_known", "_retention_ms")

    def __init__(self, codec: Codec, retention_ms: int) -> None:
        """Start with nothing; a saga stays in the store for `retention_ms` after its end."""
        self._codec = codec
        self._retention_ms = retention_ms
        self._known: dict[str, State] = {}
        self._dirty: set[str] = set()
        self._heavy: set[str] = set()

    def load(self, saga_id: str, context: Context) -> State | None:
        """Return a saga, uncommitted changes included; None where this task has none of this id."""
        state = self._known.pop(saga_id, None)
        if state is None:
            key = saga_id.encode()
            value, origin = context.get(key), context.get(key + ORIGIN_SUFFIX)
            if value is None or origin is None:
                return None
            state = state_of(self._codec.decode(value).fields, self._codec.decode(origin).fields)
            if len(value) > _HEAVY_STATE:
                self._heavy.add(saga_id)
        self._known[saga_id] = state
        return state

    def keep(self, state: State) -> None:
        """Hold a changed saga, to be written before the next commit."""
        self._known[state.saga_id] = state
        self._dirty.add(state.saga_id)

    def is_heavy(self, saga_id: str) -> bool:
        """Whether the saga's record has come near to what a record may hold."""
        return bool(self._heavy) and saga_id in self._heavy

    def write(self, saga_id: str, context: Context) -> None:
        """Write a loaded saga now, with the time of its next timer."""
        self._put(saga_id, context)
        self._dirty.discard(saga_id)

    def _put(self, saga_id: str, context: Context) -> None:
        state = self._known[saga_id]
        value = self._codec.encode("saga.State", state_fields(state))
        if len(value) > _HEAVY_STATE:
            self._heavy.add(saga_id)
        context.put(saga_id.encode(), value, self._due(state))

    def _due(self, state: State) -> int | None:
        if state.parked:
            return state.updated_at + parking.RETRY_MS if state.parked[0][1] in parking.WAITS_FOR_A_BUILD else None
        if state.phase is not Phase.ENDED:
            return next_due(state)
        return None if state.outcome == "SUSPENDED" else state.updated_at + self._retention_ms

    def push_back(self, saga_id: str, due_ms: int, context: Context) -> None:
        """Look at a saga whose records wait again at `due_ms`; nothing else about it changes."""
        value = self._codec.encode("saga.State", state_fields(self._known[saga_id]))
        context.put(saga_id.encode(), value, due_ms)

    def forget(self, saga_id: str, context: Context) -> None:
        """Remove a saga from the store."""
        key = saga_id.encode()
        context.delete(key)
        context.delete(key + ORIGIN_SUFFIX)
        self._known.pop(saga_id, None)
        self._dirty.discard(saga_id)
        self._heavy.discard(saga_id)

    def flush(self, context: Context) -> None:
        """Write every saga that changed since the last commit, and let go of the longest unused ones."""
        for saga_id in self._dirty:
            self._put(saga_id, context)
        self._dirty.clear()
        while len(self._known) > _CACHED_SAGAS:
            oldest = next(iter(self._known))
            del self._known[oldest]
            self._heavy.discard(oldest)
