"""Ends the process when the loop makes no progress: a call into the client can ignore its own timeout."""

from __future__ import annotations

import logging
import os
import threading
import time

EXIT_CODE = 70
"""Exit code of a process that its watchdog ended; a supervisor starts it again."""

_log = logging.getLogger(__name__)

_CHECKS = 10
_STOPPED_FACTOR = 3


class Watchdog:
    """A thread that compares `beats` between checks. A process that was stopped and continued gets a new term."""

    def __init__(self, limit_s: float) -> None:
        self._limit_s = limit_s
        self._interval_s = limit_s / _CHECKS
        self._beats = 0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="watchdog", daemon=True)

    def start(self) -> None:
        """Start watching."""
        self._thread.start()

    def beat(self) -> None:
        """Tell that the loop made progress."""
        self._beats += 1

    def stop(self) -> None:
        """Stop watching and wait for the thread."""
        self._stop.set()
        self._thread.join(self._limit_s)

    def _watch(self) -> None:
        seen, since = self._beats, time.monotonic()
        checked = since
        while not self._stop.wait(self._interval_s):
            now = time.monotonic()
            was_stopped = now - checked > self._interval_s * _STOPPED_FACTOR
            checked = now
            if self._beats != seen or was_stopped:
                seen, since = self._beats, now
            elif now - since > self._limit_s:
                _log.critical("no progress for %.0f s, ending the process", now - since)
                os._exit(EXIT_CODE)
