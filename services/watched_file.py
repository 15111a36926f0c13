"""Files that are read again when they change, such as those with keys: what they say counts without a restart."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Generic, TypeVar

_CHECK_EVERY_MS = 1_000
_log = logging.getLogger(__name__)
Content = TypeVar("Content")
_Stamp = tuple[int, int, int]


class Unreadable(ValueError):
    """The file is not there or cannot be used; the message names it and the reason, never what it says."""


class WatchedFile(Generic[Content]):
    """What a file says, at most a second old. A change that cannot be used leaves what was known before in force."""

    def __init__(self, path: Path, read: Callable[[bytes], Content]) -> None:
        """Read the file. Raises Unreadable."""
        self._path = path
        self._read = read
        self._checked_ms: int | None = None
        self._stamp, self._content = self._load()

    def current(self, now_ms: int) -> Content:
        """Return what the file says, looking at most once a second whether it changed."""
        if self._checked_ms is None or not 0 <= now_ms - self._checked_ms < _CHECK_EVERY_MS:
            self._checked_ms = now_ms
            try:
                if self._now() != self._stamp:
                    self._stamp, self._content = self._load()
                    _log.info("read a changed file", extra={"file": str(self._path)})
            except Unreadable as error:
                _log.error("kept what the file said before", extra={"why": str(error)})
        return self._content

    def _load(self) -> tuple[_Stamp, Content]:
        stamp = self._now()
        try:
            return stamp, self._read(self._path.read_bytes())
        except (OSError, ValueError) as error:
            raise Unreadable(f"{self._path} cannot be used: {error}") from error

    def _now(self) -> _Stamp:
        try:
            status = self._path.stat()
        except OSError as error:
            raise Unreadable(f"{self._path} cannot be read: {error.strerror}") from error
        return status.st_mtime_ns, status.st_size, status.st_ino
