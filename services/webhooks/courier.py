"""One turn of the webhooks: read events, put messages on record, send what is due."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol

from schemas.codec import Codec, Undecodable
from services.feed import Entry
from services.webhooks.endpoints import Endpoint
from services.webhooks.notices import Notice, Outcome, outcome_of, take_in
from services.webhooks.sender import Attempt, Send
from services.webhooks.store import Message, Store

_log = logging.getLogger(__name__)
_BATCH = 1_000
_AT_ONCE = 32
_FORGET_EVERY_MS = 60_000
_KEEP_MS = 30 * 86_400_000


class Events(Protocol):
    """The records of saga.events."""

    def take(self, limit: int, wait_s: float, linger_s: float) -> list[Entry]:
        """Return the next records, none when none come in time."""


class Courier:
    """The webhooks between start and end. After any error it is of no use: the process starts anew."""

    def __init__(
        self,
        *,
        events: Events,
        store: Store,
        endpoints: Callable[[int], Mapping[str, Endpoint]],
        send: Send,
        codec: Codec,
        now_ms: Callable[[], int],
    ) -> None:
        """`endpoints` tells who is to be told, given the time in ms: it is asked once a turn."""
        self._events = events
        self._store = store
        self._endpoints_at = endpoints
        self._endpoints: Mapping[str, Endpoint] = {}
        self._send = send
        self._codec = codec
        self._now_ms = now_ms
        self._positions: dict[int, int] = {}
        self._since_ms = 0
        self._forgot_ms = 0
        self._pool = ThreadPoolExecutor(_AT_ONCE, "webhooks")

    def open(self, partitions: Sequence[int]) -> Mapping[int, int]:
        """Return where to read on. Raises Unmigrated."""
        self._positions, self._since_ms = self._store.open(partitions, self._now_ms())
        return dict(self._positions)

    def close(self) -> None:
        """End the threads; an attempt in hand is made again by the next process."""
        self._pool.shutdown(cancel_futures=True)

    def turn(self, wait_s: float, linger_s: float) -> None:
        """Take in a batch of events, and send what is due. Raises Conflict."""
        self._endpoints = self._endpoints_at(self._now_ms())
        entries = self._events.take(_BATCH, wait_s, linger_s)
        if entries:
            self._take_in(entries)
        self._deliver()
        now_ms = self._now_ms()
        if now_ms - self._forgot_ms >= _FORGET_EVERY_MS:
            self._forgot_ms = now_ms
            self._store.forget(now_ms - _KEEP_MS)

    def _take_in(self, entries: Sequence[Entry]) -> None:
        moves: dict[int, tuple[int, int]] = {}
        keys = {entry.key.decode(errors="replace") for entry in entries if entry.key is not None}
        sagas = self._store.known(keys)
        before = dict(sagas)
        notices: list[Notice] = []
        for entry in entries:
            moves[entry.partition] = (self._positions[entry.partition], entry.offset + 1)
            try:
                message = self._codec.decode(entry.value)
            except Undecodable as error:
                where = {"partition": entry.partition, "offset": entry.offset, "why": str(error)}
                _log.error("skipped a record that is no event", extra=where)
                continue
            if "lifecycle" in message.fields.get("meta", {}):
                notice = take_in(sagas, message.name, message.fields, self._since_ms)
                notices += [] if notice is None else [notice]
        changed = [known for saga_id, known in sagas.items() if before.get(saga_id) != known]
        messages = [message for notice in notices for message in self._messages(notice)]
        self._store.write(changed, messages, moves, self._now_ms())
        self._positions.update((partition, new) for partition, (_, new) in moves.items())

    def _messages(self, notice: Notice) -> list[Message]:
        caring = [name for name, endpoint in self._endpoints.items() if endpoint.cares_for(notice.customer_id)]
        return [Message(notice.message_id, name, notice.body.decode(), 0) for name in caring]

    def _deliver(self) -> None:
        """Make one attempt at each message that is due, at most as many as there are threads."""
        due = self._store.due(self._now_ms(), _AT_ONCE)
        if not due:
            return
        attempts = list(self._pool.map(self._attempt, due))
        now_ms = self._now_ms()
        outcomes = [
            (message, outcome_of(message.attempts + 1, attempt.status, attempt.problem, now_ms))
            for message, attempt in zip(due, attempts, strict=True)
        ]
        self._store.settle(outcomes)
        for message, outcome in outcomes:
            _tell(message, outcome)

    def _attempt(self, message: Message) -> Attempt:
        endpoint = self._endpoints.get(message.endpoint)
        if endpoint is None:
            return Attempt(None, "there is no such endpoint any more")
        return self._send(endpoint, message.message_id, message.body.encode(), self._now_ms() // 1000)


def _tell(message: Message, outcome: Outcome) -> None:
    about = {"message_id": message.message_id, "endpoint": message.endpoint, "why": outcome.problem}
    if outcome.state == "dead":
        _log.error("gave a message up", extra={**about, "attempts": message.attempts + 1})
    elif outcome.state == "waiting":
        _log.warning("a message was not taken", extra={**about, "attempts": message.attempts + 1})
