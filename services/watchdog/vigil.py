"""One turn of the watchdog: read, remember, raise what is overdue or has failed, send what is raised."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import Protocol

from schemas.codec import Codec, Undecodable
from services.feed import Entry
from services.watchdog.alert import LOCKED_STATUS, Alert, alert_of, calls_for_one
from services.watchdog.pager import Pager
from services.watchdog.store import Store
from services.watchdog.watch import Watch

_log = logging.getLogger(__name__)
_BATCH = 2000
_MOST_ALERTS = 500
_LOOK_MS = 500
_LOCKED = LOCKED_STATUS.encode()


class Events(Protocol):
    """The records of saga.events."""

    def take(self, limit: int, wait_s: float, linger_s: float) -> list[Entry]:
        """Return the next records, none when none come in time."""

    def at_end(self, partition: int) -> bool:
        """Tell whether the partition had nothing more when it was last read."""


class Vigil:
    """The watchdog between start and end. After any error it is of no use: the process starts anew."""

    def __init__(
        self,
        *,
        events: Events,
        store: Store,
        pager: Pager,
        watch: Watch,
        codec: Codec,
        positions: dict[int, int],
        now_ms: Callable[[], int],
    ) -> None:
        self._events = events
        self._store = store
        self._pager = pager
        self._watch = watch
        self._codec = codec
        self._positions = positions
        self._now_ms = now_ms
        self._looked_ms = 0
        self._calling = calls_for_one()

    def recover(self) -> None:
        """Send what an earlier process put on record; an alert it has sent already is not sent again."""
        while unsent := self._store.unsent():
            written = self._pager.written_since(min(entry.searched_from for entry in unsent))
            missing = [entry.alert for entry in unsent if entry.alert.alert_id not in written]
            if missing:
                self._pager.send(missing)
            self._store.sent([entry.alert.alert_id for entry in unsent])

    def turn(self, wait_s: float, linger_s: float) -> None:
        """Take in a batch of events, and every half second raise what is overdue."""
        entries = self._events.take(_BATCH, wait_s, linger_s)
        if entries:
            self._take_in(entries)
        now_ms = self._now_ms()
        if now_ms - self._looked_ms >= _LOOK_MS:
            self._looked_ms = now_ms
            self._raise(now_ms)

    def _take_in(self, entries: Sequence[Entry]) -> None:
        moves: dict[int, tuple[int, int]] = {}
        pages: list[Alert] = []
        for entry in entries:
            moves[entry.partition] = (self._positions[entry.partition], entry.offset + 1)
            if self._is_no_concern(entry):
                continue
            try:
                message = self._codec.decode(entry.value)
            except Undecodable as error:
                where = {"partition": entry.partition, "offset": entry.offset, "why": str(error)}
                _log.error("skipped a record that is no event", extra=where)
                continue
            meta = message.fields.get("meta", {})
            if "status" in meta:
                self._watch.see(entry.partition, meta)
                page = alert_of(message.name, message.fields, self._now_ms())
                pages += [] if page is None else [page]
        self._store.write(self._watch.changes(), moves, pages, self._pager.end() if pages else 0)
        self._positions.update((partition, new) for partition, (_, new) in moves.items())
        self._send(pages)

    def _is_no_concern(self, entry: Entry) -> bool:
        """Tell without decoding whether an event locks no saga, belongs to no locked one and calls for no alert.

        Most events do none of it.
        """
        if entry.key is None or entry.value is None or entry.value.startswith(self._calling):
            return False
        return _LOCKED not in entry.value and not self._watch.holds(entry.key.decode(errors="replace"))

    def _raise(self, now_ms: int) -> None:
        alerts = self._watch.overdue(now_ms, self._events.at_end, _MOST_ALERTS)
        if not alerts:
            return
        self._store.raise_alerts(alerts, self._pager.end())
        self._watch.raised(alerts)
        self._send(alerts)

    def _send(self, alerts: Sequence[Alert]) -> None:
        """Send alerts that are on record."""
        if not alerts:
            return
        self._pager.send(alerts)
        self._store.sent([alert.alert_id for alert in alerts])
        for alert in alerts:
            _log.warning("alert raised", extra={"alert": alert.document()})
