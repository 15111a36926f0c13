"""Child sagas: started as a step, their end reported to the saga that waits, taken back when that one turns round."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.orchestrator_world import World, world_with
from tests.saga_documents import ACT, document
from tests.scripted_participants import Reply, failure, success

PARENT = document(
    {"before": ACT},
    {"child": {"run": {"workflow": {"namespace": "test", "name": "child", "input": {"n": "${ $workflow.input.n }"}}}}},
    {"after": ACT},
    name="parent",
)
CHILD = document({"work": {**ACT, "output": {"as": {"answer": "${ $workflow.input.n }"}}}}, name="child")
CHILD_ID = "p.child"


@pytest.fixture
def world(tmp_path: Path) -> World:
    world = world_with(tmp_path, yaml.safe_dump(PARENT), yaml.safe_dump(CHILD))
    world.start_saga("p", "parent", {"n": 7})
    return world


def status(world: World, saga_id: str) -> str:
    return str(world.statuses(saga_id)[-1]["status"])


def refusing(step: str) -> Any:
    def answer(name: str, fields: Mapping[str, Any]) -> Reply:
        if fields["meta"]["step"] == step and fields["meta"]["undoes"] is None:
            return failure(fields, "REJECTED", "no")
        return success(name, fields)

    return answer


def sent(world: World, saga_id: str) -> list[str]:
    return [
        fields["type"].removeprefix("other.") + " " + fields["meta"]["step"] for _, fields in world.commands(saga_id)
    ]


def test_a_child_runs_with_its_input_and_its_result_is_the_steps(world: World) -> None:
    world.run()

    assert (status(world, "p"), status(world, CHILD_ID)) == ("COMPLETED", "COMPLETED")
    assert sent(world, "p") == ["Act before", "Act after"]
    results = {fields["step"]: fields["output"] for name, fields in world.events("p") if name == "StepCompleted"}
    assert json.loads(results["child"]) == {"answer": 7}


def test_a_child_that_turns_round_fails_its_step_and_its_parent_undoes_what_came_before(world: World) -> None:
    world.run(refusing("work"))

    assert (status(world, "p"), status(world, CHILD_ID)) == ("TRANSACTION_REVOKED", "TRANSACTION_REVOKED")
    assert sent(world, "p") == ["Act before", "Unact before"]
    assert world.statuses("p")[-1]["reason"] == "no"


def test_a_child_that_completed_is_taken_back_when_its_parent_turns_round(world: World) -> None:
    world.run(refusing("after"))

    assert (status(world, "p"), status(world, CHILD_ID)) == ("TRANSACTION_REVOKED", "TRANSACTION_REVOKED")
    assert sent(world, CHILD_ID) == ["Act work", "Unact work"]
    assert sent(world, "p") == ["Act before", "Act after", "Unact before"]


def test_a_running_child_is_taken_back_when_its_parent_is_cancelled(world: World) -> None:
    world.settle()
    world.answer()
    world.send("saga.CancelSaga", "p", actor="ann", reason="changed my mind")
    world.run()

    assert (status(world, "p"), status(world, CHILD_ID)) == ("TRANSACTION_REVOKED", "TRANSACTION_REVOKED")


def test_a_parent_survives_restarts_of_the_orchestrator_between_all_of_it(world: World) -> None:
    for _ in range(8):
        world.settle()
        world.answer()
        world.restart(keep_stores=False)
    world.run()

    assert (status(world, "p"), status(world, CHILD_ID)) == ("COMPLETED", "COMPLETED")
    assert sent(world, CHILD_ID) == ["Act work"]


def test_a_child_of_a_definition_that_is_not_there_fails_its_step(tmp_path: Path) -> None:
    world = world_with(tmp_path, yaml.safe_dump(PARENT))
    world.start_saga("p", "parent", {"n": 7})
    world.run()

    assert status(world, "p") == "TRANSACTION_REVOKED"
    assert world.statuses("p")[-1]["reason"] == "unknown_definition"
    assert [code for code, _, _ in world.dead_letters()] == ["unknown_definition"]


def test_nobody_waits_for_a_child_that_is_not_awaited(tmp_path: Path) -> None:
    on_its_own = {"run": {"workflow": {"namespace": "test", "name": "child", "input": {"n": 1}}, "await": False}}
    parent = document({"child": on_its_own}, {"after": ACT}, name="parent")
    world = world_with(tmp_path, yaml.safe_dump(parent), yaml.safe_dump(CHILD))
    world.start_saga("p", "parent", {})
    world.run(refusing("after"))

    assert (status(world, "p"), status(world, CHILD_ID)) == ("TRANSACTION_REVOKED", "COMPLETED")


def test_a_try_around_a_child_runs_another_one_where_the_first_fails(tmp_path: Path) -> None:
    run = {"child": {"run": {"workflow": {"namespace": "test", "name": "child", "input": {"n": 1}}}}}
    retry = {"retry": {"limit": {"attempt": {"count": 1}}, "delay": {"seconds": 1}}}
    parent = document({"twice": {"try": [run], "catch": retry}}, name="parent")
    world = world_with(tmp_path, yaml.safe_dump(parent), yaml.safe_dump(CHILD))
    world.start_saga("p", "parent", {})
    world.run(refusing("work"))
    world.later(2_000)
    world.run()

    assert status(world, "p") == "COMPLETED"
    assert (status(world, "p.twice.0.child"), status(world, "p.twice.1.child")) == ("TRANSACTION_REVOKED", "COMPLETED")


def test_an_event_with_a_subject_is_a_signal_to_that_saga(tmp_path: Path) -> None:
    waiting = document({"wait": {"listen": {"to": {"one": {"with": {"type": "go"}}}}}}, name="waiting")
    event = {"type": "go", "subject": "${ $workflow.input.to }", "data": {"n": "${ $workflow.input.n }"}}
    telling = document({"tell": {"emit": {"event": {"with": event}}}}, name="telling")
    world = world_with(tmp_path, yaml.safe_dump(waiting), yaml.safe_dump(telling))
    world.start_saga("w", "waiting", {})
    world.settle()
    world.start_saga("t", "telling", {"to": "w", "n": 3})
    world.run()

    assert (status(world, "w"), status(world, "t")) == ("COMPLETED", "COMPLETED")
    [published] = world.records("saga.emitted")
    assert json.loads(published.value or b"") == {"n": 3}
    assert dict(published.headers)["ce_type"] == b"go"
