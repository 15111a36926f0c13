"""Keeps the log files of processes within a bound while they are written to."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

KEPT_BYTES = 20 * 1024 * 1024
"""A file above this is moved aside; the one that was aside before is gone. Twice as much is the most there is."""
_TAIL_BYTES = 1_000_000


def keep_small(log: Path, kept_bytes: int = KEPT_BYTES) -> None:
    """Move what a log holds to `NAME.log.1` where it is too much; its writer, who appends, goes on at its beginning.

    A line that is written between the copy and the cut is lost; where there is no room for a copy, all of it is.
    """
    try:
        if log.stat().st_size <= kept_bytes:
            return
    except FileNotFoundError:
        return
    aside = log.with_suffix(".log.1")
    try:
        shutil.copyfile(log, aside)
        _end_with_a_line(aside)
    except OSError:
        aside.unlink(missing_ok=True)
    os.truncate(log, 0)


def _end_with_a_line(path: Path) -> None:
    """Cut off the beginning of a line that was being written while the file was copied."""
    with path.open("r+b") as file:
        size = file.seek(0, os.SEEK_END)
        start = file.seek(max(0, size - _TAIL_BYTES))
        file.truncate(start + file.read().rfind(b"\n") + 1)
