"""The runtime, given records, does its work exactly once, on either log."""

from __future__ import annotations

from typing import cast

from streams.record import Record
from tests.contract.streams_app import App
from tests.contract.streams_cluster import Cluster, MemoryCluster


def header(record: Record, name: str) -> str:
    return dict(record.headers)[name].decode()


def test_outputs_state_and_changelog_become_visible_together(cluster: Cluster) -> None:
    app = App(cluster)
    app.start()

    app.send(("x", "add"), ("y", "add"), ("x", "add"))
    app.step_until(lambda: len(app.outputs()) == 3)

    assert sorted(app.outputs()) == [("x", "1"), ("x", "2"), ("y", "1")]
    assert app.state() == {b"x": b"2", b"y": b"1"}
    app.step_until(lambda: app.changed() == {b"x": b"2", b"y": b"1"})


def test_a_restart_with_its_disk_goes_on_where_it_was(cluster: Cluster) -> None:
    app = App(cluster)
    app.start()
    app.send(("x", "add"))
    app.step_until(lambda: len(app.outputs()) == 1)

    app.start()
    app.send(("x", "add"))
    app.step_until(lambda: len(app.outputs()) == 2)

    assert app.outputs() == [("x", "1"), ("x", "2")]


def test_a_lost_store_is_restored_identical_timers_and_deletions_included(cluster: Cluster) -> None:
    app = App(cluster)
    app.start()
    app.send(("x", "add"), ("x", "add"), ("gone", "add"), ("gone", "delete"), ("late", "in 3600000"), ("y", "add"))
    app.step_until(lambda: app.state() == {b"x": b"2", b"late": b"waiting", b"y": b"1"})
    before = {where: list(store.scan(b"", 100)) for where, store in app.stores.items()}
    app.stores.clear()

    app.start()

    assert {where: list(store.scan(b"", 100)) for where, store in app.stores.items()} == before
    horizon = cluster.clock_ms() + 3_600_000
    assert [due.key for store in app.stores.values() for due in store.due_until(horizon, 9)] == [b"late"]


def test_a_timer_set_before_a_restart_fires_once_after_it(cluster: Cluster) -> None:
    app = App(cluster)
    app.start()
    app.send(("soon", "in 1"), ("x", "add"))
    app.step_until(lambda: ("soon", "fired") in app.outputs())
    app.send(("later", "in 300"))
    app.step_until(lambda: b"later" in app.state())

    app.start()
    app.step_until(lambda: ("later", "fired") in app.outputs())
    app.send(("x", "add"))
    app.step_until(lambda: ("x", "2") in app.outputs())

    assert [pair for pair in app.outputs() if pair[1] == "fired"] == [("soon", "fired"), ("later", "fired")]
    assert app.state() == {b"x": b"2"}


def test_a_poison_record_goes_to_the_dead_letters_with_its_origin_and_stops_nothing_else(cluster: Cluster) -> None:
    app = App(cluster, 1)
    app.start()

    app.send(("x", "add"), ("p", "bug-after-add"), ("x", "add"), ("y", "add"))
    app.step_until(lambda: len(app.outputs()) == 3)

    assert app.outputs() == [("x", "1"), ("x", "2"), ("y", "1")]
    assert app.state() == {b"x": b"2", b"y": b"1"}
    [dead] = app.dead_letters(1)
    assert (dead.key, dead.value) == (b"p", b"bug-after-add")
    assert header(dead, "origin_topic") == app.input
    assert (header(dead, "origin_partition"), header(dead, "origin_offset")) == ("0", "1")
    assert header(dead, "error_code") == "PROCESSOR_FAILED"
    assert header(dead, "error_detail") == "Bug: told to fail"
    assert header(dead, "original_trace") == "t"
    assert int(header(dead, "origin_timestamp")) > 0
    assert app.total("aborts") == 1


def test_a_record_that_breaks_the_flush_is_found_among_the_others(cluster: Cluster) -> None:
    app = App(cluster, 1)
    app.send(("x", "add"), ("x", "add"), ("f", "flush-bug"), ("y", "add"))

    app.start()
    app.step_until(lambda: len(app.outputs()) == 3)

    assert app.outputs() == [("x", "1"), ("x", "2"), ("y", "1")]
    [dead] = app.dead_letters(1)
    assert dead.value == b"flush-bug"
    assert header(dead, "error_detail") == "Bug: flush of 0"


