"""The runtime on a real broker under kill -9, SIGSTOP and hand-over: every input has exactly one committed output."""

from __future__ import annotations

import random
import signal
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.contract.streams_cluster import wait_until
from tests.kafka.streams_fleet import Fleet


@pytest.fixture
def fleet(broker: str, tmp_path: Path) -> Iterator[Fleet]:
    """Give an application with topics of its own."""
    made = Fleet(broker, tmp_path)
    yield made
    made.close()


@pytest.mark.parametrize("call", ["offsets", "commit"])
def test_killed_in_mid_transaction_and_restarted_in_place(fleet: Fleet, call: str) -> None:
    fleet.send(300)
    first = fleet.start("a", hang_before=call, hang_at=2)
    first.wait_until_hanging()
    first.kill()

    fleet.start("a")
    fleet.wait_until_done()

    fleet.assert_each_once()
    fleet.assert_state_matches()


def test_killed_at_random_moments_and_restarted_in_place(fleet: Fleet) -> None:
    moments = random.Random(7)  # noqa: S311 - a seed to repeat, no secret
    for _ in range(5):
        worker = fleet.start("a", max_records=20)
        before = fleet.outputs().total()
        fleet.send(200)
        target = before + moments.randrange(1, 200)
        wait_until(lambda target=target: fleet.outputs().total() >= target)  # type: ignore[misc]  # bound per round
        worker.kill()

    fleet.start("a")
    fleet.wait_until_done()

    fleet.assert_each_once()
    fleet.assert_state_matches()


@pytest.mark.parametrize("call", ["offsets", "commit"])
def test_a_peer_takes_over_from_an_owner_killed_for_good(fleet: Fleet, call: str) -> None:
    """The dead one's transaction times out after two minutes: only fencing lets the peer end within the deadline."""
    survivor = fleet.start("b")
    fleet.send(40)
    fleet.wait_until_done()
    dying = fleet.start("a", hang_before=call, hang_at=1)
    wait_until(lambda: shares(survivor.stats()))
    fleet.send(300)
    dying.wait_until_hanging()
    dying.kill()

    fleet.wait_until_done()

    fleet.assert_each_once()
    fleet.assert_state_matches()
    assert survivor.is_running


def test_a_stopped_owner_is_replaced_and_writes_nothing_when_it_goes_on(fleet: Fleet) -> None:
    survivor = fleet.start("b")
    fleet.send(40)
    fleet.wait_until_done()
    zombie = fleet.start("a", hang_before="commit", hang_at=1)
    wait_until(lambda: shares(survivor.stats()))
    fleet.send(300)
    zombie.wait_until_hanging()
    zombie.signal(signal.SIGSTOP)
    fleet.wait_until_done()
    fleet.assert_each_once()

    zombie.release()
    zombie.signal(signal.SIGCONT)
    wait_until(lambda: not zombie.is_running)

    assert zombie.process.returncode == 1
    fleet.assert_each_once()
    fleet.assert_state_matches()
    assert survivor.is_running


def test_a_replacement_does_not_wait_for_a_stopped_process_of_its_name(fleet: Fleet) -> None:
    fleet.send(300)
    stopped = fleet.start("a", hang_before="commit", hang_at=2)
    stopped.wait_until_hanging()
    stopped.signal(signal.SIGSTOP)

    fleet.start("a")
    fleet.wait_until_done()
    stopped.release()
    stopped.signal(signal.SIGCONT)
    wait_until(lambda: not stopped.is_running)

    assert stopped.process.returncode == 1
    fleet.assert_each_once()
    fleet.assert_state_matches()


def test_live_owners_hand_over_under_load_and_none_is_fenced(fleet: Fleet) -> None:
    first = fleet.start("a", max_records=10)
    fleet.send(500)
    wait_until(lambda: fleet.outputs().total() > 0)
    second = fleet.start("b", max_records=10)
    for _ in range(5):
        fleet.send(200)
    wait_until(lambda: shares(second.stats()))
    fleet.send(500)
    fleet.wait_until_done()
    second.signal(signal.SIGTERM)
    wait_until(lambda: not second.is_running)
    fleet.send(500)
    fleet.wait_until_done()

    fleet.assert_each_once()
    fleet.assert_state_matches()
    assert first.is_running
    assert second.process.returncode == 0


def test_an_owner_that_was_stopped_until_it_lost_its_place_takes_it_again(fleet: Fleet) -> None:
    worker = fleet.start("a")
    fleet.send(40)
    fleet.wait_until_done()
    worker.signal(signal.SIGSTOP)
    wait_until(lambda: fleet.members() == 0)

    worker.signal(signal.SIGCONT)
    fleet.send(100)
    fleet.wait_until_done()

    fleet.assert_each_once()
    fleet.assert_state_matches()
    assert worker.is_running


def test_a_wiped_directory_is_restored_and_goes_on_counting(fleet: Fleet, tmp_path: Path) -> None:
    fleet.send(100)
    worker = fleet.start("a")
    fleet.wait_until_done()
    worker.kill()
    for file in (tmp_path / "a" / "stores").rglob("*"):
        if file.is_file():
            file.unlink()

    fleet.cluster.produce_all(fleet.input, [(b"key-%d" % n, b"x") for n in range(100)])
    fleet.start("a")
    wait_until(lambda: fleet.outputs().total() >= 200)

    assert fleet.outputs() == Counter({(b"key-%d" % n, b"%d" % seen): 1 for n in range(100) for seen in (1, 2)})


def test_timers_and_poison_survive_a_kill(fleet: Fleet) -> None:
    timers: list[tuple[bytes, bytes]] = [(b"timer-%d" % n, b"in 4000") for n in range(50)]
    fleet.cluster.produce_all(fleet.input, [*timers, (b"p", b"poison")])
    worker = fleet.start("a")
    wait_until(lambda: len(fleet.changelog_state()) == 50)
    worker.kill()

    fleet.start("a")
    wait_until(lambda: fleet.outputs().total() >= 50)
    fleet.send(10)
    wait_until(lambda: fleet.outputs().total() >= 60)

    assert [seen for (key, _), seen in fleet.outputs().items() if (key or b"").startswith(b"timer")] == [1] * 50
    assert [record.value for record in fleet.cluster.records(fleet.dead, 1)] == [b"poison"]


def shares(stats: list[dict[str, float]]) -> bool:
    """Whether a worker's last word says that it runs half of the tasks."""
    return bool(stats) and stats[-1]["tasks_running_now"] == 2 and stats[-1]["tasks_restoring_now"] == 0
