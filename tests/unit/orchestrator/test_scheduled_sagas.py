"""Sagas that start by themselves: once per time of their schedule, through restarts, lost disks and new versions."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
import yaml

from orchestrator.definitions.registry import Registry
from schemas import topics
from services.deployment import checked
from tests.definition_texts import echo
from tests.orchestrator_world import World
from tests.scripted_participants import Reply, failure, success

SECOND = 1_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR
DAILY = {"cron": "0 0 * * *"}
HOURLY = {"every": {"hours": 1}}


def world_at(text: str, *documents: str) -> World:
    """Return a world at this time of UTC in which these definitions, and no others, are deployed."""
    world = bare_world()
    world.now = int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) * SECOND
    for document in documents:
        world.deploy(document)
    world.settle()
    return world


def bare_world(*shipped: str) -> World:
    """Return a world with these definitions in the package, and no others."""
    return World(lambda: Registry([checked(text) for text in shipped], {}))


def started(world: World) -> list[str]:
    """Return the ids of the sagas that started, oldest first; the shipped daily-report goes its own way."""
    records = [world.codec.decode(record.value) for record in world.records(topics.EVENTS.name)]
    begun = [message.fields["meta"] for message in records if message.name == "saga.SagaStarted"]
    ours = [meta for meta in begun if meta["definition"] != "daily-report"]
    return [meta["saga_id"] for meta in sorted(ours, key=lambda meta: (meta["at"], meta["saga_id"]))]


def data_of(world: World, saga_id: str) -> dict[str, str | None]:
    found: dict[str, str | None] = json.loads(dict(world.events(saga_id))["SagaStarted"]["data"])
    return found


def test_a_daily_saga_starts_when_the_clock_of_utc_crosses_midnight() -> None:
    world = world_at("2026-11-20T22:00:00", echo(name="report", schedule=DAILY))
    world.later(2 * HOUR - 1)
    assert started(world) == []

    world.later(1)
    assert started(world) == ["report.20261121T000000Z"]
    world.later(DAY - 1)
    world.run()
    assert started(world) == ["report.20261121T000000Z"]
    assert data_of(world, "report.20261121T000000Z") == {
        "scheduled_at": "2026-11-21T00:00:00.000Z",
        "previous_at": "2026-11-20T00:00:00.000Z",
    }
    assert world.statuses("report.20261121T000000Z")[-1]["status"] == "COMPLETED"

    world.later(1)
    assert started(world)[-1] == "report.20261122T000000Z"


@pytest.mark.parametrize("keep_stores", [True, False])
def test_down_over_its_time_it_starts_once_after_the_restart(keep_stores: bool) -> None:
    """Guards M98: a schedule is durable, and fires once."""
    world = world_at("2026-11-20T23:59:00", echo(name="report", schedule=DAILY))
    world.now += 5 * MINUTE
    world.restart(keep_stores=keep_stores)
    world.settle()
    world.restart(keep_stores=keep_stores)
    world.settle()

    assert started(world) == ["report.20261121T000000Z"]


def test_an_abort_while_it_fires_starts_nothing_twice() -> None:
    world = world_at("2026-11-20T23:59:00", echo(name="report", schedule=DAILY))
    world.driver.failing_commits = 3
    world.later(5 * MINUTE)
    world.restart()
    world.settle()

    assert started(world) == ["report.20261121T000000Z"]
    starts = [world.codec.decode(record.value) for record in world.records(topics.INPUTS.name)]
    assert [message.name for message in starts].count("saga.StartSaga") == 1


def test_each_missed_time_starts_its_saga() -> None:
    world = world_at("2026-11-20T12:00:00", echo(schedule=HOURLY))
    world.now += 3 * HOUR + MINUTE
    world.restart()
    world.settle()

    assert started(world) == [f"echo.20261120T{hour}0000Z" for hour in (13, 14, 15)]


def test_of_more_than_a_day_of_missed_hours_the_newest_24_start(caplog: pytest.LogCaptureFixture) -> None:
    world = world_at("2026-11-20T12:00:00", echo(schedule=HOURLY))
    world.now += 30 * HOUR
    world.restart()
    world.settle()

    assert len(started(world)) == 24
    assert started(world)[-1] == "echo.20261121T180000Z"
    assert "schedule of echo: 6 starts are skipped" in caplog.text
    world.later(HOUR)
    assert started(world)[-1] == "echo.20261121T190000Z"


def test_a_definition_of_the_package_is_armed_once_however_often_the_orchestrator_starts() -> None:
    world = bare_world(echo(schedule=HOURLY))
    world.settle()
    for _ in range(3):
        world.now += 10 * MINUTE
        world.restart()
        world.settle()
    world.later(30 * MINUTE)

    assert len(started(world)) == 1


def test_a_new_version_takes_the_schedule_over_and_starts_its_own_steps() -> None:
    world = world_at("2026-11-20T12:30:00", echo("1.0.0", schedule=HOURLY))
    world.deploy(echo("2.0.0", schedule={"every": {"minutes": 10}}))
    world.settle()
    world.later(10 * MINUTE)
    world.run()
    world.later(10 * MINUTE)
    world.run()

    assert started(world) == ["echo.20261120T124000Z", "echo.20261120T125000Z"]
    assert [fields["meta"]["step"] for _, fields in world.commands("echo.20261120T124000Z")] == ["say-0-of-2"]


def test_a_new_version_with_the_same_schedule_keeps_its_times() -> None:
    world = world_at("2026-11-20T12:30:00", echo("1.0.0", schedule=HOURLY))
    world.later(40 * MINUTE)
    world.deploy(echo("2.0.0", schedule=HOURLY))
    world.later(20 * MINUTE)

    assert started(world) == ["echo.20261120T133000Z"]


def test_a_version_without_a_schedule_ends_it_and_an_older_one_does_not_bring_it_back() -> None:
    world = world_at("2026-11-20T12:30:00", echo("2.0.0", schedule=HOURLY))
    world.deploy(echo("3.0.0"))
    world.settle()
    world.deploy(echo("1.0.0", schedule=HOURLY))
    world.later(5 * HOUR)

    assert started(world) == []
    assert world.dead_letters() == []


def test_a_delay_begins_when_the_saga_before_has_ended() -> None:
    world = world_at("2026-11-20T12:00:00", echo(schedule={"after": {"minutes": 10}}))
    world.later(10 * MINUTE)
    assert started(world) == ["echo.20261120T121000Z"]
    world.later(25 * MINUTE)
    assert len(started(world)) == 1

    world.answer()
    world.later(10 * MINUTE - 1)
    assert len(started(world)) == 1
    world.later(1)
    assert started(world) == ["echo.20261120T121000Z", "echo.20261120T124500Z"]
    assert data_of(world, "echo.20261120T121000Z")["previous_at"] is None
    assert data_of(world, "echo.20261120T124500Z")["previous_at"] == "2026-11-20T12:10:00.000Z"


def test_a_delay_outlives_a_restart_while_its_saga_runs_and_while_it_waits() -> None:
    world = world_at("2026-11-20T12:00:00", echo(schedule={"after": {"minutes": 10}}))
    world.later(10 * MINUTE)
    world.restart(keep_stores=False)
    world.settle()
    world.answer()
    world.restart(keep_stores=False)
    world.later(10 * MINUTE)

    assert started(world) == ["echo.20261120T121000Z", "echo.20261120T122000Z"]


def test_a_delay_waits_for_a_saga_that_is_held_for_a_person() -> None:
    document = yaml.safe_load(echo(schedule={"after": {"minutes": 10}}, steps=2))
    document["do"][0]["say-0-of-1"]["compensate"] = {"call": "echo"}
    world = world_at("2026-11-20T12:00:00", yaml.safe_dump(document, sort_keys=False))
    world.later(10 * MINUTE)
    [saga_id] = started(world)

    def refusing(name: str, command: Mapping[str, Any]) -> Reply:
        first = command["meta"]["step"] == "say-0-of-1" and command["meta"]["undoes"] is None
        return success(name, command) if first else failure(command, "REJECTED", "no")

    world.run(refusing)
    assert world.statuses(saga_id)[-1]["status"] == "MANUAL_INTERVENTION"
    world.later(HOUR)
    assert started(world) == [saga_id]

    world.send("saga.ResolveSaga", saga_id, action="skip", step=None, actor="mara", reason="nothing to undo")
    world.run()
    world.later(10 * MINUTE)
    assert len(started(world)) == 2


def test_a_schedule_that_cannot_be_read_is_a_dead_letter() -> None:
    world = bare_world()
    key = "/schedule/echo"
    world.send("saga.ArmSchedule", key, definition="echo", version=1, schedule='{"every": {}}')
    world.send("saga.ArmSchedule", key, definition="echo", version=1, schedule="no json")
    world.send("saga.Signal", key, name="x", actor="x", data="{}")
    world.settle()

    assert [code for code, _, _ in world.dead_letters()] == ["undecodable", "undecodable", "unknown_saga"]
