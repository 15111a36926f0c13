"""The oracle finds nothing wrong with what an orchestrator wrote while people repaired, skipped and migrated sagas."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from orchestrator.core.events import Json
from schemas import topics
from simulator.vetting.history import TOPICS, Line, decoded, histories
from simulator.vetting.redecide import vet
from tests.orchestrator_world import World, world_with
from tests.pattern_story import document, hold
from tests.published import evidence
from tests.scripted_participants import Reply, failure, success
from verify.proof import prove
from verify.report import Report

SAGA = "sag_a"
_ACT = {"actor": "ann", "reason": "seen"}


def world(directory: Path, *documents: Json) -> World:
    world = world_with(directory, *(json.dumps(one) for one in documents))
    world.start_saga(SAGA, "repaired", {}, version=1)
    return world


def broken(*paths: str, kind: str = "REJECTED") -> Any:
    """Return participants that fail at these steps, and these compensations as `<step>:undo`, for good or not."""

    def answer(name: str, fields: Mapping[str, Any]) -> Reply:
        meta = fields["meta"]
        path = meta["step"] if meta["undoes"] is None else f"{meta['step']}:undo"
        return failure(fields, kind, "no") if path in paths else success(name, fields)

    return answer


def resolve(world: World, action: str, step: str | None = None, participants: Any = success) -> None:
    world.now += 1
    world.send("saga.ResolveSaga", SAGA, action=action, step=step, **_ACT)
    world.run(participants)


def judged(world: World) -> Report:
    report = prove(evidence(world))
    assert report.findings == ()
    assert report.holds
    return report


def test_compensations_that_failed_are_repaired_and_skipped(tmp_path: Path) -> None:
    world_ = world(tmp_path, document("repaired", {"a": hold()}, {"b": hold()}, {"c": hold()}))
    world_.run(broken("c", "a:undo", "b:undo"))
    report = judged(world_)
    assert (report.outcomes, report.manual) == ({"SUSPENDED": 1}, (SAGA,))
    assert len(report.dead_letters) == 2

    resolve(world_, "retry", "b")
    assert judged(world_).outcomes == {"SUSPENDED": 1}
    resolve(world_, "skip")
    report = judged(world_)
    assert (report.outcomes, report.manual, report.by_hand) == ({"REVOKED": 1}, (), (f"{SAGA}: a:undo",))


def test_a_held_step_waits_and_is_tried_again(tmp_path: Path) -> None:
    world_ = world(tmp_path, document("repaired", {"a": hold(error_strategy="dead-letter")}, {"b": hold()}))
    world_.run(broken("a"))
    report = judged(world_)
    assert (report.outcomes, report.manual) == ({"HELD": 1}, (SAGA,))
    resolve(world_, "retry")
    assert judged(world_).outcomes == {"COMPLETED": 1}


@pytest.mark.parametrize("again", ["some/2/a", "nothing"])
def test_what_is_gathered_past_the_pivot_is_run_again_until_there_is_enough(tmp_path: Path, again: str) -> None:
    """The oracle and the replay, which share no code with each other, both take it as it is."""
    gathered = {"fork": {"branches": [{"a": hold()}, {"b": hold()}]}, "gather": {"within": "PT1M", "least": 2}}
    paid = {"paid": hold(pivot=True)}
    world_ = world(tmp_path, document("repaired", paid, {"some": gathered}, {"last": hold()}))
    world_.run(broken("some/0/a"))
    assert judged(world_).outcomes == {"HELD": 1}
    resolve(world_, "retry", participants=broken(again))
    if again != "nothing":
        assert judged(world_).outcomes == {"HELD": 1}
        resolve(world_, "retry")

    assert judged(world_).outcomes == {"COMPLETED": 1}
    vetted = vet(histories(lines_of(world_), world_.registry), world_.registry)
    assert (vetted.sagas, vetted.first) == (1, None)


def lines_of(world: World) -> list[Line]:
    records = [(topic, record) for topic in TOPICS for record in world.records(topic)]
    lines = [decoded(world.codec, topic, (one.key or b"").decode(), one.value) for topic, one in records]
    return [one for one in lines if one is not None]


def test_what_a_person_skipped_is_undone_where_nobody_knows_whether_it_happened(tmp_path: Path) -> None:
    world_ = world(tmp_path, document("repaired", {"a": hold(error_strategy="dead-letter")}, {"b": hold()}))
    world_.run(broken("a", kind="UNKNOWN"))
    resolve(world_, "skip", participants=broken("b"))
    assert judged(world_).outcomes == {"REVOKED": 1}
    events = evidence(world_).log.events[SAGA]
    assert [event.step for event in events if event.undo and event.name == "StepCompleted"] == ["a"]


@pytest.mark.parametrize(("action", "by_hand"), [("retry", ()), ("skip", (f"{SAGA}: t/0/a:undo",))])
def test_a_part_that_cannot_be_undone_past_the_pivot_waits_for_a_person(
    tmp_path: Path, action: str, by_hand: tuple[str, ...]
) -> None:
    tried = {"try": [{"a": hold()}, {"b": hold()}], "catch": {"do": [{"c": hold()}]}}
    world_ = world(tmp_path, document("repaired", {"paid": hold(pivot=True)}, {"t": tried}))
    world_.run(broken("t/0/b", "t/0/a:undo"))
    assert judged(world_).outcomes == {"HELD": 1}
    resolve(world_, action)
    report = judged(world_)
    assert (report.outcomes, report.by_hand) == ({"COMPLETED": 1}, by_hand)


@pytest.mark.parametrize("action", ["retry", "skip"])
def test_a_scope_that_is_late_past_the_pivot_waits_for_a_person(tmp_path: Path, action: str) -> None:
    slow = hold(timeout={"after": {"seconds": 3}})
    race = {"fork": {"compete": True, "branches": [{"a": slow}, {"b": slow}]}, "timeout": {"after": {"seconds": 5}}}
    world_ = world(tmp_path, document("repaired", {"paid": hold(pivot=True)}, {"r": race}, {"last": hold()}))
    world_.run(lambda name, fields: success(name, fields) if fields["meta"]["step"] == "paid" else None)
    world_.later(6_000)
    assert world_.names(SAGA)[-1] == "StepHeld"
    resolve(world_, action)
    world_.later(1_000)
    world_.run()
    assert judged(world_).outcomes == {"COMPLETED": 1}


def test_a_saga_that_waits_goes_over_to_another_version(tmp_path: Path) -> None:
    wait = {"listen": {"to": {"one": {"with": {"type": "go"}}}}, "timeout": {"after": {"hours": 1}}}
    first = document("repaired", {"a": hold()}, {"w": wait})
    second = document(
        "repaired", {"a": hold()}, {"v": wait}, {"b": hold()}, migrations=[{"from": 1, "steps": {"w": "v"}}]
    )
    second["document"]["version"] = "2.0.0"
    world_ = world(tmp_path, first, second)
    world_.run()
    world_.send("saga.MigrateSaga", SAGA, version=2, actor="ann")
    world_.send("saga.Signal", SAGA, name="go", actor="ann", data="{}")
    world_.run()
    assert "SagaMigrated" in world_.names(SAGA)
    assert judged(world_).outcomes == {"COMPLETED": 1}


def test_a_record_that_cannot_be_used_lets_the_saga_stand_still(tmp_path: Path) -> None:
    world_ = world(tmp_path, document("repaired", {"a": hold()}, {"b": hold()}))
    world_.settle()
    world_.put(topics.REPLIES.name, SAGA.encode(), b"no Avro")
    world_.settle()
    world_.run()
    report = judged(world_)
    assert (report.outcomes, report.manual) == ({"HELD": 1}, (SAGA,))
    world_.now += 1
    world_.send("saga.RedriveSaga", SAGA, action="drop", first=None, **_ACT)
    world_.run()
    assert judged(world_).outcomes == {"COMPLETED": 1}


def test_what_a_saga_emits_is_on_the_topic_once(tmp_path: Path) -> None:
    tell = {"emit": {"event": {"with": {"type": "seen", "data": {}}}}}
    world_ = world(tmp_path, document("repaired", {"tell": tell}, {"a": hold()}))
    world_.run()
    assert judged(world_).outcomes == {"COMPLETED": 1}
    honest = evidence(world_)
    (told,) = honest.log.emitted
    for emitted in ((), (told, told), (told, replace(told, event_id="ghost"))):
        found = prove(replace(honest, log=replace(honest.log, emitted=emitted))).findings
        assert [(one.check, one.orders) for one in found] == [("commands", (SAGA,))]
