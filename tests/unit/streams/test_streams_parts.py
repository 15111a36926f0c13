"""Small parts of the runtime: changelog records, dead letters, back-off, partitions, directories, the watchdog."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.commit import changelog_entry, changelog_headers
from streams.dead_letter import MAX_DETAIL, MAX_VALUE, dead_letter_headers, dead_letter_value
from streams.errors import Fatal
from streams.partitioner import murmur2
from streams.quarantine import MAX_TIMERS, Failure, Quarantine
from streams.record import Record
from streams.store import Entry
from streams.store_directory import MAX_SLOTS, StoreDirectory
from streams.watchdog import EXIT_CODE


@given(st.binary(max_size=20), st.integers(0, 2**63))
def test_a_changelog_record_stands_for_its_entry(value: bytes, due_ms: int) -> None:
    entry = Entry(value, due_ms)

    assert changelog_entry(value, [("other", b"x"), *changelog_headers(entry)]) == entry
    assert changelog_entry(None, changelog_headers(None)) is None


def test_a_dead_letter_always_fits() -> None:
    record = Record("in", 3, 7, 11, b"k", b"v" * (MAX_VALUE + 5), [("h", b"x")])

    headers = dict(dead_letter_headers(record, "CODE", "d" * 10_000))

    assert len(dead_letter_value(record) or b"") == MAX_VALUE
    assert headers["value_truncated_from"] == b"%d" % (MAX_VALUE + 5)
    assert len(headers["error_detail"]) == MAX_DETAIL
    assert (headers["origin_topic"], headers["origin_partition"], headers["origin_offset"]) == (b"in", b"3", b"7")
    assert headers["original_h"] == b"x"


def test_a_failing_timer_waits_longer_each_time_up_to_a_limit() -> None:
    quarantine = Quarantine(backoff_ms=100, backoff_limit_ms=1_000)

    assert [quarantine.pushed_back_to(5_000, n) - 5_000 for n in (1, 2, 3, 4, 5, 500)] == [
        100,
        200,
        400,
        800,
        1_000,
        1_000,
    ]


def test_the_quarantine_of_timers_is_bounded() -> None:
    quarantine = Quarantine(1, 1)

    for number in range(MAX_TIMERS + 10):
        quarantine.blame_timer(0, b"%d" % number, Failure("CODE", "detail"))

    assert len(quarantine) == MAX_TIMERS


@pytest.mark.parametrize(
    ("key", "expected"),
    # Values of org.apache.kafka.common.utils.Utils.murmur2, from that class's own test.
    [(b"21", -973932308), (b"foobar", -790332482), (b"a-little-bit-long-string", -985981536)],
)
def test_murmur2_is_the_hash_of_java_clients(key: bytes, expected: int) -> None:
    assert murmur2(key) == expected % 2**32


def test_processes_of_one_instance_get_directories_of_their_own(tmp_path: Path) -> None:
    held = [StoreDirectory(tmp_path) for _ in range(MAX_SLOTS)]
    assert len({one.path for one in held}) == MAX_SLOTS
    with pytest.raises(Fatal):
        StoreDirectory(tmp_path)

    held[1].release()

    assert StoreDirectory(tmp_path).path == held[1].path


WATCHED = """
import time
from streams.watchdog import Watchdog
watchdog = Watchdog(LIMIT)
watchdog.start()
for _ in range(BEATS):
    watchdog.beat()
    time.sleep(0.05)
watchdog.stop() if STOPS else time.sleep(60)
"""


@pytest.mark.parametrize(
    ("limit_s", "beats", "stops", "code"),
    [(0.3, 0, False, EXIT_CODE), (0.3, 20, False, EXIT_CODE), (2.0, 60, True, 0)],
)
def test_the_watchdog_ends_a_process_that_makes_no_progress(limit_s: float, beats: int, stops: bool, code: int) -> None:
    program = WATCHED.replace("LIMIT", str(limit_s)).replace("BEATS", str(beats)).replace("STOPS", str(stops))

    assert subprocess.run([sys.executable, "-c", program], timeout=50, check=False).returncode == code
