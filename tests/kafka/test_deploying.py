"""Definitions deployed to orchestrators that run, and schedules that fire, on a real broker and through kill -9."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from orchestrator.definitions.registry import VersionTaken
from schemas import topics
from schemas.codec import Codec
from services.deployment import KafkaDeployments, Outcome
from tests.definition_texts import echo
from tests.kafka.orchestrator_fleet import Fleet
from tests.scripted_participants import Reply, success

ACTIVE_WITHIN_S = 5.0
"""How long orchestrators may take to use a version that was deployed: M91."""
SILENT_S = 5
"""Without a start for so many seconds, a schedule of one a second has ended."""
TOPIC = topics.NOTIFICATION_COMMANDS.name


@pytest.fixture
def fleet(broker: str, tmp_path: Path) -> Iterator[Fleet]:
    """Give a fleet without a process yet."""
    made = Fleet(broker, tmp_path)
    yield made
    made.close()


def steps_of(fleet: Fleet, saga_id: str) -> list[str]:
    return [fields["meta"]["step"] for _, fields in fleet.commands if fields["meta"]["saga_id"] == saga_id]


def test_a_hundred_sagas_in_mid_flight_finish_on_their_version_and_new_ones_get_the_new_one(fleet: Fleet) -> None:
    """Guards M86 and M91 with two orchestrators, one of which is killed between the versions."""
    held: list[Reply] = []
    holding = True

    def hold(name: str, command: dict[str, Any]) -> Reply | None:
        reply = success(name, command)
        if holding:
            held.append(reply)
            return None
        return reply

    fleet.answer = hold
    name = f"echo-{fleet.run}"
    fleet.start("orchestrator-0")
    second = fleet.start("orchestrator-1")
    fleet.pump_until(
        lambda: fleet.owners() == {"orchestrator-0": 2, "orchestrator-1": 2}, "an even share of the partitions"
    )
    assert fleet.deploy(echo("1.0.0", name=name, steps=2, topic=TOPIC))
    old = [fleet.begin_saga(name, number) for number in range(100)]
    fleet.pump_until(lambda: len(held) == 100, "the first command of 100 sagas")

    assert fleet.deploy(echo("2.0.0", name=name, steps=3, topic=TOPIC))
    new = wait_for_version(fleet, name, 2)
    fleet.kill(second)
    fleet.start("orchestrator-1")
    holding = False
    for reply in held:
        fleet.reply(reply)
    fleet.finish([*old, *new])

    for saga_id in old:
        assert fleet.version_of(saga_id) == 1
        assert steps_of(fleet, saga_id) == ["say-0-of-1", "say-1-of-1"]
    assert steps_of(fleet, new[-1]) == ["say-0-of-2", "say-1-of-2", "say-2-of-2"]
    fleet.assert_exactly_once([*old, *new])


def wait_for_version(fleet: Fleet, name: str, version: int) -> list[str]:
    """Start sagas until one gets the version; return those that were started."""
    started: list[str] = []
    deadline = time.monotonic() + ACTIVE_WITHIN_S
    while not started or fleet.version_of(started[-1]) != version:
        assert time.monotonic() < deadline, f"no saga got version {version} within {ACTIVE_WITHIN_S} s"
        if not started or fleet.version_of(started[-1]) is not None:
            started.append(fleet.begin_saga(name, 1_000 + len(started)))
        fleet.pump()
    return started


def test_of_many_deployers_of_one_version_the_first_wins_and_all_others_are_told(broker: str, fleet: Fleet) -> None:
    name = f"race-{fleet.run}"
    texts = [echo(f"1.0.{number}", name=name, topic=TOPIC) for number in (1, 2, 3, 1, 2)]

    def deploy(text: str) -> Outcome | VersionTaken:
        deployments = KafkaDeployments(broker, "test", Codec(), lambda: time.time_ns() // 1_000_000, random.random)
        try:
            return deployments.deploy(text, "test", "race")
        except VersionTaken as error:
            return error

    with ThreadPoolExecutor(len(texts)) as pool:
        outcomes = list(pool.map(deploy, texts))

    deployed = KafkaDeployments(broker, "test", Codec(), lambda: 0, random.random).versions()[name, 1]
    winners = [outcome for outcome in outcomes if isinstance(outcome, Outcome)]
    assert sum(outcome.is_new for outcome in winners) == 1
    assert all(outcome.deployed == deployed for outcome in winners)
    assert len(winners) == sum(f"version: {deployed.semver}\n" in text for text in texts)


def test_a_schedule_fires_once_a_time_though_its_orchestrators_are_killed_again_and_again(fleet: Fleet) -> None:
    """Guards M98: two replicas that take turns in being killed, and a start each second all the while."""
    name = f"tick-{fleet.run}"
    running = {instance: fleet.start(instance) for instance in ("orchestrator-0", "orchestrator-1")}
    assert fleet.deploy(echo(name=name, schedule={"every": {"seconds": 1}}, topic=TOPIC))
    for victim in [*running, *running]:
        target = len(fleet.ended()) + 2
        fleet.pump_until(lambda target=target: len(fleet.ended()) >= target, "two more starts")  # type: ignore[misc]  # bound per round
        fleet.kill(running[victim])
        running[victim] = fleet.start(victim)
    assert fleet.deploy(echo("2.0.0", name=name, topic=TOPIC))
    fleet.pump_until(
        lambda: set(fleet.events) == set(fleet.ended()) and max(ticks(fleet)) + SILENT_S < time.time(),
        "the end of the schedule",
    )

    assert all(saga_id.startswith(f"{name}.") for saga_id in fleet.events)
    times = sorted(ticks(fleet))
    assert times == list(range(times[0], times[0] + len(times)))
    fleet.assert_exactly_once(list(fleet.events))


def ticks(fleet: Fleet) -> list[int]:
    """Return the times of the sagas that started, in seconds since the epoch, as their ids tell them."""
    stamps = [saga_id.rpartition(".")[2] for saga_id in fleet.events]
    return [int(datetime.strptime(stamp, "%Y%m%dT%H%M%S%z").timestamp()) for stamp in stamps]
