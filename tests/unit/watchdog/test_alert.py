"""Which events page a person at once, and that the others are passed over without a look inside."""

from __future__ import annotations

import pytest

from services.watchdog.alert import alert_of, calls_for_one
from tests.contract.gateway.story import BORN_MS, CODEC, Story

_FAILURE = {"step": "pay", "attempt": 2, "kind": "REJECTED", "code": "c", "message": "m", "causes": []}


@pytest.mark.parametrize(
    ("kind", "fields", "pages"),
    [
        ("StepFailed", {**_FAILURE, "undo": True, "final": True}, "sag_a:compensation_failed:1"),
        ("StepFailed", {**_FAILURE, "undo": True, "final": False}, None),
        ("StepFailed", {**_FAILURE, "undo": False, "final": True}, None),
        ("StepHeld", {"step": "pay", "code": "c", "message": "m"}, "sag_a:step_held:1"),
        ("SagaSuspended", {"code": "c", "message": "m", "steps": ["pay"]}, None),
        ("StepCompleted", {"step": "pay", "undo": True, "attempt": 0, "output": "{}", "local": False}, None),
    ],
)
def test_what_fails_for_good_and_waits_for_a_person_is_paged(
    kind: str, fields: dict[str, object], pages: str | None
) -> None:
    (record,) = Story("sag_a").event(kind, **fields).values
    message = CODEC.decode(record)
    alert = alert_of(message.name, message.fields, BORN_MS)
    assert (None if alert is None else alert.alert_id) == pages
    assert record.startswith(calls_for_one()) == (kind in ("StepFailed", "StepHeld"))
