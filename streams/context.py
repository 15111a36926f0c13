"""What a processor may do inside a transaction: reads through its own uncommitted writes, writes held until commit."""

from __future__ import annotations

from streams.dead_letter import dead_letter_headers, dead_letter_value
from streams.driver import Driver
from streams.record import Headers, Record
from streams.stats import Counters
from streams.store import NO_DUE, Entry, StateStore


class TaskContext:
    """The context of one task; `writes` are what the open transaction changes, last value per key."""

    __slots__ = (
        "_counters",
        "_dead_letter_topic",
        "_partition",
        "_produce",
        "_store",
        "lines",
        "next_due_ms",
        "previous_due",
        "writes",
    )

    def __init__(
        self, partition: int, store: StateStore, driver: Driver, dead_letter_topic: str, counters: Counters
    ) -> None:
        self._partition = partition
        self._store = store
        self._produce = driver.produce
        self._dead_letter_topic = dead_letter_topic
        self._counters = counters
        self.writes: dict[bytes, Entry | None] = {}
        self.previous_due: dict[bytes, int] = {}
        self.lines = bytearray()
        """What the open transaction tells the log, once it is committed."""
        self.next_due_ms = 0
        """No timer fires before this time; 0 asks for a look into the due index."""

    @property
    def partition(self) -> int:
        """The partition number of this task."""
        return self._partition

    def get(self, key: bytes) -> bytes | None:
        """Return the value, uncommitted writes of this transaction included."""
        writes = self.writes
        if key in writes:
            entry = writes[key]
        else:
            entry = self._store.get(key)
            self.previous_due[key] = NO_DUE if entry is None else entry[1]
        return None if entry is None else entry[0]

    def put(self, key: bytes, value: bytes, due_ms: int | None = None) -> None:
        """Hold a value for the commit; a due time that has passed already fires after it."""
        if due_ms is None:
            self.writes[key] = Entry(value, NO_DUE)
            return
        due = max(1, due_ms)
        self.writes[key] = Entry(value, due)
        self.next_due_ms = min(self.next_due_ms, due)

    def delete(self, key: bytes) -> None:
        """Hold a deletion for the commit."""
        self.writes[key] = None

    def forward(self, topic: str, key: bytes, value: bytes, headers: Headers) -> None:
        """Write a record to a topic."""
        self._produce(topic, key, value, headers)

    def dead_letter(self, record: Record, code: str, detail: str) -> None:
        """Write the record to the dead-letter topic with its origin."""
        self._counters.dead_letters += 1
        self._produce(
            self._dead_letter_topic,
            record.key,
            dead_letter_value(record),
            dead_letter_headers(record, code, detail),
        )

    def log(self, line: bytes) -> None:
        """Hold a line for the log."""
        self.lines += line

    def forget(self) -> None:
        """Drop what the transaction held: it was committed and applied, or aborted."""
        self.lines = bytearray()
        self.writes = {}
        self.previous_due = {}
