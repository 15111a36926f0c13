"""The state store's contract: atomic batches, due times in order, a position that moves with the values."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.memory_store import MemoryStore
from streams.record import TopicPartition
from streams.rocks_store import RocksStore
from streams.store import NO_DUE, Entry, StateStore, StorePosition

IN = TopicPartition("in", 3)
AT = StorePosition("id", 7, {IN: 5})


@pytest.fixture(params=["memory", "rocksdb"])
def reopen(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[], StateStore]]:
    """Give a function that opens the store, closing it first if it is open: what a restart does."""
    memory = MemoryStore()
    opened: list[StateStore] = []

    def again() -> StateStore:
        if opened:
            opened.pop().close()
        opened.append(memory if request.param == "memory" else RocksStore(tmp_path / "p3"))
        return opened[-1]

    yield again
    if opened:
        opened.pop().close()


def test_a_new_store_is_empty(reopen: Callable[[], StateStore]) -> None:
    store = reopen()

    assert store.get(b"k") is None
    assert store.position() == StorePosition("", 0, {})
    assert list(store.scan(b"", 10)) == []
    assert list(store.due_until(2**60, 10)) == []


def test_a_batch_survives_a_restart_whole(reopen: Callable[[], StateStore]) -> None:
    reopen().apply({b"a": Entry(b"1", 50), b"b": Entry(b"", NO_DUE)}, AT, {})

    store = reopen()

    assert store.get(b"a") == Entry(b"1", 50)
    assert store.get(b"b") == Entry(b"", NO_DUE)
    assert store.position() == AT
    assert list(store.due_until(50, 10)) == [(50, b"a")]


def test_input_offsets_that_a_batch_does_not_name_stay(reopen: Callable[[], StateStore]) -> None:
    other = TopicPartition("a/b", 3)
    reopen().apply({}, AT, {})
    reopen().apply({}, StorePosition("id", 9, {other: 4}), {})

    assert reopen().position() == StorePosition("id", 9, {IN: 5, other: 4})


def test_deleting_a_key_takes_its_due_time_along(reopen: Callable[[], StateStore]) -> None:
    store = reopen()
    store.apply({b"a": Entry(b"1", 50)}, AT, {})

    store.apply({b"a": None}, AT, {})

    assert store.get(b"a") is None
    assert list(store.due_until(100, 10)) == []


def test_a_key_has_one_due_time_the_last_one(reopen: Callable[[], StateStore]) -> None:
    store = reopen()
    store.apply({b"a": Entry(b"1", 50), b"b": Entry(b"1", 60), b"c": Entry(b"1", 70)}, AT, {})

    store.apply({b"a": Entry(b"2", 90), b"b": Entry(b"2", NO_DUE)}, AT, {b"a": 50})

    assert list(store.due_until(100, 10)) == [(70, b"c"), (90, b"a")]


def test_due_keys_come_earliest_first_and_bounded(reopen: Callable[[], StateStore]) -> None:
    store = reopen()
    store.apply({b"%d" % due: Entry(b"", due) for due in (30, 10, 20, 40)}, AT, {})

    assert list(store.due_until(35, 2)) == [(10, b"10"), (20, b"20")]
    assert list(store.due_until(35, 9)) == [(10, b"10"), (20, b"20"), (30, b"30")]


def test_a_due_time_before_the_last_search_is_still_found(reopen: Callable[[], StateStore]) -> None:
    store = reopen()
    assert list(store.due_until(1_000, 9)) == []

    store.apply({b"late": Entry(b"", 5)}, AT, {})

    assert list(store.due_until(1_000, 9)) == [(5, b"late")]


def test_a_scan_continues_after_the_last_key(reopen: Callable[[], StateStore]) -> None:
    store = reopen()
    store.apply({key: Entry(key, NO_DUE) for key in (b"", b"a", b"a\x00", b"b")}, AT, {})

    first = store.scan(b"", 2)
    second = store.scan(first[-1][0], 9)

    assert [key for key, _ in first] == [b"", b"a"]
    assert [key for key, _ in second] == [b"a\x00", b"b"]


def test_a_wiped_store_is_new(reopen: Callable[[], StateStore]) -> None:
    store = reopen()
    store.apply({b"a": Entry(b"1", 50)}, AT, {})

    store.wipe()

    assert store.get(b"a") is None
    assert store.position() == StorePosition("", 0, {})
    store.apply({b"b": Entry(b"1", 5)}, AT, {})
    assert [key for key, _ in reopen().scan(b"", 9)] == [b"b"]


def test_a_store_whose_opening_never_finished_starts_empty(tmp_path: Path) -> None:
    store = RocksStore(tmp_path / "p0")
    store.apply({b"a": Entry(b"1", 50)}, AT, {})
    store.close()
    (tmp_path / "p0.opening").touch()

    assert RocksStore(tmp_path / "p0").position() == StorePosition("", 0, {})


Batch = dict[bytes, Entry | None]
BATCHES: st.SearchStrategy[list[tuple[Batch, int]]] = st.lists(
    st.tuples(
        st.dictionaries(
            st.binary(max_size=2),
            st.none() | st.builds(Entry, st.binary(max_size=3), st.integers(0, 30)),
            max_size=4,
        ),
        st.integers(0, 40),
    ),
    max_size=12,
)


@settings(max_examples=60, deadline=None)
@given(BATCHES)
def test_both_stores_agree_on_values_and_due_times(
    tmp_path_factory: pytest.TempPathFactory, batches: list[tuple[Batch, int]]
) -> None:
    memory, rocks = MemoryStore(), RocksStore(tmp_path_factory.mktemp("agree") / "p0")
    for writes, until in batches:
        for store in (memory, rocks):
            store.apply(writes, AT, {})
        assert list(rocks.due_until(until, 3)) == list(memory.due_until(until, 3))
        assert list(rocks.scan(b"", 100)) == list(memory.scan(b"", 100))
    rocks.close()
