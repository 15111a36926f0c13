"""The contract between the runtime and the code it runs: one processor per task, a context per task."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from streams.record import Headers, Record


class Context(Protocol):
    """What a processor may do. Everything becomes visible together, when the transaction commits, or not at all."""

    @property
    def partition(self) -> int:
        """The partition number of this task, the same in every input topic and in the changelog."""

    def get(self, key: bytes) -> bytes | None:
        """Return the stored value, uncommitted writes of this transaction included."""

    def put(self, key: bytes, value: bytes, due_ms: int | None = None) -> None:
        """Store a value; at `due_ms` (milliseconds since the epoch) `Processor.fire` is called for the key.

        A key has at most one due time: this call replaces the earlier one, and None clears it.
        """

    def delete(self, key: bytes) -> None:
        """Remove the key and its due time; a tombstone goes to the changelog."""

    def forward(self, topic: str, key: bytes, value: bytes, headers: Headers) -> None:
        """Write a record to a topic, partitioned by murmur2 of its key."""

    def dead_letter(self, record: Record, code: str, detail: str) -> None:
        """Write the record, as it came, to the dead-letter topic with its origin and why it could not be used."""

    def log(self, line: bytes) -> None:
        """Hold a line for the process's log, with its end: written after the commit, unless the process dies first."""


class Processor(Protocol):
    """The code of one task. A new one is made after every assignment and after every abort, so it may cache."""

    def process(self, record: Record, now_ms: int, context: Context) -> None:
        """Handle one record. An exception aborts the transaction and dead-letters this record in the next one."""

    def fire(self, key: bytes, now_ms: int, context: Context) -> None:
        """Handle a due time set by `Context.put`. It must put or delete the key, or it is called again."""

    def bury(self, record: Record, code: str, detail: str, now_ms: int, context: Context) -> None:
        """Take leave of a record for which `process` raised an exception: at least `Context.dead_letter`."""

    def flush(self, context: Context) -> None:
        """Called once before each commit: write what was held back, such as states changed more than once."""


ProcessorFactory = Callable[[int], Processor]
"""Makes the processor of a task from its partition number."""
