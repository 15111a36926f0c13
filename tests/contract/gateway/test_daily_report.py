"""The report of a day: its counts are those of saga.events, and the gateway shows it once its saga has made it."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from typing import Any

import orjson
import pytest

from services.tasks.day_book import DayBook
from services.tasks.reading import SqlReadModel
from tests.contract.gateway.gate import Gate, gateway
from tests.contract.gateway.story import CODEC, Story, entries, projector

DAY_MS = 86_400_000
MIDNIGHT = 19_676 * DAY_MS
NOON = MIDNIGHT + DAY_MS // 2
MINUTE = 60_000


def _declined(order_id: str, born_ms: int) -> Story:
    story = Story(order_id, born_ms).started().scheduled("lock-inventory")
    story.completed("lock-inventory", '{"warehouse_id": "LDN"}', status="Inventory_Locked")
    story.scheduled("capture-payment")
    failure = {"step": "capture-payment", "undo": False, "message": "", "causes": []}
    story.event("StepFailed", **failure, kind="TRANSIENT", code="provider_trouble", attempt=0, final=False)
    story.scheduled("capture-payment")
    story.event("StepFailed", **failure, kind="REJECTED", code="card_declined", attempt=1, final=True, after_ms=6_000)
    turn = {"code": "card_declined", "message": "", "plan": ["lock-inventory"]}
    story.event("CompensationStarted", **turn, status="COMPENSATING")
    story.scheduled("lock-inventory", undo=True).completed("lock-inventory", undo=True)
    return story.event(
        "SagaRevoked", code="card_declined", message="", lifecycle="cancelled", status="TRANSACTION_REVOKED"
    )


def _locked_for(order_id: str, born_ms: int, locked_ms: int) -> Story:
    story = Story(order_id, born_ms).started().scheduled("lock-inventory")
    story.completed("lock-inventory", '{"warehouse_id": "LDN"}', status="Inventory_Locked")
    story.scheduled("capture-payment").event(
        "StepCompleted", step="capture-payment", undo=False, attempt=0, output="{}", local=False, lifecycle="paid",
        status="RUNNING", after_ms=locked_ms,
    )  # fmt: skip
    return story.event("SagaCompleted", output="{}", status="COMPLETED")


def _approved_after(order_id: str, born_ms: int, waited_ms: int) -> Story:
    story = Story(order_id, born_ms).started().awaiting_approval()
    got = {"step": "approval", "signal": "approve", "actor": "ann", "data": "{}"}
    story.event("SignalReceived", **got, status="RUNNING", after_ms=waited_ms)
    return story.event("SagaCompleted", output="{}", status="COMPLETED")


STORIES = [
    *(Story(f"ord_a{number}", NOON + number).shipped() for number in range(7)),
    *(_declined(f"ord_b{number}", NOON + number) for number in range(3)),
    _locked_for("ord_c", NOON, 6 * MINUTE),
    _approved_after("ord_d", NOON, 300 * MINUTE),
    Story("ord_e", NOON).started(),
    Story("ord_f", MIDNIGHT - 1_000_000).shipped(),
    Story("ord_g", MIDNIGHT + DAY_MS).shipped(),
    _approved_after("ord_h", MIDNIGHT + DAY_MS - MINUTE, 5 * MINUTE),
    _approved_after("ord_i", MIDNIGHT - MINUTE, 5 * MINUTE),
    _declined("ord_j", MIDNIGHT - 3_000),
]


def _events(stories: list[Story]) -> list[tuple[str, dict[str, Any]]]:
    decoded = [CODEC.decode(value) for story in stories for value in story.values]
    return [
        (name.removeprefix("saga."), fields)
        for name, fields in decoded
        if MIDNIGHT <= fields["meta"]["at"] < MIDNIGHT + DAY_MS
    ]


@pytest.fixture
def read_model_url(new_url: Callable[[str], str]) -> str:
    """Give a read model that knows all orders."""
    url = new_url("projector")
    with projector(url) as (projection, _):
        projection.project(entries(*STORIES))
    return url


def _report(url: str) -> dict[str, Any]:
    book = DayBook(MIDNIGHT, MIDNIGHT + DAY_MS)
    SqlReadModel(url).visit(MIDNIGHT, MIDNIGHT + DAY_MS, book.add)
    return book.report()


def test_the_counts_are_those_of_the_events_of_the_day(read_model_url: str) -> None:
    report = _report(read_model_url)
    told = _events(STORIES)
    kinds = Counter(kind for kind, _ in told)
    assert report["orders"]["received"] == kinds["SagaStarted"] == 14
    assert report["outcomes"] == {
        "completed": kinds["SagaCompleted"], "revoked": kinds["SagaRevoked"], "suspended": kinds["SagaSuspended"],
    }  # fmt: skip
    failed = Counter((fields["step"], fields["code"]) for kind, fields in told if kind == "StepFailed")
    assert {
        (step, code): count for step, found in report["failures"].items() for code, count in found["codes"].items()
    } == failed
    assert report["revoked_because"] == {"card_declined": 4}
    assert report["orders"]["unfinished_at_the_end"] == 2


def test_promises_leave_waits_for_people_out_and_long_locks_page_somebody(read_model_url: str) -> None:
    report = _report(read_model_url)
    assert report["sla"]["orders"] == {"target_ms": 60_000, "counted": 14, "in_time": 13, "percent": 92.86}
    assert report["sla"]["payments"] == {"target_ms": 5_000, "counted": 12, "in_time": 7, "percent": 58.33}
    assert report["pages"] == {"inventory_locked_too_long": 1, "manual_intervention": 0}


def test_a_day_without_orders_has_a_report_of_nothing(new_url: Callable[[str], str]) -> None:
    report = _report(new_url("projector"))
    assert report["orders"] == {"received": 0, "unfinished_at_the_end": 0}
    assert report["sla"]["orders"]["percent"] is None


def test_the_gateway_shows_the_newest_report_of_a_day(new_url: Callable[[str], str], read_model_url: str) -> None:
    date = "2023-11-15"
    saga = Story("daily-report.20231116T000000Z", MIDNIGHT + DAY_MS, definition="daily-report")
    saga.event("SagaStarted", data="{}", parameters="{}")
    for received in (1, 2):
        made = {"date": date, "zone": "UTC", **_report(read_model_url), "orders": {"received": received}}
        saga.completed("produce", orjson.dumps(made).decode())
    with projector(read_model_url) as (projection, positions):
        projection.project(entries(saga, first=positions[0]))

    async def scenario(gate: Gate) -> None:
        shown = (await gate.call("GET", f"/v1/reports/daily/{date}")).body
        assert (shown["date"], shown["orders"], shown["zone"]) == (date, {"received": 2}, "UTC")
        assert (shown["saga_id"], shown["outcomes"]["revoked"]) == ("daily-report.20231116T000000Z", 4)
        assert (shown["stale"], shown["age_s"], shown["stale_because"]) == (False, 0.0, None)
        missing = await gate.call("GET", "/v1/reports/daily/2023-11-16")
        assert (missing.status, missing.body["type"]) == (404, "/problems/unknown-report")

    async def whole() -> None:
        async with gateway(new_url("gateway"), read_model_url) as gate:
            await asyncio.wait_for(scenario(gate), 180)

    asyncio.run(whole())
