"""Where the lines of a log go: whole lines in one piece, and a reader that stops reading stops nothing else."""

from __future__ import annotations

import os
import select
import stat
import threading
from collections.abc import Callable

_PIECE = 4_096
"""Bytes that a pipe takes in one piece, also when several processes write to it, once it says that it takes any."""
_PATIENCE_MS = 250
_NEWLINE = 10


class LineOutput:
    """One file descriptor, written to by any thread.

    A file is written to at once. A pipe whose reader is behind is waited for, once and for a quarter of a second: from
    then on lines are lost, and counted, until it goes on. A closed pipe and a full disk lose lines, too. Nothing is
    raised.
    """

    def __init__(self, descriptor: int, gap: Callable[[int], bytes], patience_ms: int = _PATIENCE_MS) -> None:
        """Write to a descriptor; `gap` returns the line that says how many were lost before it."""
        self._descriptor = descriptor
        self._gap = gap
        self._patience_ms = patience_ms
        # A signal handler may write while its own thread does.
        self._lock = threading.RLock()
        self._poll = select.poll()
        self._poll.register(descriptor, select.POLLOUT)
        self._mode = _mode(descriptor)
        self._is_file = stat.S_ISREG(self._mode)
        self._is_stalled = False
        self._rest = b""
        self._untold = 0
        self.lost = 0
        """Lines that nobody got."""

    def write(self, lines: bytes) -> None:
        """Write lines, each with its end."""
        with self._lock:
            rest = self._rest
            if rest or self._untold:
                lines = rest + (self._gap(self._untold) if self._untold else b"") + lines
            written = self._write(lines)
            if written == len(lines):
                self._rest, self._untold = b"", 0
            else:
                self._lose(lines, written, len(rest))

    def _write(self, lines: bytes) -> int:
        """Return how many bytes were written: fewer than there are where that would take too long, or fails."""
        written, end = 0, len(lines)
        if not self._mode:
            return 0
        try:
            while written < end:
                if self._is_file:
                    written += os.write(self._descriptor, lines[written:])
                elif self._is_ready():
                    written += os.write(self._descriptor, lines[written : _cut(lines, written)])
                else:
                    break
        except OSError:
            # There is no other place to say it in: the lines count as lost.
            self._is_stalled = True
        return written

    def _is_ready(self) -> bool:
        self._is_stalled = not self._poll.poll(0 if self._is_stalled else self._patience_ms)
        return not self._is_stalled

    def _lose(self, lines: bytes, written: int, rest: int) -> None:
        """Keep the rest of a line that has begun, as the first `rest` bytes had before, and give up all after it."""
        is_torn = lines[written - 1] != _NEWLINE if written else rest > 0
        cut = lines.index(b"\n", written) + 1 if is_torn else written
        self._rest = lines[written:cut]
        is_untold_still = self._untold > 0 and cut <= rest
        gone = lines.count(b"\n", cut) - is_untold_still
        self.lost += gone
        self._untold = gone + (self._untold if is_untold_still else 0)


def _cut(lines: bytes, start: int) -> int:
    """Return where the next piece ends: after a line, unless the line is longer than a piece."""
    end = start + _PIECE
    if end >= len(lines):
        return len(lines)
    return lines.rfind(b"\n", start, end) + 1 or end


def _mode(descriptor: int) -> int:
    """Return what the descriptor is; 0 where it is closed: its number will be another file's."""
    try:
        return os.fstat(descriptor).st_mode
    except OSError:
        return 0
