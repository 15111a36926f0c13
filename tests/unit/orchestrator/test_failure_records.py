"""Every record of a failure says what failed and why: a documented code, a message, the step, and the causes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from tests.failure_codes import documented
from tests.orchestrator_world import World
from tests.scripted_participants import Reply, failure, success

CAUSES = ["POST /v1/charges: the connection was reset", "[Errno 104] Connection reset by peer"]
KINDS = {
    "payment.CapturePayment": ("REJECTED", "insufficient_funds"),
    "inventory.ReleaseInventory": ("REJECTED", "not_reserved"),
}


def troubled(name: str, command: Mapping[str, Any]) -> Reply:
    """Refuse the payment, and refuse to undo what came before it."""
    if name not in KINDS:
        return success(name, command)
    kind, code = KINDS[name]
    return failure(command, kind, code, causes=CAUSES)


def test_a_failure_has_its_code_message_step_and_causes_wherever_it_is_told() -> None:
    world = World()
    world.start_order()
    world.run(troubled)

    known = {code for codes in documented().values() for code in codes}
    failed = [fields for name, fields in world.events() if name == "StepFailed"]
    assert [(one["step"], one["code"]) for one in failed] == [
        ("capture-payment", "insufficient_funds"),
        ("lock-inventory", "not_reserved"),
    ]
    [(code, _, letter)] = world.dead_letters()
    told = [*failed, json.loads(letter.value or b"")]
    assert code in known
    assert all(one["code"] in known and one["message"] and one["step"] for one in told)
    assert [one["causes"] for one in told] == [CAUSES] * 3


def test_a_step_that_gets_no_answer_has_the_documented_code_too() -> None:
    world = World()
    world.start_order()
    for _ in range(20):
        world.answer(lambda name, command: None if name == "payment.CapturePayment" else success(name, command))
        world.later(1_000)

    failed = [fields for name, fields in world.events() if name == "StepFailed"]
    assert {(one["step"], one["code"]) for one in failed} == {("capture-payment", "timeout")}
    assert all(one["message"] for one in failed)
