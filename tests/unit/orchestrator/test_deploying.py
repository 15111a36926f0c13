"""Deploying definitions to a running orchestrator: new sagas get the newest version, running ones keep theirs."""

from __future__ import annotations

import json

import pytest
import yaml

from orchestrator.definitions.registry import Registry, VersionTaken, compiled, load
from schemas import topics
from tests.definition_texts import ECHO_COMMAND, echo
from tests.orchestrator_world import World


def steps_of(world: World, saga_id: str) -> list[str]:
    return [fields["meta"]["step"] for _, fields in world.commands(saga_id)]


def end_of(world: World, saga_id: str) -> str:
    return str(world.statuses(saga_id)[-1]["status"])


def test_a_deployed_definition_runs_without_a_restart() -> None:
    world = World()
    assert world.deploy(echo())
    world.start_saga("sag_a", "echo", {})
    world.run()

    assert end_of(world, "sag_a") == "COMPLETED"
    [(_, command)] = world.commands("sag_a")
    assert command["type"] == ECHO_COMMAND


def test_running_sagas_keep_their_version_and_new_ones_get_the_newest() -> None:
    """Guards M86: 100 sagas in mid-flight on version 1 finish on the steps of version 1."""
    world = World()
    world.deploy(echo("1.0.0", steps=2))
    ids = [f"sag_{number}" for number in range(100)]
    for saga_id in ids:
        world.start_saga(saga_id, "echo", {})
    world.settle()
    world.deploy(echo("2.0.0", steps=3))
    world.feed.follow()
    world.start_saga("sag_new", "echo", {})
    world.start_saga("sag_old", "echo", {}, version=1)
    world.run()

    for saga_id in [*ids, "sag_old"]:
        assert steps_of(world, saga_id) == ["say-0-of-1", "say-1-of-1"]
        assert end_of(world, saga_id) == "COMPLETED"
        assert {fields["meta"]["version"] for _, fields in world.events(saga_id)} == {1}
    assert steps_of(world, "sag_new") == ["say-0-of-2", "say-1-of-2", "say-2-of-2"]
    assert world.dead_letters() == []


def test_a_saga_may_be_started_with_a_version_in_the_moment_after_its_deployment() -> None:
    world = World()
    world.deploy(echo("1.0.0"))
    world.start_saga("sag_a", "echo", {})
    world.run()
    world.deploy(echo("2.0.0"))
    world.start_saga("sag_b", "echo", {}, version=2)
    world.run()

    assert steps_of(world, "sag_b") == ["say-0-of-2"]


def test_running_sagas_go_on_after_a_restart_that_has_to_read_the_topic_again() -> None:
    world = World()
    world.deploy(echo(steps=2))
    world.start_saga("sag_a", "echo", {})
    world.settle()
    world.restart(keep_stores=False)
    world.run()

    assert end_of(world, "sag_a") == "COMPLETED"
    assert world.dead_letters() == []


def test_the_start_of_an_unknown_definition_is_a_dead_letter_only_after_the_topic_was_read_to_its_end() -> None:
    world = World()
    world.start_saga("sag_a", "echo", {})
    world.settle()

    assert [code for code, _, _ in world.dead_letters()] == ["unknown_definition"]


def test_while_the_topic_cannot_be_read_a_start_waits_and_is_not_lost() -> None:
    world = World()
    world.source.unreachable = True
    world.deploy(echo())
    world.start_saga("sag_a", "echo", {})
    for _ in range(5):
        world.runtime.run_once()
    assert world.dead_letters() == []
    assert world.events("sag_a") == []

    world.source.unreachable = False
    world.run()
    assert end_of(world, "sag_a") == "COMPLETED"


def test_a_saga_whose_version_is_nowhere_waits_for_it_and_stops_no_other() -> None:
    world = World(lambda: one_more(echo(steps=2)))
    world.start_saga("sag_a", "echo", {})
    world.settle()
    world.load_registry = lambda: load(None, {})
    world.restart()
    world.start_order("ord_b")
    world.run()

    assert [code for code, _, _ in world.dead_letters()] == ["unknown_definition"]
    assert end_of(world, "ord_b") == "COMPLETED"

    world.deploy(echo(steps=2))
    world.later(30_000)
    world.later(5_000)
    world.run()
    assert end_of(world, "sag_a") == "COMPLETED"


def one_more(text: str) -> Registry:
    """Return the shipped definitions and one that nobody deployed."""
    registry = load(None, {})
    registry.add(compiled(yaml.safe_load(text)))
    return registry


def test_a_deployed_document_that_this_build_cannot_run_is_skipped_and_all_else_goes_on(
    caplog: pytest.LogCaptureFixture,
) -> None:
    world = World()
    world.deploy(echo("1.0.0"))
    newer = {**json.loads(world.records(topics.DEFINITIONS.name)[0].value or b""), "version": 2}
    for value in (b"no json", b"[]", json.dumps(newer).encode()):
        world.put(topics.DEFINITIONS.name, b"echo/2", value)
    world.put(topics.DEFINITIONS.name, b"echo/2", None)
    world.start_saga("sag_a", "echo", {})
    world.run()
    world.restart()
    world.start_saga("sag_b", "echo", {})
    world.run()

    assert end_of(world, "sag_a") == end_of(world, "sag_b") == "COMPLETED"
    assert caplog.text.count("skipped a deployed definition") == 6


def test_versions_are_immutable_and_the_same_document_again_changes_nothing() -> None:
    world = World()
    assert world.deploy(echo("1.0.0"))
    assert not world.deploy(echo("1.0.0"))
    with pytest.raises(VersionTaken, match=r"give this one the version 2\.0\.0"):
        world.deploy(echo("1.0.1"))

    assert len(world.records(topics.DEFINITIONS.name)) == 1


def test_a_shipped_version_is_immutable_too() -> None:
    world = World()
    with pytest.raises(VersionTaken):
        world.deploy(echo(name="order-fulfillment"))


def test_what_was_deployed_before_the_package_brought_that_version_stays_what_sagas_run_on() -> None:
    world = World(lambda: Registry([], {}))
    world.deploy(echo("1.0.0", steps=2))
    world.start_saga("sag_a", "echo", {})
    world.settle()
    world.load_registry = lambda: one_more(echo("1.0.7", steps=3))
    world.restart()
    world.start_saga("sag_b", "echo", {})
    world.run()

    for saga_id in ("sag_a", "sag_b"):
        assert steps_of(world, saga_id) == ["say-0-of-1", "say-1-of-1"]
        assert end_of(world, saga_id) == "COMPLETED"