def test_what_a_processor_refuses_is_a_dead_letter_without_an_abort(cluster: Cluster) -> None:
    app = App(cluster)
    app.start()

    app.send(("x", "what"), ("x", "add"))
    app.step_until(lambda: len(app.outputs()) == 1)

    assert [header(dead, "error_code") for dead in app.dead_letters(1)] == ["UNKNOWN"]
    assert app.total("aborts") == 0


def test_a_timer_that_fails_is_a_dead_letter_and_is_tried_again_later_and_later(cluster: Cluster) -> None:
    app = App(cluster, 1)
    app.start(config=app.config(timer_backoff_ms=50, timer_backoff_limit_ms=120))

    app.send(("bad", "in 1"), ("x", "add"), ("good", "in 1"))
    app.step_until(lambda: len(app.dead_letters()) >= 3 and len(app.outputs()) == 2)

    assert sorted(app.outputs()) == [("good", "fired"), ("x", "1")]
    assert {dead.key for dead in app.dead_letters()} == {b"bad"}
    assert {header(dead, "error_code") for dead in app.dead_letters()} == {"TIMER_PROCESSOR_FAILED"}
    tries = [int(header(dead, "origin_timestamp")) for dead in app.dead_letters()]
    assert tries[1] - tries[0] >= 50
    assert tries[2] - tries[1] >= 100
    assert app.state()[b"bad"] == b"waiting"


def test_a_timer_that_leaves_its_key_alone_does_not_spin(cluster: Cluster) -> None:
    app = App(cluster, 1)
    app.start(config=app.config(timer_backoff_ms=60_000))

    app.send(("idle", "in 1"))
    app.step_until(lambda: len(app.dead_letters()) == 1)
    app.send(("x", "add"))
    app.step_until(lambda: len(app.outputs()) == 1)

    [dead] = app.dead_letters(1)
    assert header(dead, "error_detail").startswith("TimerNotClearedError")


def test_a_changelog_made_again_wipes_the_store_of_the_old_one(cluster: Cluster) -> None:
    app = App(cluster, 1)
    app.start()
    app.send(("x", "add"))
    app.step_until(lambda: len(app.outputs()) == 1)
    cluster.recreate(app.changelog, 1)

    app.start()
    app.step_until(lambda: bool(app.stats))

    assert app.state() == {}
    assert app.total("corrupted_stores") == 1


def test_a_store_ahead_of_the_group_is_wiped_and_restored(cluster: Cluster) -> None:
    app = App(cluster, 1)
    app.start()
    app.send(("x", "add"))
    app.step_until(lambda: len(app.outputs()) == 1)
    [store] = app.stores.values()
    position = store.position()
    [(where, offset)] = position.input_offsets.items()
    store.apply({}, position._replace(input_offsets={where: offset + 5}), {})

    app.start()
    app.send(("x", "add"))
    app.step_until(lambda: len(app.outputs()) == 2)

    assert app.outputs() == [("x", "1"), ("x", "2")]
    assert app.total("corrupted_stores") == 1


def test_transactions_are_bounded_by_their_number_of_records(cluster: Cluster) -> None:
    app = App(cluster, 1)
    app.send(*[("x", "add")] * 25)

    app.start(config=app.config(max_records=10))
    app.step_until(lambda: len(app.outputs()) == 25)

    assert app.outputs() == [("x", str(number)) for number in range(1, 26)]
    assert max(one.largest_batch for one in app.stats) <= 10
    assert app.total("records") == 25


def test_timers_fire_no_earlier_than_due_and_in_order() -> None:
    cluster = MemoryCluster()
    app = App(cast("Cluster", cluster), 1)
    app.start()
    app.send(("c", "in 500"), ("a", "in 100"), ("b", "in 300"))
    app.step_until(lambda: len(app.state()) == 3)
    started = cluster.now_ms

    app.step_until(lambda: len(app.outputs()) == 3)

    assert [key for key, _ in app.outputs()] == ["a", "b", "c"]
    fired = [record.timestamp_ms - started for record in cluster.records(app.out)]
    assert all(at >= due - 20 for at, due in zip(fired, (100, 300, 500), strict=True))
