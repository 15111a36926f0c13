"""The state store on RocksDB: one directory per partition, values and their derived due index in one keyspace."""

from __future__ import annotations

import shutil
import struct
from collections.abc import Mapping, Sequence
from pathlib import Path

from rocksdict import BlockBasedOptions, Options, Rdict, ReadOptions, WriteBatch

from streams.record import TopicPartition
from streams.store import NO_DUE, Due, Entry, StorePosition

_VALUE = b"v"
_VALUE_END = b"w"
_TIMER = b"t"
_META_CHANGELOG = b"mc"
_META_CHANGELOG_ID = b"mi"
_META_INPUT = b"mo"
_META_INPUT_END = b"mp"
_U64 = struct.Struct(">Q")
_MEMTABLE_BYTES = 16 * 1024 * 1024
_KEPT_LOG_FILES = 2


class RocksStore:
    """WAL on, no fsync: what a process crash leaves is complete, what a power loss takes the changelog gives back."""

    def __init__(self, directory: Path) -> None:
        """Open or create the store; a store whose last opening never finished is damaged and starts empty."""
        self._directory = directory
        self._opening = directory.with_suffix(".opening")
        self._db = self._open()
        self._position = self._load_position()
        self._cursor_ms = 0

    def _open(self) -> Rdict:
        if self._opening.exists():
            shutil.rmtree(self._directory, ignore_errors=True)
        self._directory.parent.mkdir(parents=True, exist_ok=True)
        self._opening.touch()
        db = Rdict(str(self._directory), _options())
        self._opening.unlink()
        return db

    def _load_position(self) -> StorePosition:
        offset = self._db.get(_META_CHANGELOG)
        changelog_id = self._db.get(_META_CHANGELOG_ID)
        inputs: dict[TopicPartition, int] = {}
        for key, value in self._between(_META_INPUT, _META_INPUT_END, 1_000):
            topic, _, number = key[2:].rpartition(b"/")
            inputs[TopicPartition(topic.decode(), int(number))] = _U64.unpack(value)[0]
        return StorePosition(
            changelog_id.decode() if changelog_id is not None else "",
            _U64.unpack(offset)[0] if offset is not None else 0,
            inputs,
        )

    def get(self, key: bytes) -> Entry | None:
        """Return the entry of a key."""
        raw = self._db.get(_VALUE + key)
        return None if raw is None else Entry(raw[8:], _U64.unpack_from(raw)[0])

    def apply(
        self,
        writes: Mapping[bytes, Entry | None],
        position: StorePosition,
        previous_due: Mapping[bytes, int],
    ) -> None:
        """Write entries, the due index and the position in one WriteBatch."""
        batch = WriteBatch(raw_mode=True)
        for key, entry in writes.items():
            old_due = previous_due.get(key)
            if old_due is None:
                stored = self.get(key)
                old_due = NO_DUE if stored is None else stored.due_ms
            new_due = NO_DUE if entry is None else entry.due_ms
            if old_due != new_due:
                if old_due != NO_DUE:
                    batch.delete(_TIMER + _U64.pack(old_due) + key)
                if new_due != NO_DUE:
                    batch.put(_TIMER + _U64.pack(new_due) + key, b"")
                    self._cursor_ms = min(self._cursor_ms, new_due)
            if entry is None:
                batch.delete(_VALUE + key)
            else:
                batch.put(_VALUE + key, _U64.pack(entry.due_ms) + entry.value)
        self._write_position(batch, position)
        self._db.write(batch)
        inputs = {**self._position.input_offsets, **position.input_offsets}
        self._position = StorePosition(position.changelog_id, position.changelog_offset, inputs)

    def _write_position(self, batch: WriteBatch, position: StorePosition) -> None:
        batch.put(_META_CHANGELOG, _U64.pack(position.changelog_offset))
        if position.changelog_id != self._position.changelog_id:
            batch.put(_META_CHANGELOG_ID, position.changelog_id.encode())
        known = self._position.input_offsets
        for (topic, number), offset in position.input_offsets.items():
            if known.get(TopicPartition(topic, number)) != offset:
                batch.put(_META_INPUT + f"{topic}/{number}".encode(), _U64.pack(offset))

    def due_until(self, until_ms: int, limit: int) -> Sequence[Due]:
        """Return at most `limit` due keys; the search starts where the last one found nothing left behind."""
        if until_ms < self._cursor_ms:
            return []
        found = [
            Due(_U64.unpack_from(key, 1)[0], key[9:])
            for key, _ in self._between(_TIMER + _U64.pack(self._cursor_ms), _TIMER + _U64.pack(until_ms + 1), limit)
        ]
        self._cursor_ms = found[0].due_ms if found else until_ms
        return found

    def scan(self, after: bytes, limit: int) -> Sequence[tuple[bytes, Entry]]:
        """Return one slice of the entries in key order."""
        first = _VALUE + after + b"\x00" if after else _VALUE
        return [
            (key[1:], Entry(raw[8:], _U64.unpack_from(raw)[0])) for key, raw in self._between(first, _VALUE_END, limit)
        ]

    def _between(self, first: bytes, end: bytes, limit: int) -> list[tuple[bytes, bytes]]:
        options = ReadOptions()
        options.set_iterate_upper_bound(end)
        cursor = self._db.iter(options)
        cursor.seek(first)
        found: list[tuple[bytes, bytes]] = []
        while len(found) < limit and cursor.valid():
            found.append((cursor.key(), cursor.value()))
            cursor.next()
        return found

    def position(self) -> StorePosition:
        """Return the position written with the last batch."""
        return self._position

    def wipe(self) -> None:
        """Remove the directory and start a new store in it."""
        self._db.close()
        shutil.rmtree(self._directory)
        self._db = self._open()
        self._position = self._load_position()
        self._cursor_ms = 0

    def close(self) -> None:
        """Close the database and release its lock."""
        self._db.close()


def _options() -> Options:
    options = Options(raw_mode=True)
    options.create_if_missing(True)
    options.set_write_buffer_size(_MEMTABLE_BYTES)
    options.set_keep_log_file_num(_KEPT_LOG_FILES)
    table = BlockBasedOptions()
    table.set_bloom_filter(10, block_based=False)
    options.set_block_based_table_factory(table)
    return options
