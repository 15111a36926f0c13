"""The trace of a simulated run: one line for each thing that happened, hashed, and written where a file is given."""

from __future__ import annotations

from hashlib import sha256
from typing import IO


class Journal:
    """Takes lines in the order of virtual time."""

    __slots__ = ("_file", "_hash", "lines")

    def __init__(self, file: IO[str] | None = None) -> None:
        self._hash = sha256()
        self._file = file
        self.lines = 0

    def note(self, at_ms: int, says: str) -> None:
        """Write down what happened at a time."""
        line = f"{at_ms} {says}\n"
        self.lines += 1
        self._hash.update(line.encode())
        if self._file is not None:
            self._file.write(line)

    def sha256(self) -> str:
        """Return the hash of all lines so far: equal for equal runs, byte for byte."""
        return self._hash.hexdigest()
